import EspalierMedia
import EspalierRuntime
import Foundation
import Testing

/// Which kernels compute frames.
enum Setting: CustomTestStringConvertible {
  /// The best kernels of this processor.
  case best
  /// The kernels of AVX2 processors, where this one has more.
  case avx2
  /// The portable kernels that other processors run.
  case scalar

  var limit: InstructionSet {
    switch self {
    case .best: .best
    case .avx2: .avx2
    case .scalar: .scalar
    }
  }

  var testDescription: String { limit.name }

  /// Those of SIMD that this processor has.
  static var available: [Setting] { InstructionSet.best == .avx512 ? [.best, .avx2] : [.best] }
}

/// Networks that others trained, on real pictures.
@Suite(
  "Real networks",
  .enabled(
    if: !Place.goldenCases.isEmpty,
    "needs the models in ../shared/assets (or ESPALIER_ASSETS) and the outputs that tools/golden makes"))
struct RealNetworkTests {
  @Test func `are all among those with golden outputs`() {
    #expect(Set(Place.models).subtracting(Place.goldenCases).isEmpty)
  }

  @Test(arguments: Place.goldenCases, Setting.available)
  func `agree with ONNX Runtime on real pictures`(name: String, setting: Setting) throws {
    try expectAgreement(name, setting)
  }

  /// The small ones: portable kernels are slow.
  @Test(arguments: ["gtsrb_resnet14", "cifar_resnet20_bn", "ppocr_cls_dynamic", "fastestdet_352"])
  func `agree with ONNX Runtime through the portable kernels`(name: String) throws {
    try expectAgreement(name, .scalar)
  }

  @Test(arguments: [
    "gtsrb_resnet14", "gtsrb_resnet14_bn", "cifar_resnet20", "cifar_resnet20_bn", "ppocr_cls_dynamic",
    "ppocrv4_det_dynamic@384x608",
  ])
  func `of open batch see many frames at once as they see each alone`(name: String) throws {
    let golden = try Golden(case: name)
    let model = try WholePath.model(name, for: golden, batch: golden.frames.count)
    var session = try Session(model)
    for (port, output) in zip(model.outputs, try session.run([Array(golden.frames.joined())])) {
      let expected = try #require(golden.outputs(port.name))
      #expect(port.shape[0] == golden.frames.count)
      let size = output.count / golden.frames.count
      for (frame, reference) in expected.enumerated() {
        let ours = Array(output[(frame * size)..<((frame + 1) * size)])
        expect(ours, agreesWith: reference, "\(port.name), frame \(frame)")
      }
    }
  }

  @Test(arguments: Place.goldenCases)
  func `give the same bits on two threads as on one`(name: String) throws {
    let golden = try Golden(case: name)
    let model = try WholePath.model(name, for: golden)
    var one = try Session(model, threads: 1)
    var two = try Session(model, threads: 2)
    for frame in golden.frames {
      let expected = try one.run([frame]).map { $0.map(\.bitPattern) }
      #expect(try two.run([frame]).map { $0.map(\.bitPattern) } == expected)
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
    let golden = try Golden(case: name)
    let expected = try #require(golden["top1"]).elements.map { Int($0) }
    let records = try Files.read(Place.assets.appendingPathComponent("data/\(data)").path)
    var session = try Session(try WholePath.model(name, for: golden))
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

  private func expectAgreement(_ name: String, _ setting: Setting) throws {
    let golden = try Golden(case: name)
    let model = try WholePath.model(name, for: golden)
    var session = try Session(model, limit: setting.limit)
    #expect(Set(model.outputs.map(\.name)) == golden.outputNames)
    #expect(golden.frames.count >= 3)
    for (index, frame) in golden.frames.enumerated() {
      for (port, output) in zip(model.outputs, try session.run([frame])) {
        let expected = try #require(golden.outputs(port.name))
        expect(output, agreesWith: expected[index], "\(port.name), frame \(index)")
      }
    }
  }

  /// Both compute in float32 in another order of sums; 1e-3 of the greatest output is the project's bar.
  private func expect(_ output: [Float], agreesWith reference: [Float], _ place: String) {
    let difference = Difference(output, reference)
    #expect(difference.cosine >= 0.99999, "\(place)")
    #expect(difference.relativeError <= 1e-3, "\(place)")
  }
}
