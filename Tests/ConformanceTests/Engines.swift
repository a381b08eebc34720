import EspalierGraph
import EspalierPasses
import EspalierPlan
import EspalierRuntime

/// The ways in which a graph is run.
enum Engines {
  static func reference(_ graph: Graph, _ inputs: [Tensor]) throws -> [Tensor] {
    try Interpreter.run(graph, inputs: inputs)
  }

  /// Lowers, packs, loads and runs.
  static func runtime(_ graph: Graph, _ inputs: [Tensor]) throws -> [Tensor] {
    let plan = try Pipeline.compile(graph)
    let model = try Model(bytes: try PlanWriter.bytes(of: plan))
    guard model.inputs.map(\.name) == graph.inputs.map({ graph[$0].name }),
      model.outputs.map(\.name) == graph.outputNames
    else { throw ConformanceFailure(description: "the pack has other inputs or outputs than the graph") }
    var session = try Session(model)
    let outputs = try session.run(inputs.map(\.asFloats))
    return zip(zip(model.outputs, graph.outputs), outputs).map { ports, elements in
      tensor(elements, shape: ports.0.shape, element: graph.type(of: ports.1).element)
    }
  }

  /// The runtime's floats as what the graph says they are; a number that is no integer becomes the least one.
  private static func tensor(_ floats: [Float], shape: Shape, element: ElementType) -> Tensor {
    guard !element.isFloating else { return Tensor(shape: shape, element: element, floats: floats) }
    return Tensor(shape: shape, element: element, integers: floats.map { Int64(exactly: $0) ?? .min })
  }
}
