import EspalierMedia
import EspalierRuntime
import Foundation
import Testing

/// Networks that others trained, on real pictures. Needs ../shared/assets and what tools/golden makes.
@Suite(
  "Real networks",
  .enabled(if: !Place.goldenModels.isEmpty, "tools/golden makes the outputs to compare with"))
struct RealNetworkTests {
  /// Both compute in float32 in another order of sums; 1e-3 of the greatest output is the project's bar.
  @Test(arguments: Place.goldenModels)
  func `agree with ONNX Runtime on real pictures`(name: String) throws {
    let golden = try Golden(Place.goldens.appendingPathComponent("\(name).npz").path)
    let input = try #require(golden.input)
    let model = try WholePath.model(
      Place.assets.appendingPathComponent("models/\(name).onnx").path, shapes: [input.name: golden.frameShape]
    )
    var session = try Session(model, threads: 2)
    let count = input.array.shape[0]
    for frame in 0..<count {
      let outputs = try session.run([Golden.frame(frame, of: count, input.array)])
      for (port, output) in zip(model.outputs, outputs) {
        let expected = try #require(golden["output:\(port.name)"])
        let difference = Difference(output, Golden.frame(frame, of: count, expected))
        #expect(difference.cosine >= 0.99999, "\(port.name), frame \(frame)")
        #expect(difference.relativeError <= 1e-3, "\(port.name), frame \(frame)")
      }
    }
  }

  /// The first pictures of a labelled set; `tools/accuracy` judges all of it.
  @Test(
    arguments: [
      ("gtsrb_resnet14", "gtsrb/test_32x32.bin", [127.5], [127.5]),
      (
        "cifar_resnet20", "cifar10/test.bin", [0.485, 0.456, 0.406].map { Float($0) * 255 },
        [0.229, 0.224, 0.225].map { Float($0) * 255 }
      ),
    ] as [(String, String, [Float], [Float])])
  func `see in every picture what ONNX Runtime sees`(
    name: String, data: String, mean: [Float], scale: [Float]
  ) throws {
    let golden = try Golden(Place.goldens.appendingPathComponent("\(name).npz").path)
    let expected = try #require(golden["top1"]).elements.map { Int($0) }
    let records = try Files.read(Place.assets.appendingPathComponent("data/\(data)").path)
    let model = try WholePath.model(
      Place.assets.appendingPathComponent("models/\(name).onnx").path, shapes: ["input": [1, 3, 32, 32]])
    var session = try Session(model)
    for (index, number) in expected.enumerated() {
      // A record is a label and 32x32 pixels, channel by channel.
      let planes = records[(index * 3073 + 1)..<((index + 1) * 3073)]
      let frame = planes.enumerated().map { position, value in
        let channel = min(position / 1024, mean.count - 1)
        return (Float(value) - mean[channel]) / scale[channel]
      }
      #expect(try session.run([frame])[0].greatestIndex == number, "picture \(index)")
    }
  }
}
