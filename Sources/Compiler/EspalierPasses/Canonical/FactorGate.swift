public import EspalierGraph
internal import EspalierOperators

/// Adds a gated value to itself by a gate that is larger by 1.
///
/// ## Before
///     t = x · g                    g: fewer elements than x, one per channel usually
///     y = x + t
/// ## After
///     y = x · (g + 1)
///
/// Fires only when nothing else reads `t`. Equal up to float32 rounding.
public struct FactorGate: RewritePass {
  public static let name = "FactorGate"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let sum = node.op as? Binary, sum.kind == .add,
      graph.type(of: node.outputs[0]).element == .float32
    else { return nil }
    for (x, gated) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
      guard let (a, b) = graph.operands(of: gated, .multiply), a == x || b == x,
        graph.isOnlyReader(node, of: gated), let product = graph.producer(of: gated)
      else { continue }
      let gate = a == x ? b : a
      guard graph.constant(of: gate) == nil,
        graph.type(of: gate).elementCount < graph.type(of: x).elementCount
      else { continue }
      var patch = GraphPatch()
      let one = ElementFunction(.affine, alpha: 1, beta: 1)
      let larger = patch.add(Unary(one), name: product.name, inputs: [.existing(gate)])
      let scaled = patch.add(
        Binary(.multiply, activation: sum.activation), name: node.name, inputs: [.existing(x), larger])
      patch.replace(node.outputs[0], with: scaled)
      patch.remove(node.id)
      patch.remove(product.id)
      return patch
    }
    return nil
  }
}
