public import EspalierGraph

/// Computes at once what depends on constants alone.
///
/// ## Before
///     y = op(c, d)                 c, d: constants
/// ## After
///     y: a constant
///
/// Import folds on its way; this pass finds what other rewrites have made constant.
public struct FoldConstants: RewritePass {
  public static let name = "FoldConstants"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    let tensors = node.inputs.compactMap { graph.constant(of: $0) }
    guard !node.inputs.isEmpty, tensors.count == node.inputs.count,
      let results = try? node.op.evaluate(tensors), results.count == node.outputs.count
    else { return nil }
    var patch = GraphPatch()
    for (output, tensor) in zip(node.outputs, results) {
      patch.replace(output, with: patch.constant(tensor, name: graph[output].name))
    }
    patch.remove(node.id)
    return patch
  }
}
