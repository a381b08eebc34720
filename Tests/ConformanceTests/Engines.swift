import EspalierGraph

/// The ways in which a graph is run.
enum Engines {
  static func reference(_ graph: Graph, _ inputs: [Tensor]) throws -> [Tensor] {
    try Interpreter.run(graph, inputs: inputs)
  }

  /// Lowers, packs, loads and runs.
  static func runtime(_ graph: Graph, _ inputs: [Tensor]) throws -> [Tensor] {
    throw ConformanceFailure(description: "does not lower")
  }
}
