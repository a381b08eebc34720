public import EspalierGraph
internal import EspalierOperators

/// Finds normalizations again that an exporter took apart.
///
/// ## Before
///     d = x − mean(x);  v = mean(d²)                 over the same axes, which stay
///     y = d / √(v + ε),  d · 1/√(v + ε),  d · (v + ε)^−½
///     z = x / ‖x‖₂                                   the norm over one axis, perhaps kept above a tiny number
/// ## After
///     y = MeanVarianceNormalization(x) {axes, ε}
///     z = LpNormalization(x) {axis, p = 2}
///
/// Equal up to float32 rounding; z differs where the whole vector is tinier than the number.
public struct RecognizeNormalization: RewritePass {
  public static let name = "RecognizeNormalization"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let binary = node.op as? Binary, binary.activation == .identity else { return nil }
    let (a, b) = (node.inputs[0], node.inputs[1])
    switch binary.kind {
    case .divide:
      if let variance = squareRoot(b, in: graph), let patch = centered(node, a, variance, in: graph) {
        return patch
      }
      return overNorm(node, a, b, in: graph)
    case .multiply:
      for (deviation, factor) in [(a, b), (b, a)] {
        if let variance = reciprocalRoot(factor, in: graph),
          let patch = centered(node, deviation, variance, in: graph)
        {
          return patch
        }
      }
      return nil
    default: return nil
    }
  }

  // MARK: - Mean and variance

  /// `deviation / √(variance)`, the variance being `mean(d²) + ε`.
  private func centered(
    _ node: Node, _ deviation: ValueID, _ variance: ValueID, in graph: Graph
  ) -> GraphPatch? {
    guard let (shift, mean) = graph.function(of: variance), shift.kind == .affine, shift.alpha == 1,
      shift.beta > 0, let average = reduction(mean, [.mean], in: graph),
      let squared = square(average.input, in: graph), isSame(squared, deviation, in: graph),
      let (x, center) = graph.operands(of: deviation, .subtract),
      let centering = reduction(center, [.mean], in: graph), centering.input == x,
      centering.axes == average.axes, graph.type(of: x) == graph.type(of: node.outputs[0])
    else { return nil }
    return .replacing(
      node, by: MeanVarianceNormalization(axes: average.axes, epsilon: shift.beta),
      inputs: [.existing(x)])
  }

  /// Whether two values are one, or computed by equal nodes from the same inputs.
  private func isSame(_ a: ValueID, _ b: ValueID, in graph: Graph) -> Bool {
    if a == b { return true }
    guard let (x, p) = graph.operands(of: a, .subtract), let (y, q) = graph.operands(of: b, .subtract),
      x == y, let first = reduction(p, [.mean], in: graph), let second = reduction(q, [.mean], in: graph)
    else { return false }
    return first.input == second.input && first.axes == second.axes
  }

  /// The x of `√x`.
  private func squareRoot(_ value: ValueID, in graph: Graph) -> ValueID? {
    if let (root, x) = graph.function(of: value), root.kind == .sqrt { return x }
    return power(value, 0.5, in: graph)
  }

  /// The x of `1 / √x`.
  private func reciprocalRoot(_ value: ValueID, in graph: Graph) -> ValueID? {
    if let (reciprocal, root) = graph.function(of: value), reciprocal.kind == .reciprocal {
      return squareRoot(root, in: graph)
    }
    if let (one, root) = graph.operands(of: value, .divide), graph.uniformConstant(one) == 1 {
      return squareRoot(root, in: graph)
    }
    return power(value, -0.5, in: graph)
  }

  private func power(_ value: ValueID, _ exponent: Float, in graph: Graph) -> ValueID? {
    guard let (base, power) = graph.operands(of: value, .power), graph.uniformConstant(power) == exponent
    else { return nil }
    return base
  }

  /// The x of `x²`.
  private func square(_ value: ValueID, in graph: Graph) -> ValueID? {
    if let (a, b) = graph.operands(of: value, .multiply), a == b { return a }
    return power(value, 2, in: graph)
  }

  /// A reduction of one of these kinds that keeps its axes.
  private func reduction(
    _ value: ValueID, _ kinds: Set<Reduce.Kind>, in graph: Graph
  ) -> (kind: Reduce.Kind, input: ValueID, axes: [Int])? {
    guard let node = graph.producer(of: value), let reduce = node.op as? Reduce, reduce.keepsAxes,
      kinds.contains(reduce.kind), !reduce.axes.isEmpty
    else { return nil }
    return (reduce.kind, node.inputs[0], reduce.axes)
  }

  // MARK: - Norm

  /// `x / ‖x‖₂`
  private func overNorm(_ node: Node, _ x: ValueID, _ divisor: ValueID, in graph: Graph) -> GraphPatch? {
    var norm = divisor
    if let producer = graph.producer(of: norm), producer.op is Expand { norm = producer.inputs[0] }
    if let (clip, inner) = graph.function(of: norm), clip.kind == .clip, clip.alpha <= 1e-10,
      clip.beta == .infinity
    {
      norm = inner
    }
    guard let axes = normAxes(norm, of: x, in: graph), axes.count == 1,
      graph.type(of: x) == graph.type(of: node.outputs[0])
    else { return nil }
    return .replacing(node, by: LpNormalization(axis: axes[0]), inputs: [.existing(x)])
  }

  /// The axes over which a value is the 2-norm of `x`.
  private func normAxes(_ value: ValueID, of x: ValueID, in graph: Graph) -> [Int]? {
    if let norm = reduction(value, [.l2], in: graph) { return norm.input == x ? norm.axes : nil }
    guard let squares = squareRoot(value, in: graph),
      let sum = reduction(squares, [.sum, .sumSquare], in: graph)
    else { return nil }
    let source = sum.kind == .sum ? square(sum.input, in: graph) : sum.input
    return source == x ? sum.axes : nil
  }
}
