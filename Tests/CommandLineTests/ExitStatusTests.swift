import Foundation
import Testing

/// The command as a script sees it.
struct CommandRun {
  let status: Int32
  let output: String
  let errors: String

  /// The command line as it is started, not yet running.
  static func process(_ arguments: [String]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("espalier")
    process.arguments = arguments
    return process
  }

  init(_ arguments: [String]) throws {
    let process = Self.process(arguments)
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    self.output = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    self.errors = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    status = process.terminationStatus
  }
}

@Suite("Exit status") struct ExitStatusTests {
  @Test(arguments: [
    [], ["--help"], ["--version"], ["help", "bench"], ["operators"], ["operators", "--json"],
  ])
  func `0 when the command did what it was told`(arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 0)
    #expect(run.errors == "")
    #expect(!run.output.isEmpty)
  }

  @Test(arguments: [
    ["inspect", "/no/such/file"], ["compile", "no/such.onnx", "-o", "no/such.espalier"],
    ["run", "/no/such.espalier", "--input", "x.npy"], ["bench", "/no/such.espalier"],
    ["compare", "/no/such.onnx", "/no/such.espalier"], ["inspect", "/dev/null"], ["bench", "/dev/null"],
  ])
  func `1 when a file is at fault, with one sentence`(arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 1)
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("espalier: "))
    #expect(run.errors.split(separator: "\n").count == 1)
  }

  @Test(arguments: [
    ["frobnicate"], ["compile"], ["compile", "a.onnx"], ["run", "a.espalier"], ["bench"],
    ["bench", "a", "--threads", "0"], ["bench", "a", "--iterations", "many"], ["bench", "a", "--what"],
    ["bench", "a", "--slo", "25ms"], ["bench", "a", "--warmup", "-1"], ["operators", "extra"],
    ["compare", "a.onnx"], ["inspect"], ["run", "a", "--input", "x.npy", "--top", "0"],
    ["run", "a", "--input", "x.npy", "--output", "y.txt"],
    ["compile", "a", "-o", "b", "--shape", "x"], ["compile", "a", "-o", "b", "--precision", "fp8"],
    ["compile", "a", "-o", "b", "--mean", "1,2"], ["compile", "a", "-o", "b", "--scale", "0"],
  ])
  func `2 when the command line is wrong`(arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 2)
    #expect(run.output == "")
    #expect(run.errors.contains("Error: "))
  }

  @Test(arguments: [
    (["compile", "a", "-o", "b", "--precision", "int8"], "--precision int8 needs frames"),
    (["compile", "a", "-o", "b", "--keep-float", "n"], "--keep-float goes with --calibrate"),
    (["compile", "a", "-o", "b", "--max-noise", "0.1"], "--max-noise goes with --calibrate"),
    (
      ["compile", "a", "-o", "b", "--calibrate", "c", "--precision", "int8", "--max-noise", "0.1"],
      "--max-noise goes with --precision auto"
    ),
    (["compile", "a", "-o", "b", "--jobs", "0"], "--jobs is at least 1"),
    (["compile", "a", "-o", "b", "--clusters", "1"], "--clusters are 2 to 256"),
    (
      ["compile", "a", "-o", "b", "--clusters", "9", "--calibrate", "c"],
      "--clusters goes with --precision fp32"
    ),
    (
      ["compile", "a", "-o", "b", "--precision", "fp32", "--calibrate", "c"], "--calibrate has nothing to do"
    ),
    (["quantize", "a", "-o", "b"], "quantize needs frames"),
    (["compile", "a", "-o", "b", "--prune", "0.5", "--budget", "8ms"], "--prune, --budget"),
  ])
  func `2 for options whose time has not come or that lack others, by name`(arguments: [String], name: String)
    throws
  {
    let run = try CommandRun(arguments)
    #expect(run.status == 2)
    #expect(run.errors.contains("Error: \(name)"))
  }

  @Test func `the operators in JSON are one line that parses`() throws {
    let run = try CommandRun(["operators", "--json"])
    let line = try #require(run.output.split(separator: "\n").last)
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: [[String: Any]]]
    let names = try #require(object?["operators"]).compactMap { $0["name"] as? String }
    #expect(names.contains("Relu"))
  }
}
