public import EspalierGraph
internal import EspalierOperators

/// Makes one transpose of two in a row; `RemoveIdentity` takes out those that cancel.
///
/// ## Before
///     t = Transpose(x) {p};  y = Transpose(t) {q}
/// ## After
///     y = Transpose(x) {p[q[i]]}
public struct ComposeTransposes: RewritePass {
  public static let name = "ComposeTransposes"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let outer = node.op as? Transpose, let producer = graph.producer(of: node.inputs[0]),
      let inner = producer.op as? Transpose
    else { return nil }
    let permutation = outer.permutation.map { inner.permutation[$0] }
    return .replacing(
      node, by: Transpose(permutation: permutation), inputs: [.existing(producer.inputs[0])])
  }
}
