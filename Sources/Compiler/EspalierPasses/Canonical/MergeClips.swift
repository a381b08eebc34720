public import EspalierGraph
internal import EspalierOperators

/// Writes bounds as Clip, and several bounds in a row as one.
///
/// ## Before
///     y = max(x, c),  min(x, c)            c: a constant with one value throughout
///     y = clip(clip(x, a, b), c, d),  min(relu(x), 6), …
/// ## After
///     y = clip(x, low, high), or relu(x) where the bounds are 0 and ∞
public struct MergeClips: RewritePass {
  public static let name = "MergeClips"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let (outer, value) = bounds(of: node, in: graph) else { return nil }
    if let producer = graph.producer(of: value), let (inner, x) = bounds(of: producer, in: graph) {
      let merged = (low: limit(inner.low, to: outer), high: limit(inner.high, to: outer))
      return .replacing(node, by: Unary(function(merged)), inputs: [.existing(x)])
    }
    guard node.op is Binary else { return nil }
    return .replacing(node, by: Unary(function(outer)), inputs: [.existing(value)])
  }

  /// The bounds that a node sets, and what it sets them to.
  private func bounds(of node: Node, in graph: Graph) -> ((low: Float, high: Float), ValueID)? {
    if let function = (node.op as? Unary)?.function {
      guard graph.type(of: node.outputs[0]).element == .float32 else { return nil }
      switch function.kind {
      case .relu: return ((0, .infinity), node.inputs[0])
      case .clip where function.alpha <= function.beta:
        return ((function.alpha, function.beta), node.inputs[0])
      default: return nil
      }
    }
    guard let binary = node.op as? Binary, binary.activation == .identity,
      let (value, c) = graph.operandAndNumber(of: node), !c.isNaN
    else { return nil }
    switch binary.kind {
    case .maximum: return ((c, .infinity), value)
    case .minimum: return ((-.infinity, c), value)
    default: return nil
    }
  }

  private func limit(_ x: Float, to bounds: (low: Float, high: Float)) -> Float {
    min(max(x, bounds.low), bounds.high)
  }

  private func function(_ bounds: (low: Float, high: Float)) -> ElementFunction {
    bounds == (0, .infinity) ? .relu : ElementFunction(.clip, alpha: bounds.low, beta: bounds.high)
  }
}
