import EspalierGraph
import EspalierOperators
import EspalierPasses
import Testing

@Suite("Transposed convolutions as plain ones") struct TransposedConvToConvTests {
  private struct Geometry: CustomTestStringConvertible {
    var kernel: [Int]
    var stride = [2, 2]
    var pads = [0, 0, 0, 0]
    var extra = [0, 0]
    var groups = 1
    /// The operators that come of it.
    var operators: [String]

    var testDescription: String { "\(kernel) stride \(stride) pads \(pads) extra \(extra)" }
  }

  private static let four = ["Conv", "Conv", "Conv", "Conv", "Concat", "DepthToSpace"]

  private static let geometries = [
    Geometry(kernel: [2, 2], operators: ["Conv", "DepthToSpace"]),
    Geometry(kernel: [3, 3], stride: [3, 3], operators: ["Conv", "DepthToSpace"]),
    Geometry(kernel: [4, 4], pads: [1, 1, 1, 1], operators: four),
    Geometry(kernel: [3, 3], pads: [1, 1, 1, 1], extra: [1, 1], operators: four),
    Geometry(kernel: [2, 4], pads: [0, 1, 0, 1], operators: four),
    Geometry(kernel: [6, 6], pads: [2, 2, 2, 2], operators: ["Conv", "DepthToSpace"]),
    // An output that the stride does not divide, taps that some pixels do not see, unequal strides, groups.
    Geometry(kernel: [3, 3], operators: ["ConvTranspose"]),
    Geometry(kernel: [1, 1], extra: [1, 1], operators: ["ConvTranspose"]),
    Geometry(kernel: [2, 3], stride: [2, 3], operators: ["ConvTranspose"]),
    Geometry(kernel: [2, 2], groups: 2, operators: ["ConvTranspose"]),
  ]

  @Test(arguments: geometries, [false, true])
  private func `compute the same`(_ geometry: Geometry, hasBias: Bool) throws {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [2, 4, 3, 5]))
    let type = TensorType(.float32, [4, 6 / geometry.groups] + geometry.kernel)
    var inputs = [x, graph.appendConstant(name: "w", Tensor.random(type, seed: 3))]
    if hasBias {
      inputs.append(
        graph.appendConstant(name: "b", Tensor.random(TensorType(.float32, [6]), seed: 4)))
    }
    let op = ConvTranspose(
      strides: geometry.stride, pads: geometry.pads, outputPadding: geometry.extra, groups: geometry.groups,
      activation: .relu, hasBias: hasBias)
    graph.appendOutput(try graph.append(op, name: "y", inputs: inputs)[0], name: "y")
    var result = graph
    try TransposedConvToConv().run(on: &result)
    try Verifier.verify(result)
    #expect(result.nodes.map { $0.op.name } == geometry.operators)
    let frame = Tensor.random(TensorType(.float32, [2, 4, 3, 5]), seed: 5)
    let expected = try Interpreter.run(graph, inputs: [frame])[0]
    let found = try Interpreter.run(result, inputs: [frame])[0]
    #expect(found.shape == expected.shape)
    for (a, b) in zip(found.floats, expected.floats) { #expect(abs(a - b) <= 1e-5) }
  }
}
