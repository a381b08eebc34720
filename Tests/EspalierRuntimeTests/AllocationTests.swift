import Foundation
import Testing

@Suite("Memory of a session", .serialized) struct AllocationTests {
  @Test(arguments: [1, 2, 3])
  func `is all there before the first frame`(threads: Int) throws {
    let words = try probe("frames", threads)
    #expect(words.count == 4)
    #expect(words[0] == "0", "allocations during 100 frames")
    #expect(words[1] == "0", "releases during 100 frames")
    #expect(Int(words[2]) ?? 0 > 0, "the counter must notice an array")
    #expect(words[3] == "true", "the frames must have computed something")
  }

  /// A leak of one thread's stack or of one arena would show as more than a megabyte.
  @Test(arguments: [1, 2])
  func `is given back when the session ends`(threads: Int) throws {
    let kilobytes = try probe("sessions", threads).compactMap { Int($0) }
    try #require(kilobytes.count == 2)
    #expect(kilobytes[0] < 1024)
    #expect(kilobytes[1] > 1024, "the probe must see its own memory")
  }

  /// Runs the probe, which the build put beside the tests.
  private func probe(_ mode: String, _ threads: Int) throws -> [String] {
    let process = Process()
    let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    let folder = tests.pathExtension == "xctest" ? tests.deletingLastPathComponent() : buildFolder
    process.executableURL = folder.appendingPathComponent("allocation-probe")
    process.arguments = [mode, "\(threads)"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(bytes: output, encoding: .utf8)?.split(whereSeparator: \.isWhitespace).map(String.init)
      ?? []
  }

  /// Where the bundle lies whose tests run, when another program runs them.
  private var buildFolder: URL {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: bundle).deletingLastPathComponent()
  }
}
