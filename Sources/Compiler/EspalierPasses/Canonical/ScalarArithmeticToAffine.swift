public import EspalierGraph
internal import EspalierOperators

/// Writes arithmetic with one number as a function of the other operand.
///
/// ## Before
///     y = x + c,  x − c,  c − x,  x · c,  x / c        c: a constant with one value throughout
/// ## After
///     y = Unary(αx + β)(x)
///
/// Fires only where the constant does not enlarge x by broadcasting. Two of them in a row become one. Equal
/// up to float32 rounding (a division becomes a multiplication by the reciprocal).
public struct ScalarArithmeticToAffine: RewritePass {
  public static let name = "ScalarArithmeticToAffine"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    if let patch = mergeAffines(node, in: graph) { return patch }
    guard let binary = node.op as? Binary, binary.activation == .identity,
      graph.type(of: node.outputs[0]).element == .float32,
      let (x, affine) = affine(of: binary.kind, node.inputs, in: graph),
      graph.type(of: x) == graph.type(of: node.outputs[0])
    else { return nil }
    return .replacing(node, by: Unary(affine), inputs: [.existing(x)])
  }

  private func affine(
    of kind: Binary.Kind, _ inputs: [ValueID], in graph: Graph
  ) -> (ValueID, ElementFunction)? {
    let (a, b) = (inputs[0], inputs[1])
    if let c = graph.uniformConstant(b) {
      switch kind {
      case .add: return (a, ElementFunction(.affine, alpha: 1, beta: c))
      case .subtract: return (a, ElementFunction(.affine, alpha: 1, beta: -c))
      case .multiply: return (a, ElementFunction(.affine, alpha: c, beta: 0))
      case .divide: return !(1 / c).isFinite ? nil : (a, ElementFunction(.affine, alpha: 1 / c, beta: 0))
      default: return nil
      }
    }
    guard let c = graph.uniformConstant(a) else { return nil }
    switch kind {
    case .add: return (b, ElementFunction(.affine, alpha: 1, beta: c))
    case .subtract: return (b, ElementFunction(.affine, alpha: -1, beta: c))
    case .multiply: return (b, ElementFunction(.affine, alpha: c, beta: 0))
    default: return nil
    }
  }

  private func mergeAffines(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let outer = (node.op as? Unary)?.function, outer.kind == .affine,
      let (inner, x) = graph.function(of: node.inputs[0]), inner.kind == .affine,
      graph.readerCount(of: node.inputs[0]) == 1
    else { return nil }
    let merged = ElementFunction(
      .affine, alpha: outer.alpha * inner.alpha, beta: outer.alpha * inner.beta + outer.beta)
    return .replacing(node, by: Unary(merged), inputs: [.existing(x)])
  }
}
