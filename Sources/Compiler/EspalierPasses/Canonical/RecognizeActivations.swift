public import EspalierGraph
internal import EspalierOperators

/// Finds activations again that an exporter took apart.
///
/// ## Before
///     y = s · clip(αx + β, 0, 1/s)                    HardSigmoid
///     y = x · hardSigmoid(x/6 + 1/2),                 HardSwish; also s · (x · clip(x + 3, 0, 6)), s = 1/6
///     y = x · sigmoid(x)                              SiLU
///     y = x · tanh(softplus(x))                       Mish
///     y = ½x · (1 + erf(x/√2)), in any order          GELU
/// ## After
///     y = Unary(activation)(x)
///
/// Expects arithmetic with numbers as `ScalarArithmeticToAffine` writes it.
public struct RecognizeActivations: RewritePass {
  public static let name = "RecognizeActivations"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    let found: (ElementFunction, ValueID)? =
      switch node.op {
      case let unary as Unary: scaled(unary.function, node.inputs[0], in: graph)
      case let binary as Binary where binary.kind == .multiply && binary.activation == .identity:
        product(node.inputs[0], node.inputs[1], in: graph)
          ?? product(node.inputs[1], node.inputs[0], in: graph)
      default: nil
      }
    guard let (function, x) = found, graph.type(of: x) == graph.type(of: node.outputs[0]) else { return nil }
    return .replacing(node, by: Unary(function), inputs: [.existing(x)])
  }

  /// `s · inner`, where inner is a clip or a product with one.
  private func scaled(
    _ scale: ElementFunction, _ inner: ValueID, in graph: Graph
  ) -> (ElementFunction, ValueID)? {
    guard scale.kind == .affine, scale.beta == 0 else { return nil }
    if let (clip, x) = clipOfAffine(inner, in: graph), isOne(clip.high * scale.alpha) {
      let gate = ElementFunction(
        .hardSigmoid, alpha: clip.alpha * scale.alpha, beta: clip.beta * scale.alpha)
      return (gate, x)
    }
    if let (a, b) = graph.operands(of: inner, .multiply) {
      return hardSwish(a, b, scale.alpha, in: graph) ?? hardSwish(b, a, scale.alpha, in: graph)
        ?? halfGelu(a, b, scale.alpha, in: graph) ?? halfGelu(b, a, scale.alpha, in: graph)
    }
    return nil
  }

  /// `s · (x · clip(x + 3, 0, 6))` with s = 1/6.
  private func hardSwish(
    _ x: ValueID, _ gate: ValueID, _ scale: Float, in graph: Graph
  ) -> (ElementFunction, ValueID)? {
    guard let (clip, source) = clipOfAffine(gate, in: graph), source == x, isOne(clip.high * scale),
      isSixth(clip.alpha * scale), isHalf(clip.beta * scale)
    else { return nil }
    return (ElementFunction(.hardSwish), x)
  }

  /// `½ · (x · (1 + erf(x/√2)))`.
  private func halfGelu(
    _ x: ValueID, _ gate: ValueID, _ scale: Float, in graph: Graph
  ) -> (ElementFunction, ValueID)? {
    guard isHalf(scale), erfGate(gate, scale: 1, in: graph) == x else { return nil }
    return (ElementFunction(.geluErf), x)
  }

  /// `x · gate(x)`.
  private func product(
    _ x: ValueID, _ gate: ValueID, in graph: Graph
  ) -> (ElementFunction, ValueID)? {
    if let (half, source) = graph.function(of: x), half.kind == .affine, isHalf(half.alpha), half.beta == 0,
      erfGate(gate, scale: 1, in: graph) == source
    {
      return (ElementFunction(.geluErf), source)
    }
    if erfGate(gate, scale: 0.5, in: graph) == x { return (ElementFunction(.geluErf), x) }
    guard let (function, source) = graph.function(of: gate) else { return nil }
    switch function.kind {
    case .sigmoid where source == x: return (ElementFunction(.silu, alpha: 1), x)
    case .hardSigmoid where source == x && isSixth(function.alpha) && isHalf(function.beta):
      return (ElementFunction(.hardSwish), x)
    case .tanh:
      guard let (softplus, inner) = graph.function(of: source), softplus.kind == .softplus, inner == x
      else { return nil }
      return (ElementFunction(.mish), x)
    default: return nil
    }
  }

  /// The x of `scale · (1 + erf(x/√2))`.
  private func erfGate(_ value: ValueID, scale: Float, in graph: Graph) -> ValueID? {
    guard let (shift, erf) = graph.function(of: value), shift.kind == .affine,
      abs(shift.alpha - scale) < 1e-6, abs(shift.beta - scale) < 1e-6,
      let (function, scaled) = graph.function(of: erf), function.kind == .erf,
      let (root, x) = graph.function(of: scaled), root.kind == .affine, root.beta == 0,
      abs(root.alpha - 0.707_106_77) < 1e-5
    else { return nil }
    return x
  }

  /// `clip(αx + β, 0, high)`.
  private func clipOfAffine(
    _ value: ValueID, in graph: Graph
  ) -> ((alpha: Float, beta: Float, high: Float), ValueID)? {
    guard let (clip, source) = graph.function(of: value), clip.kind == .clip, clip.alpha == 0 else {
      return nil
    }
    if let (affine, x) = graph.function(of: source), affine.kind == .affine {
      return ((affine.alpha, affine.beta, clip.beta), x)
    }
    return ((1, 0, clip.beta), source)
  }

  private func isOne(_ x: Float) -> Bool { abs(x - 1) < 1e-4 }
  private func isHalf(_ x: Float) -> Bool { abs(x - 0.5) < 1e-4 }
  private func isSixth(_ x: Float) -> Bool { abs(x - 1 / 6) < 1e-4 }
}
