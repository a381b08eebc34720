import EspalierPlan
import EspalierRuntime
import Foundation
import Testing

@testable import espalier

/// `compile --input`, and packs that say how pictures become their input.
@Suite("Pictures on the command line") struct PictureArgumentTests {
  @Test func `are described in any order`() throws {
    let whole = try #require(
      PictureArgument(argument: "images=bgr:mean=1,2,3:letterbox-top-left:scale=4:fill=99"))
    #expect(whole.name == "images")
    let input = whole.input(channels: 3)
    #expect(
      input
        == PictureInput(
          channels: .bgr, fit: .letterboxTopLeft, mean: SIMD3(1, 2, 3), scale: SIMD3(4, 4, 4), fill: 99))
    #expect(PictureArgument(argument: input.text)?.input(channels: 3) == input)
    let short = try #require(PictureArgument(argument: "mean=7"))
    #expect(short.name == nil && short.input(channels: 1).channels == .gray)
    #expect(short.input(channels: 3) == PictureInput(mean: SIMD3(7, 7, 7)))
    #expect(PictureArgument(argument: "crop=0.875")?.input(channels: 3).cropShare == 0.875)
    let crop = PictureInput(channels: .gray, fit: .crop, cropShare: 0.5)
    #expect(PictureArgument(argument: crop.text)?.input(channels: 1) == crop)
  }

  @Test(arguments: [
    "", "rbg", "rgb:", "rgb:scale=0", "rgb:mean=1,2", "rgb:mean=x", "rgb:fill=256", "rgb:crop=0",
    "rgb:crop=2",
    "rgb:size=3", "a=b=rgb",
  ])
  func `are refused where they mean nothing`(argument: String) {
    #expect(PictureArgument(argument: argument) == nil)
  }

  @Test func `are for the inputs that are named`() throws {
    let options = try PictureOptions.parse([])
    let ports = [Plan.Port(name: "a", shape: [1, 3, 8, 8]), Plan.Port(name: "b", shape: [1, 1, 8, 8])]
    func declared(_ arguments: String...) throws -> [PictureInput?] {
      try options.declarations(for: ports, arguments.compactMap { PictureArgument(argument: $0) })
    }
    #expect(try declared() == [])
    #expect(try declared("b=letterbox") == [nil, PictureInput(channels: .gray, fit: .letterbox)])
    #expect(throws: UsageError.self) { try declared("letterbox") }
    #expect(throws: UsageError.self) { try declared("c=letterbox") }
    #expect(throws: UsageError.self) { try declared("b=rgb") }
    let given = try PictureOptions.parse(["--mean", "5", "--layout", "bgr"])
    #expect(
      try given.declarations(for: ports, []) == [
        PictureInput(channels: .bgr, mean: SIMD3(5, 5, 5)),
        PictureInput(channels: .gray, mean: SIMD3(5, 5, 5)),
      ])
  }

  /// The demo model, compiled with a declaration, run on a picture of its own.
  @Test func `go through a pack as it says, and as the runtime takes them`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let pack = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).espalier").path
    defer { try? FileManager.default.removeItem(atPath: pack) }
    let spec = "bgr:letterbox:mean=120:scale=60:fill=90"
    try Compile.parse([
      root.appendingPathComponent("models/gtsrb_resnet14.onnx").path, "--shape", "input=1x3x32x32", "--input",
      spec,
      "-o", pack,
    ]).run()
    let model = try Model(path: pack)
    let declared = try #require(model.pictureInputs[0])
    #expect(declared.text == "bgr:letterbox:mean=120.0:scale=60.0:fill=90.0")
    let inspection = try PackInspection(path: pack)
    #expect(inspection.pictures.map(\.text) == [declared.text])
    let pixels = (0..<50 * 40 * 3).map { UInt8(truncatingIfNeeded: $0 * 13 + $0 / 150 * 7) }
    let reader = try PictureOptions.parse([]).reader(for: model)
    let shape = try #require(PictureShape([1, 3, 32, 32]))
    var session = try Session(model)
    try pixels.withUnsafeBytes { bytes in
      let picture = Picture(
        format: .rgb8, width: 50, height: 40, pixels: bytes.baseAddress, stride: 150)
      let tensor = try declared.tensor(of: picture, shape: shape)
      #expect(reader.pictures == [declared])
      #expect(tensor[0] == Float(-0.5), "the border above the picture")
      let expected = try session.run([tensor])[0]
      try session.run(picture: picture, outputs: UnsafeBufferPointer(start: nil, count: 0))
      let kept = session.keptOutput(0)
      #expect(kept.map { Array($0) } == expected)
    }
  }
}
