import Foundation

/// One line of `conformance/node.txt`.
struct ConformanceEntry: Sendable, CustomStringConvertible {
  enum Verdict: Equatable, Sendable {
    /// Passes through import, lowering, packed file and kernels.
    case runtime
    /// Passes through import and the reference interpreter.
    case reference
    case skip(reason: String)
  }

  /// Group and test: `node/test_abs`.
  let name: String
  let verdict: Verdict

  var description: String { name }
}

/// The list of ONNX tests, and where their files are.
enum ConformanceList {
  static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Debian's tests, and those of an onnx wheel: `ESPALIER_ONNX_TESTS`, or where tools/fetch-onnx-tests puts
  /// them. Only folders that exist.
  static let sources: [URL] = {
    let fetched =
      ProcessInfo.processInfo.environment["ESPALIER_ONNX_TESTS"].map { URL(filePath: $0) }
      ?? packageRoot.appending(path: ".cache/onnx-tests/data")
    return [URL(filePath: "/usr/share/libonnx-testdata/data"), fetched].filter {
      FileManager.default.fileExists(atPath: $0.appending(path: "node").path)
    }
  }()

  static let entries: [ConformanceEntry] = {
    let file = packageRoot.appending(path: "conformance/node.txt")
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
    return text.split(separator: "\n").compactMap { entry(String($0)) }
  }()

  /// Nil for a line that is none; `checkEveryLine` finds those.
  static func entry(_ line: String) -> ConformanceEntry? {
    let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
    guard parts.count >= 2 else { return nil }
    switch (parts[1], parts.count) {
    case ("runtime", 2): return ConformanceEntry(name: parts[0], verdict: .runtime)
    case ("reference", 2): return ConformanceEntry(name: parts[0], verdict: .reference)
    case ("skip", 3): return ConformanceEntry(name: parts[0], verdict: .skip(reason: parts[2]))
    default: return nil
    }
  }

  /// Folders of a test in all sources that have it.
  static func folders(of name: String) -> [URL] {
    sources.map { $0.appending(path: name) }.filter {
      FileManager.default.fileExists(atPath: $0.appending(path: "model.onnx").path)
    }
  }
}
