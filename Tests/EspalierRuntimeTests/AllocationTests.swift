import Foundation
import Testing

@Suite("Memory of a session", .serialized) struct AllocationTests {
  /// The demo model, and networks of other kinds of calls where the assets hold them.
  static let models: [[String]] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let assets =
      ProcessInfo.processInfo.environment["ESPALIER_ASSETS"].map { URL(fileURLWithPath: $0) }
      ?? root.appendingPathComponent("../shared/assets")
    let all = [
      [root.appendingPathComponent("models/gtsrb_resnet14.onnx").path, "input=1x3x32x32"],
      [assets.appendingPathComponent("models/ppocr_cls_dynamic.onnx").path, "x=1x3x48x192"],
      [assets.appendingPathComponent("models/fastestdet_352.onnx").path],
    ]
    return all.filter { FileManager.default.fileExists(atPath: $0[0]) }
  }()

  @Test(arguments: [1, 2, 3])
  func `is all there before the first frame`(threads: Int) throws {
    expectNoAllocation(try probe(["frames", "\(threads)"]))
  }

  @Test(arguments: [1, 2])
  func `is all there before the first watched frame, and before its metrics`(threads: Int) throws {
    expectNoAllocation(try probe(["watched", "\(threads)"]))
  }

  @Test(arguments: [1, 2])
  func `is all there before the first picture, and before one of another size`(threads: Int) throws {
    expectNoAllocation(try probe(["pictures", "\(threads)"]))
  }

  @Test(arguments: [1, 2])
  func `is all there before the first frame whose results are read`(threads: Int) throws {
    expectNoAllocation(try probe(["results", "\(threads)"]))
  }

  @Test(arguments: models, [1, 2])
  func `is all there before the first frame of a real network`(model: [String], threads: Int) throws {
    expectNoAllocation(try probe(["frames", "\(threads)"] + model))
  }

  @Test(arguments: models, [1, 2])
  func `is all there before the first frame with a deadline and a mailbox`(model: [String], threads: Int)
    throws
  {
    expectNoAllocation(try probe(["deadlines", "\(threads)"] + model))
  }

  /// A filter of seccomp ends a process that calls the system; frames with deadlines, and mailboxes, too.
  @Test(arguments: models)
  func `and nothing else is asked of the system during a frame`(model: [String]) throws {
    let answer = try probe(["system"] + model)
    #expect(answer == ["none"] || answer == ["unsupported"])
  }

  private static let tracer = "/usr/bin/strace"
  private static let hasTracer = FileManager.default.isExecutableFile(atPath: tracer)

  /// The calling thread wakes its workers at most once a frame, and tells the system where they may run when it has
  /// moved to another core itself. Where threads have no core of their own it also lets others run, which a traced
  /// process needs often.
  @Test(.enabled(if: hasTracer, "needs strace"), arguments: [1, 2])
  func `and one wake of the workers is all that a tracer sees in a frame`(threads: Int) throws {
    let log = FileManager.default.temporaryDirectory.appendingPathComponent("trace-\(UUID()).txt")
    defer { try? FileManager.default.removeItem(at: log) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.tracer)
    process.arguments = ["-f", "-o", log.path, probePath.path, "traced", "\(threads)"] + Self.models[0]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
      // Containers may forbid tracing.
      #expect(!text.contains("begin"), "the probe must not fail while it is traced")
      return
    }
    let calls = try SystemCalls(log: String(contentsOf: log, encoding: .utf8))
    #expect(calls.calling["futex", default: 0] <= (threads == 1 ? 0 : 200))
    #expect(threads == 1 || calls.calling["futex", default: 0] > 0, "workers that slept were woken")
    let waiting: Set = threads == 1 ? [] : ["futex", "sched_yield", "clock_nanosleep", "nanosleep"]
    let calling = waiting.union(threads == 1 ? [] : ["sched_setaffinity"])
    #expect(Set(calls.calling.keys).subtracting(calling).isEmpty, "\(calls.calling)")
    #expect(Set(calls.others.keys).subtracting(waiting).isEmpty, "\(calls.others)")
  }

  /// A leak of one thread's stack or of one arena would show as more than a megabyte.
  @Test(arguments: [1, 2])
  func `is given back when the session ends`(threads: Int) throws {
    let kilobytes = try probe(["sessions", "\(threads)"]).compactMap { Int($0) }
    try #require(kilobytes.count == 2)
    #expect(kilobytes[0] < 1024)
    #expect(kilobytes[1] > 1024, "the probe must see its own memory")
  }

  private func expectNoAllocation(_ words: [String]) {
    #expect(words.count == 4)
    guard words.count == 4 else { return }
    #expect(words[0] == "0", "allocations during 100 frames")
    #expect(words[1] == "0", "releases during 100 frames")
    #expect(Int(words[2]) ?? 0 > 0, "the counter must notice an array")
    #expect(words[3] == "true", "the frames must have computed something")
  }

  /// Runs the probe, which the build put beside the tests.
  private func probe(_ arguments: [String]) throws -> [String] {
    let process = Process()
    process.executableURL = probePath
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(bytes: output, encoding: .utf8)?.split(whereSeparator: \.isWhitespace).map(String.init)
      ?? []
  }

  private var probePath: URL {
    let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    let folder = tests.pathExtension == "xctest" ? tests.deletingLastPathComponent() : buildFolder
    return folder.appendingPathComponent("allocation-probe")
  }

  /// Where the bundle lies whose tests run, when another program runs them.
  private var buildFolder: URL {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: bundle).deletingLastPathComponent()
  }
}
