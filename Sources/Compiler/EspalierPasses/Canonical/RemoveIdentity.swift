public import EspalierGraph
internal import EspalierOperators

/// Takes out operators that hand their input through.
///
/// ## Before
///     y = Identity(x)        (also a Reshape or Transpose that changes nothing, Unary identity)
/// ## After
///     readers of y read x
public struct RemoveIdentity: RewritePass {
  public static let name = "RemoveIdentity"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard isIdentity(node, in: graph), graph.type(of: node.inputs[0]) == graph.type(of: node.outputs[0]),
      node.outputs.dropFirst().allSatisfy({ graph.readerCount(of: $0) == 0 })
    else { return nil }
    var patch = GraphPatch()
    patch.replace(node.outputs[0], with: .existing(node.inputs[0]))
    patch.remove(node.id)
    return patch
  }

  private func isIdentity(_ node: Node, in graph: Graph) -> Bool {
    switch node.op {
    case is Identity, is Reshape, is Flatten, is Squeeze, is Unsqueeze: true
    case let transpose as Transpose: transpose.permutation == Array(transpose.permutation.indices)
    case let unary as Unary: unary.function.kind == .identity
    case is Concat: node.inputs.count == 1
    default: false
    }
  }
}
