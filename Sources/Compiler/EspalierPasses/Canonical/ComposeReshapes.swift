public import EspalierGraph
internal import EspalierOperators

/// Makes one reshape of several in a row.
///
/// ## Before
///     t = Reshape(x);  y = Reshape(t)              (also Flatten, Squeeze, Unsqueeze)
/// ## After
///     y = Reshape(x)
///
/// Fires only when nothing else reads `t`.
public struct ComposeReshapes: RewritePass {
  public static let name = "ComposeReshapes"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard renamesAxes(node), let producer = graph.producer(of: node.inputs[0]), renamesAxes(producer),
      graph.isOnlyReader(node, of: node.inputs[0])
    else { return nil }
    let shape = graph.type(of: node.outputs[0]).shape
    return .replacing(
      node, by: Reshape(shape: shape, allowsZero: true), inputs: [.existing(producer.inputs[0])],
      alsoRemoving: [producer])
  }

  /// Whether the node is its input under another shape.
  private func renamesAxes(_ node: Node) -> Bool {
    node.op is Reshape || node.op is Flatten || node.op is Squeeze || node.op is Unsqueeze
  }
}
