import EspalierMedia
import EspalierRuntime
import Foundation
import Testing

@Suite("The traffic-sign model in models/") struct OwnModelTests {
  let folder = Place.root.appendingPathComponent("models")

  func pictures() throws -> [String] {
    try Files.list(folder.appendingPathComponent("pictures").path, accepts: Picture.isPictureName)
  }

  func model() throws -> Model {
    let path = folder.appendingPathComponent("gtsrb_resnet14.onnx").path
    return try WholePath.model(path, shapes: ["input": [1, 3, 32, 32]])
  }

  @Test func `computes ONNX Runtime's logits from the pictures`() throws {
    let golden = try Golden(folder.appendingPathComponent("gtsrb_resnet14.golden.npz").path)
    let logits = try #require(golden["logits"])
    let paths = try pictures()
    #expect(logits.shape == [paths.count, 43])
    var session = try Session(try model())
    let preprocessing = Preprocessing(mean: [127.5], scale: [127.5])
    for (index, path) in paths.enumerated() {
      let frame = preprocessing.frame(of: try Picture(contentsOf: path), width: 32, height: 32)
      let output = try session.run([frame.elements])[0]
      let difference = Difference(output, Golden.frames(of: logits)[index])
      #expect(difference.cosine >= 0.99999, "\(path)")
      #expect(difference.relativeError <= 1e-3, "\(path)")
    }
  }

  /// File name to class, as tools/make_pictures.py drew them.
  @Test(arguments: [
    ("limit-30", 1), ("limit-70", 4), ("limit-80", 5), ("limit-100", 7), ("priority-road", 12),
    ("give-way", 13), ("stop", 14), ("closed", 15), ("no-entry", 17), ("danger", 18), ("turn-right", 33),
    ("straight-on", 35), ("pass-right", 38),
  ])
  func `sees the sign that was drawn`(name: String, number: Int) throws {
    let picture = try Picture(contentsOf: folder.appendingPathComponent("pictures/\(name).png").path)
    let frame = Preprocessing(mean: [127.5], scale: [127.5]).frame(of: picture, width: 32, height: 32)
    var session = try Session(try model())
    #expect(try session.run([frame.elements])[0].greatestIndex == number)
  }

  @Test func `gives the same bits on one thread and on two`() throws {
    let frame = (0..<3072).map { Float($0 % 255) / 127.5 - 1 }
    let model = try model()
    var one = try Session(model, threads: 1)
    var two = try Session(model, threads: 2)
    let expected = try one.run([frame])[0].map(\.bitPattern)
    for _ in 0..<20 { #expect(try two.run([frame])[0].map(\.bitPattern) == expected) }
  }

  @Test func `every file has the checksum that the manifest gives`() throws {
    let manifest = try String(contentsOf: folder.appendingPathComponent("MANIFEST.md"), encoding: .utf8)
    let lines = manifest.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }.filter {
      $0.count == 2 && $0[0].count == 64
    }
    #expect(lines.count == (try pictures().count) + 7)
    for line in lines {
      let bytes = try Files.read(folder.appendingPathComponent(line[1]).path)
      #expect(SHA256.hexDigest(of: bytes) == line[0], "\(line[1])")
    }
  }
}
