internal import EspalierGraph
internal import EspalierObserve
internal import EspalierPasses
internal import EspalierPlan
internal import EspalierRuntime

/// Runs a graph as it stands, through a pack that is never written.
final class GraphRunner {
  private var session: Session

  /// - Throws: `LoweringError`, `PlanError`, `ModelError` or `SessionError`.
  init(_ graph: Graph, threads: Int) throws {
    var limits = PlanLimits()
    limits.portCount = max(limits.portCount, graph.inputs.count + graph.outputs.count)
    let bytes = try PlanWriter.bytes(of: try Pipeline.lower(graph), limits: limits)
    session = try Session(Model(bytes: bytes, limits: limits), threads: threads)
  }

  /// The outputs for one frame, in the graph's order.
  func run(_ inputs: [[Float]]) throws -> [[Float]] { try session.run(inputs) }

  /// Makes runners for the quantizer.
  static func engine(threads: Int) -> PostTrainingQuantization.Engine {
    { graph in
      let runner = try GraphRunner(graph, threads: threads)
      return { try runner.run($0) }
    }
  }
}
