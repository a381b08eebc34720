public import EspalierGraph
internal import EspalierOperators

/// Lets a normalization over the last axes scale and shift on its way out.
///
/// ## Before
///     t = MeanVarianceNormalization(x) {the last axes}
///     y = t · γ + β                γ, β: constants
/// ## After
///     y = LayerNormalization(x, γ, β)
///
/// Fires only when nothing else reads what lies in between.
public struct FuseLayerNormalization: RewritePass {
  public static let name = "FuseLayerNormalization"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let (product, beta) = operandAndConstant(node, .add, in: graph),
      let scaling = graph.producer(of: product), graph.isOnlyReader(node, of: product),
      let (normalized, gamma) = operandAndConstant(scaling, .multiply, in: graph),
      let producer = graph.producer(of: normalized), graph.isOnlyReader(scaling, of: normalized),
      let norm = producer.op as? MeanVarianceNormalization, let axis = norm.axes.first,
      norm.axes == Array(axis..<graph.type(of: normalized).rank)
    else { return nil }
    return .replacing(
      node, by: LayerNormalization(axis: axis, epsilon: norm.epsilon, hasBias: true),
      inputs: [producer.inputs[0], gamma, beta].map { .existing($0) }, alsoRemoving: [scaling, producer])
  }

  /// The operands of a binary operator of which one is a constant that does not enlarge the other.
  private func operandAndConstant(
    _ node: Node, _ kind: Binary.Kind, in graph: Graph
  ) -> (ValueID, ValueID)? {
    guard let binary = node.op as? Binary, binary.kind == kind, binary.activation == .identity else {
      return nil
    }
    for (value, constant) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])]
    where graph.constant(of: constant) != nil && graph.type(of: value) == graph.type(of: node.outputs[0]) {
      return (value, constant)
    }
    return nil
  }
}
