import EspalierGraph
import EspalierImport
import EspalierKernels
import EspalierMedia
import EspalierOperators
import EspalierPasses
import EspalierPlan
import EspalierRuntime
import Foundation
import Testing

/// ONNX Runtime's quantizer made the models, as the manifest says: `qdq` has int8 activations, `qoperator` uint8.
@Suite("The quantized traffic-sign models in models/") struct QuantizedModelTests {
  private let folder = Place.root.appendingPathComponent("models")

  private func path(_ form: String) -> String {
    folder.appendingPathComponent("gtsrb_resnet14_\(form).onnx").path
  }

  /// Both quantize after every layer, and round a sum that lies next to the middle of two elements either way: a
  /// step in the first layers is one or two in the last.
  @Test(arguments: ["qdq", "qoperator"])
  func `give ONNX Runtime's classes and, within two steps, its logits`(form: String) throws {
    let golden = try Golden(folder.appendingPathComponent("gtsrb_resnet14_\(form).golden.npz").path)
    let logits = try #require(golden["logits"])
    let step = try #require(golden["step"]?.elements.first)
    var session = try Session(try WholePath.model(path(form), shapes: ["input": [1, 3, 32, 32]]))
    let pictures = try Files.list(
      folder.appendingPathComponent("pictures").path, accepts: Picture.isPictureName)
    #expect(logits.shape == [pictures.count, 43])
    let preprocessing = Preprocessing(mean: [127.5], scale: [127.5])
    for (picture, expected) in zip(pictures, Golden.frames(of: logits)) {
      let frame = preprocessing.frame(of: try Picture(contentsOf: picture), width: 32, height: 32)
      let output = try session.run([frame.elements])[0]
      let difference = zip(output, expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(difference <= 2.01 * step, "\(picture)")
      #expect(output.greatestIndex == expected.greatestIndex, "\(picture)")
    }
  }

  @Test(arguments: ["qdq", "qoperator"])
  func `compute in 8 bits from the first convolution to the logits`(form: String) throws {
    var graph = try Importer.graph(
      contentsOf: path(form), options: Importer.Options(shapes: ["input": [1, 3, 32, 32]]))
    try Pipeline.simplify(&graph)
    #expect(graph.nodes.filter { $0.op is QuantizedConv }.count == 16)
    #expect(graph.nodes.filter { $0.op is QuantizeLinear }.count == 1)
    #expect(graph.nodes.filter { $0.op is DequantizeLinear }.count == 1)
    for node in graph.nodes where !(node.op is QuantizeLinear) {
      let element = graph.type(of: node.inputs[0]).element
      #expect(element == (form == "qdq" ? .int8 : .uint8), "\(node.name)")
    }
  }

  @Test(arguments: ["qdq", "qoperator"], [4, 2])
  func `give the same bits with and without Winograd's algorithm`(form: String, tile: Int) throws {
    var graph = try Importer.graph(
      contentsOf: path(form), options: Importer.Options(shapes: ["input": [1, 3, 32, 32]]))
    try Pipeline.simplify(&graph)
    let plans = try [KernelChoices.winograd(tile: tile, in: graph), .products(in: graph)].map {
      try Pipeline.lower(graph, choices: $0)
    }
    let winograd = plans.map { $0.calls.filter { $0.family == ByteConvWinogradParameters.family }.count }
    #expect(winograd == [10, 0])
    let models = try plans.map { try Model(bytes: try PlanWriter.bytes(of: $0)) }
    let frame = Tensor.random(TensorType(.float32, [1, 3, 32, 32]), seed: 7).floats
    var direct = try Session(models[1])
    let expected = try direct.run([frame])[0]
    for threads in 1...4 {
      var session = try Session(models[0], threads: threads)
      #expect(try session.run([frame])[0].map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }
}
