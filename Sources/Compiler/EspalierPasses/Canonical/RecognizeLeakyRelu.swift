public import EspalierGraph
internal import EspalierOperators

/// Finds functions again that are one line on each side of 0.
///
/// ## Before
///     y = max(x, αx)                       0 ≤ α ≤ 1 (min where α ≥ 1)
///     y = relu(x) + s · relu(−x)           s: a number, or a constant per channel
/// ## After
///     y = leakyRelu(x) {α}, or PRelu(x, −s)
public struct RecognizeLeakyRelu: RewritePass {
  public static let name = "RecognizeLeakyRelu"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let binary = node.op as? Binary, binary.activation == .identity,
      graph.type(of: node.outputs[0]).element == .float32
    else { return nil }
    let (a, b) = (node.inputs[0], node.inputs[1])
    switch binary.kind {
    case .maximum, .minimum:
      return choice(node, a, b, binary.kind, in: graph) ?? choice(node, b, a, binary.kind, in: graph)
    case .add: return sum(node, a, b, sign: 1, in: graph) ?? sum(node, b, a, sign: 1, in: graph)
    case .subtract: return sum(node, a, b, sign: -1, in: graph)
    default: return nil
    }
  }

  /// `max(x, αx)`
  private func choice(
    _ node: Node, _ x: ValueID, _ other: ValueID, _ kind: Binary.Kind, in graph: Graph
  ) -> GraphPatch? {
    guard let (line, source) = graph.function(of: other), source == x, line.kind == .affine, line.beta == 0,
      kind == .maximum ? (0...1).contains(line.alpha) : line.alpha >= 1
    else { return nil }
    return .replacing(
      node, by: Unary(ElementFunction(.leakyRelu, alpha: line.alpha)), inputs: [.existing(x)])
  }

  /// `relu(x) + sign · negative`, where `negative` is a multiple of relu(−x).
  private func sum(
    _ node: Node, _ positive: ValueID, _ negative: ValueID, sign: Float, in graph: Graph
  ) -> GraphPatch? {
    guard let (relu, x) = graph.function(of: positive), relu.kind == .relu,
      graph.type(of: x) == graph.type(of: node.outputs[0])
    else { return nil }
    if isReluOfNegative(negative, x, in: graph) {
      return leaky(node, x, slope: -sign)
    }
    if let (line, inner) = graph.function(of: negative), line.kind == .affine, line.beta == 0,
      isReluOfNegative(inner, x, in: graph)
    {
      return leaky(node, x, slope: -sign * line.alpha)
    }
    guard let (c, d) = graph.operands(of: negative, .multiply) else { return nil }
    for (slope, inner) in [(c, d), (d, c)] where isReluOfNegative(inner, x, in: graph) {
      guard let tensor = graph.constant(of: slope) else { continue }
      var patch = GraphPatch()
      let negated = Tensor(shape: tensor.shape, floats: tensor.floats.map { -sign * $0 })
      let slopes = patch.constant(negated, name: graph[slope].name + "/slope")
      patch.replace(
        node.outputs[0],
        with: patch.add(Binary(.prelu), name: node.name, inputs: [.existing(x), slopes]))
      patch.remove(node.id)
      return patch
    }
    return nil
  }

  private func leaky(_ node: Node, _ x: ValueID, slope: Float) -> GraphPatch {
    .replacing(node, by: Unary(ElementFunction(.leakyRelu, alpha: slope)), inputs: [.existing(x)])
  }

  /// Whether a value is `relu(−x)`.
  private func isReluOfNegative(_ value: ValueID, _ x: ValueID, in graph: Graph) -> Bool {
    guard let (relu, negated) = graph.function(of: value), relu.kind == .relu else { return false }
    return negated != x && Polynomial(negated, in: x, of: graph)?.isClose(to: [0, -1]) ?? false
  }
}
