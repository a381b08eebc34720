public import EspalierGraph
public import EspalierOperators
public import EspalierPlan

/// The compiler's stages behind import, in order.
public enum Pipeline {
  /// Rewrites that find what a quantized model computes in 8 bits. They run before all others, which make float32
  /// of quantized constants.
  public static let quantizedForms: [any RewritePass] = [
    RemoveIdentity(), RemoveDynamicQuantization(), SinkDequantization(), CancelRequantization(),
    FuseQuantizedProduct(), FuseQuantizedElements(), FuseQuantizedEpilogue(),
  ]

  /// Rewrites that give one form to what exporters write in many, run before all others.
  public static let canonicalizations: [any RewritePass] = [
    FoldConstants(), RemoveIdentity(), RecognizeChannelShuffle(), RecognizeFocus(), RecognizeDepthToSpace(),
    ComposeTransposes(),
    ComposeReshapes(), SinkTransposes(), JoinParts(), MatMulToGemm(), ScalarArithmeticToAffine(),
    MergeClips(),
    RecognizeActivations(), RecognizeLeakyRelu(), FactorGate(), RecognizeNormalization(),
    FuseLayerNormalization(),
  ]

  /// Rewrites that hand activations, pads and normalizations to the kernels that compute them on the way.
  public static let fusions: [any RewritePass] = [
    TransposeToReshape(), FoldPad(), FoldAffineIntoProducer(), FoldAffineIntoConsumer(), FuseActivation(),
    FuseResidualAdd(),
  ]

  /// Rewrites for what none of the others could place.
  public static let leftovers: [any RewritePass] = [NormalizationToConv()]

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

  /// Runs every simplification until none finds anything more: quantized forms, then canonical
  /// forms, then all.
  ///
  /// - Returns: How often each pass fired, by its name.
  @discardableResult
  public static func simplify(_ graph: inout Graph) throws(PassError) -> [String: Int] {
    var counts: [String: Int] = [:]
    graph.removeDeadNodes()
    let all = canonicalizations + fusions
    for passes in [quantizedForms, canonicalizations, all, all + leftovers] {
      while try sweep(passes, over: &graph, &counts) > 0 {}
    }
    return counts
  }

  /// Runs every pass once, and takes out what nothing reads any more.
  ///
  /// - Returns: How often any fired.
  private static func sweep(
    _ passes: [any RewritePass], over graph: inout Graph, _ counts: inout [String: Int]
  ) throws(PassError) -> Int {
    var fired = 0
    for pass in passes {
      let count = try pass.run(on: &graph)
      counts[type(of: pass).name, default: 0] += count
      fired += count
      if count > 0 { graph.removeDeadNodes() }
    }
    return fired
  }

  /// The plan of a graph as it stands.
  ///
  /// - Parameters:
  ///   - choices: Which kernels convolutions get.
  ///   - watching: Tensors whose statistics the runtime may gather.
  public static func lower(
    _ graph: Graph, provenance: [Plan.Provenance] = [], choices: KernelChoices = KernelChoices(),
    watching: [WatchedTensor] = []
  ) throws(LoweringError) -> Plan {
    var lowering = Lowering(graph, choices: choices)
    lowering.watched = Set(watching.map(\.value))
    try lowering.lowerAll()
    return try Place(lowering).plan(provenance: provenance, watching: watching)
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
