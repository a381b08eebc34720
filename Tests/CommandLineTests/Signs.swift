import Foundation
import Testing

/// The traffic-sign network that lies in the repository, compiled once, and a folder for each test's files.
struct Signs {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  static let model = "\(root)/models/gtsrb_resnet14.onnx"
  static let pictures = "\(root)/models/pictures"
  static let classes = "\(root)/models/gtsrb_classes.txt"
  static let compileOptions = ["--shape", "input=1x3x32x32", "--mean", "127.5", "--scale", "127.5"]

  /// Path of the pack.
  static let pack: Result<String, any Error> = Result {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).espalier").path
    let run = try CommandRun(["compile", model] + compileOptions + ["-o", path])
    guard run.status == 0 else { throw CompileFailed(errors: run.errors) }
    atexit { if case .success(let path) = Signs.pack { unlink(path) } }
    return path
  }

  struct CompileFailed: Error { let errors: String }
}

/// A folder that goes when the body is done.
func withFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}

extension CommandRun {
  /// The JSON object on the last line of standard output.
  func json() throws -> [String: Any] {
    let line = try #require(output.split(separator: "\n").last, "nothing on standard output; \(errors)")
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
    return try #require(object as? [String: Any])
  }
}
