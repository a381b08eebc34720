import EspalierGraph
import EspalierOperators
import Testing

@testable import EspalierPasses

@Suite("Simplifying a graph") struct SimplifyTests {
  /// x → Conv 3x3 → `tail` → output.
  private func network(_ tail: (inout Graph, ValueID, ValueID) throws -> ValueID) throws -> Graph {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 4, 6, 6]))
    let weights = graph.appendConstant(name: "w", Tensor.random(TensorType(.float32, [4, 4, 3, 3]), seed: 3))
    let y = try graph.append(Conv(pads: [1, 1, 1, 1]), name: "conv", inputs: [x, weights])[0]
    graph.appendOutput(try tail(&graph, x, y), name: "y")
    return graph
  }

  /// Simplifies and compares with the original on a seeded input.
  private func simplified(_ original: Graph) throws -> Graph {
    var graph = original
    try Pipeline.simplify(&graph)
    try Verifier.verify(graph)
    let x = Tensor.random(original.type(of: original.inputs[0]), seed: 5)
    let expected = try Interpreter.run(original, inputs: [x])[0].floats
    let found = try Interpreter.run(graph, inputs: [x])[0].floats
    #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-4 })
    return graph
  }

  @Test func `folds a batch normalization and an activation into the convolution`() throws {
    let graph = try simplified(
      network { graph, _, y in
        let parameters = (0..<4).map { index in
          let tensor = Tensor.random(TensorType(.float32, [4]), seed: UInt64(index + 9))
          return graph.appendConstant(
            name: "p\(index)", Tensor(shape: [4], floats: tensor.floats.map { abs($0) + 0.5 }))
        }
        let norm = try graph.append(
          BatchNormalization(epsilon: 1e-5), name: "norm", inputs: [y] + parameters)[0]
        return try graph.append(Unary(.relu), name: "relu", inputs: [norm])[0]
      })
    #expect(graph.nodes.map { $0.op.name } == ["Conv"])
  }

  @Test func `adds the shortcut of a residual block on the convolution's way out`() throws {
    let graph = try simplified(
      network { graph, x, y in
        let sum = try graph.append(Binary(.add), name: "add", inputs: [y, x])[0]
        return try graph.append(Unary(.relu), name: "relu", inputs: [sum])[0]
      })
    #expect(graph.nodes.map { $0.op.name } == ["Conv"])
  }

  @Test func `leaves a convolution alone that another node reads`() throws {
    let graph = try simplified(
      network { graph, _, y in
        let relu = try graph.append(Unary(.relu), name: "relu", inputs: [y])[0]
        return try graph.append(Binary(.multiply), name: "product", inputs: [relu, y])[0]
      })
    #expect(graph.nodes.map { $0.op.name } == ["Conv", "Unary", "Binary"])
  }

  @Test func `finds SiLU again`() throws {
    let graph = try simplified(
      network { graph, _, y in
        let gate = try graph.append(Unary(ElementFunction(.sigmoid)), name: "gate", inputs: [y])[0]
        return try graph.append(Binary(.multiply), name: "product", inputs: [y, gate])[0]
      })
    #expect((graph.nodes.first?.op as? Conv)?.activation.kind == .silu)
  }

  @Test func `leaves tensors of other ranks along any axis alone`() throws {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 2, 1, 2, 3]))
    let doubled = try graph.append(Concat(axis: 4), name: "cat", inputs: [x, x])[0]
    let sum = try graph.append(Reduce(.sum, axes: [4]), name: "sum", inputs: [doubled])[0]
    graph.appendOutput(sum, name: "y")
    #expect(try simplified(graph).nodes.map { $0.op.name } == ["Concat", "Reduce"])
  }

  @Test func `keeps names apart where the file calls a node like another node's weights`() throws {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 4, 6, 6]))
    let type = TensorType(.float32, [4, 4, 1, 1])
    let first = graph.appendConstant(name: "second", Tensor.random(type, seed: 1))
    let second = graph.appendConstant(name: "w", Tensor.random(type, seed: 2))
    let a = try graph.append(Conv(), name: "first", inputs: [x, first])[0]
    let b = try graph.append(Conv(), name: "second", inputs: [a, second], outputNames: ["t"])[0]
    graph.appendOutput(try graph.append(Binary(.add), name: "sum", inputs: [b, x])[0], name: "y")
    #expect(try simplified(graph).nodes.map { $0.op.name } == ["Conv", "Conv"])
  }
}
