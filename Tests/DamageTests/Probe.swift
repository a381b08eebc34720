import Foundation
import Testing

/// One line of damage-probe.
struct DamageCase {
  let seed: Int
  let outcome: String
  let milliseconds: Int
  let peakMegabytes: Int

  init?(_ line: Substring) {
    let words = line.split(separator: " ")
    guard words.count == 5, let seed = Int(words[0]), let milliseconds = Int(words[3]),
      let peak = Int(words[4])
    else { return nil }
    (self.seed, outcome) = (seed, String(words[2]))
    (self.milliseconds, peakMegabytes) = (milliseconds, peak)
  }
}

/// Runs damage-probe as a process of its own, so that a trap shows as a failure with its seed.
struct DamageProbe {
  enum Kind: String { case onnx, pack }

  static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The models of ONNX's node tests that pass here, from Debian's libonnx-testdata.
  static let nodeModels: [String] = {
    let list = packageRoot.appending(path: "conformance/node.txt")
    let lines = (try? String(contentsOf: list, encoding: .utf8))?.split(separator: "\n") ?? []
    return lines.map { $0.split(separator: " ") }
      .filter { $0.count == 2 && !$0[0].contains("_expanded") }
      .map { "/usr/share/libonnx-testdata/data/\($0[0])/model.onnx" }
      .filter { FileManager.default.fileExists(atPath: $0) }
  }()

  static let network = packageRoot.appending(path: "models/gtsrb_resnet14.onnx").path

  /// The cases of `count` seeds from `first` on; a process that does not end by itself is an issue.
  static func cases(_ kind: Kind, first: Int, count: Int, models: [String]) throws -> [DamageCase] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "damage-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (output, log) = (folder.appending(path: "output"), folder.appending(path: "log"))
    for file in [output, log] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = probe
    process.arguments = [kind.rawValue, "\(first)", "\(count)"] + models
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: log)
    try process.run()
    process.waitUntilExit()
    if process.terminationStatus != 0 {
      let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
      let seed = lines.last { Int($0) != nil } ?? "?"
      let reason = lines.filter { Int($0) == nil }.prefix(12).joined(separator: "\n")
      Issue.record("status \(process.terminationStatus) at seed \(seed) of \(kind):\n\(reason)")
    }
    return try String(contentsOf: output, encoding: .utf8).split(separator: "\n").compactMap(DamageCase.init)
  }

  /// The probe, which the build put beside the tests.
  private static var probe: URL {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(filePath: bundle).deletingLastPathComponent().appending(path: "damage-probe")
  }
}
