public import EspalierGraph
public import EspalierOperators
public import EspalierPlan

/// The compiler's stages behind import, in order.
public enum Pipeline {
  /// Rewrites that make the graph smaller and hand activations, pads and normalizations to the kernels that
  /// compute them on the way.
  public static let simplifications: [any RewritePass] = [
    RecognizeChannelShuffle(), RecognizeFocus(), RemoveIdentity(), ComposeTransposes(), SinkTransposes(),
    ScalarArithmeticToAffine(),
    RecognizeActivations(), FoldAffineIntoProducer(), FoldAffineIntoConsumer(), FuseActivation(),
    FuseResidualAdd(),
  ]

  /// Why a graph cannot be compiled.
  public enum Failure: Error, Sendable, CustomStringConvertible {
    case pass(PassError)
    case lowering(LoweringError)

    public var description: String {
      switch self {
      case .pass(let error): error.description
      case .lowering(let error): error.description
      }
    }
  }

  /// Runs every simplification until none finds anything more.
  ///
  /// - Returns: How often each pass fired, by its name.
  @discardableResult
  public static func simplify(_ graph: inout Graph) throws(PassError) -> [String: Int] {
    var counts: [String: Int] = [:]
    graph.removeDeadNodes()
    while true {
      var fired = 0
      for pass in simplifications {
        let count = try pass.run(on: &graph)
        counts[type(of: pass).name, default: 0] += count
        fired += count
        if count > 0 { graph.removeDeadNodes() }
      }
      if fired == 0 { return counts }
    }
  }

  /// The plan of a graph as it stands.
  public static func lower(
    _ graph: Graph, provenance: [Plan.Provenance] = []
  ) throws(LoweringError) -> Plan {
    var lowering = Lowering(graph)
    try lowering.lowerAll()
    return try Place(lowering).plan(provenance: provenance)
  }

  /// Simplifies a graph and makes its plan.
  public static func compile(
    _ graph: Graph, provenance: [Plan.Provenance] = []
  ) throws(Failure) -> Plan {
    var graph = graph
    do { try simplify(&graph) } catch { throw .pass(error) }
    do { return try lower(graph, provenance: provenance) } catch { throw .lowering(error) }
  }
}
