import EspalierGraph
import EspalierOperators
import EspalierPasses
import Testing

@Suite("Tensors with axes that are long for a kernel") struct AxisLimitTests {
  private func rectifier(of shape: Shape) throws -> Graph {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, shape))
    graph.appendOutput(try graph.append(Unary(.relu), name: "relu", inputs: [x])[0], name: "y")
    return graph
  }

  /// 2²⁵ elements in a row, as half a second of 4K frames has: neighbors merge up to 2²⁴.
  @Test(arguments: [[32, 1 << 20], [1, 8, 2048, 2048], [1 << 12, 1 << 13]])
  func `are cut where all elements together are too many for one axis`(shape: Shape) throws {
    let plan = try Pipeline.lower(rectifier(of: shape))
    #expect(!plan.calls.isEmpty)
  }

  @Test func `are refused where one axis alone is too long`() throws {
    let graph = try rectifier(of: [(1 << 24) + 1])
    #expect {
      try Pipeline.lower(graph)
    } throws: { error in
      if case .noKernel(node: "relu", type: "Unary", _)? = error as? LoweringError { true } else { false }
    }
  }
}
