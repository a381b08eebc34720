public import EspalierGraph
internal import EspalierOperators

/// Finds activations again that an exporter took apart.
///
/// ## Before
///     y = s · clip(αx + β, 0, 1/s)                                  HardSigmoid
///     y = x · clip(x + 3, 0, 6) · s,  x · hardSigmoid(x/6 + 1/2)    HardSwish
///     y = x · sigmoid(αx),  x / (1 + exp(−x))                       SiLU
///     y = x · tanh(softplus(x)),  log(1 + exp(x))                   Mish, Softplus
///     y = s · x · (1 + erf(x/√2)),  s · x · (1 + tanh(√(2/π)(x + 0.044715x³)))     GELU
///     y = 1 / (1 + exp(−x))                                         Sigmoid
/// ## After
///     y = k · Unary(activation)(x)                                  nothing is multiplied where k = 1
///
/// Factors and numbers may stand in any order. Equal up to the rounding of the numbers.
public struct RecognizeActivations: RewritePass {
  public static let name = "RecognizeActivations"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let found = match(node, in: graph),
      graph.type(of: found.input) == graph.type(of: node.outputs[0]),
      graph.type(of: found.input).element == .float32
    else { return nil }
    let input = GraphPatch.Reference.existing(found.input)
    if abs(found.scale - 1) < 1e-5 { return .replacing(node, by: Unary(found.function), inputs: [input]) }
    var patch = GraphPatch()
    let core = patch.add(Unary(found.function), name: node.name + "/unscaled", inputs: [input])
    let factor = ElementFunction(.affine, alpha: Float(found.scale), beta: 0)
    patch.replace(node.outputs[0], with: patch.add(Unary(factor), name: node.name, inputs: [core]))
    patch.remove(node.id)
    return patch
  }

  /// `scale · function(input)`
  private struct Match {
    var function: ElementFunction
    var input: ValueID
    var scale = 1.0
  }

  private func match(_ node: Node, in graph: Graph) -> Match? {
    switch node.op {
    case let unary as Unary: return unaryMatch(unary.function, node.inputs[0], in: graph)
    case let binary as Binary where binary.activation == .identity:
      let (a, b) = (node.inputs[0], node.inputs[1])
      switch binary.kind {
      case .multiply: return product(a, b, in: graph) ?? product(b, a, in: graph)
      case .divide: return quotient(a, b, in: graph)
      default: return nil
      }
    default: return nil
    }
  }

  // MARK: - One operand

  private func unaryMatch(_ function: ElementFunction, _ inner: ValueID, in graph: Graph) -> Match? {
    switch function.kind {
    case .affine where function.beta == 0 && function.alpha > 0:
      guard let (clip, x) = clippedAffine(inner, in: graph),
        abs(clip.high * Double(function.alpha) - 1) < 1e-4
      else { return nil }
      return Match(function: hardSigmoid(clip), input: x)
    case .clip where function.alpha == 0 && function.beta == 1:
      guard let (affine, x) = graph.function(of: inner), affine.kind == .affine else { return nil }
      return Match(
        function: ElementFunction(.hardSigmoid, alpha: affine.alpha, beta: affine.beta), input: x)
    case .log:
      guard let (x, sign) = onePlusExponential(inner, in: graph), sign > 0 else { return nil }
      return Match(function: ElementFunction(.softplus), input: x)
    case .reciprocal:
      guard let (x, sign) = onePlusExponential(inner, in: graph), sign < 0 else { return nil }
      return Match(function: ElementFunction(.sigmoid), input: x)
    default: return nil
    }
  }

  private func hardSigmoid(_ clip: Clipped) -> ElementFunction {
    ElementFunction(
      .hardSigmoid, alpha: Float(clip.alpha / clip.high), beta: Float(clip.beta / clip.high))
  }

  private struct Clipped {
    var alpha, beta, high: Double
  }

  /// `clip(αx + β, 0, high)` whose argument is written as such.
  private func clippedAffine(_ value: ValueID, in graph: Graph) -> (Clipped, ValueID)? {
    guard let (clip, source) = graph.function(of: value), clip.kind == .clip, clip.alpha == 0,
      clip.beta > 0, clip.beta < .infinity, let (affine, x) = graph.function(of: source),
      affine.kind == .affine
    else { return nil }
    return (
      Clipped(alpha: Double(affine.alpha), beta: Double(affine.beta), high: Double(clip.beta)), x
    )
  }

  /// The x of `1 + exp(x)` (sign 1) or `1 + exp(−x)` (sign −1).
  private func onePlusExponential(_ value: ValueID, in graph: Graph) -> (ValueID, sign: Int)? {
    guard let (shift, exponential) = graph.function(of: value), shift.kind == .affine, shift.alpha == 1,
      shift.beta == 1, let (function, exponent) = graph.function(of: exponential), function.kind == .exp
    else { return nil }
    if let (negation, x) = graph.function(of: exponent) {
      let isNegation = negation.kind == .neg || (negation.kind == .affine && negation.alpha == -1)
      if isNegation, negation.beta == 0 { return (x, -1) }
    }
    return (exponent, 1)
  }

  // MARK: - Two operands

  /// `a / (1 + exp(−x))`
  private func quotient(_ a: ValueID, _ b: ValueID, in graph: Graph) -> Match? {
    guard let (x, sign) = onePlusExponential(b, in: graph), sign < 0 else { return nil }
    if let number = graph.uniformConstant(a) {
      return Match(function: ElementFunction(.sigmoid), input: x, scale: Double(number))
    }
    return a == x ? Match(function: ElementFunction(.silu, alpha: 1), input: x) : nil
  }

  /// `(k · x) · gate(x)`
  private func product(_ factor: ValueID, _ gate: ValueID, in graph: Graph) -> Match? {
    if let match = gated(factor, gate, in: graph) { return match }
    guard let (half, x) = graph.function(of: factor), half.kind == .affine, half.beta == 0,
      var match = gated(x, gate, in: graph)
    else { return nil }
    match.scale *= Double(half.alpha)
    return match
  }

  /// `x · (σ · core(x) + τ)`
  private func gated(_ x: ValueID, _ gate: ValueID, in graph: Graph) -> Match? {
    guard var (core, inner) = graph.function(of: gate) else { return nil }
    var (scale, shift) = (1.0, 0.0)
    if core.kind == .affine {
      (scale, shift) = (Double(core.alpha), Double(core.beta))
      guard let next = graph.function(of: inner) else { return nil }
      (core, inner) = next
    }
    if core.kind == .tanh, shift == 0, softplusArgument(inner, in: graph) == x {
      return Match(function: ElementFunction(.mish), input: x, scale: scale)
    }
    guard let argument = Polynomial(inner, in: x, of: graph) else { return nil }
    let isOnePlus = abs(shift - scale) < 1e-5 * abs(scale)
    switch core.kind {
    case .erf where isOnePlus && argument.isClose(to: [0, 0.5.squareRoot()]):
      return Match(function: ElementFunction(.geluErf), input: x, scale: 2 * scale)
    case .tanh where isOnePlus:
      return sigmoidGate(argument.scaled(by: 2), x, 2 * scale)
    case .sigmoid where shift == 0: return sigmoidGate(argument, x, scale)
    case .clip where shift == 0 && core.alpha == 0 && core.beta > 0 && core.beta < .infinity:
      return clipGate(argument.scaled(by: 1 / Double(core.beta)), x, scale * Double(core.beta))
    case .hardSigmoid where shift == 0 && argument.isClose(to: [0, 1]):
      guard abs(core.alpha - 1 / 6) < 1e-5, abs(core.beta - 0.5) < 1e-5 else { return nil }
      return Match(function: ElementFunction(.hardSwish), input: x, scale: scale)
    default: return nil
    }
  }

  /// `scale · x · sigmoid(argument)`
  private func sigmoidGate(_ argument: Polynomial, _ x: ValueID, _ scale: Double) -> Match? {
    let slope = 2 * (2 / Double.pi).squareRoot()
    if argument.isClose(to: [0, slope, 0, slope * 0.044715]) {
      return Match(function: ElementFunction(.geluTanh), input: x, scale: scale)
    }
    guard argument.isLinear, argument[0] == 0 else { return nil }
    return Match(function: ElementFunction(.silu, alpha: Float(argument[1])), input: x, scale: scale)
  }

  /// `scale · x · clip(argument, 0, 1)`
  private func clipGate(_ argument: Polynomial, _ x: ValueID, _ scale: Double) -> Match? {
    guard argument.isClose(to: [0.5, 1 / 6]) else { return nil }
    return Match(function: ElementFunction(.hardSwish), input: x, scale: scale)
  }

  /// The x of `softplus(x)`, itself perhaps taken apart.
  private func softplusArgument(_ value: ValueID, in graph: Graph) -> ValueID? {
    guard let (function, x) = graph.function(of: value) else { return nil }
    switch function.kind {
    case .softplus: return x
    case .log: return onePlusExponential(x, in: graph).flatMap { $0.sign > 0 ? $0.0 : nil }
    default: return nil
    }
  }
}
