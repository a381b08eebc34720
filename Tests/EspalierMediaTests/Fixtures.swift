import EspalierMedia
import Foundation

/// Files that tools/fixtures/media.py made with NumPy, OpenCV and Pillow.
enum Fixture {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)")
      .path
  }

  static func bytes(_ name: String) throws -> [UInt8] { try Files.read(path(name)) }

  static func array(_ name: String) throws -> FloatArray {
    try NumPyFile.decode(try bytes(name), path: name)
  }

  /// A folder that is removed when `body` returns.
  static func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }
}

/// A linear congruential generator (Knuth's MMIX constants): the same damage on every run.
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 31)
  }
}
