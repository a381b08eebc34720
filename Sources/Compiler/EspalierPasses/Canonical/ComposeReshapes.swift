public import EspalierGraph
internal import EspalierOperators

/// Makes one reshape of several in a row, and a reshape of a transpose that only moves axes of one element.
///
/// ## Before
///     t = Reshape(x);  y = Reshape(t)              (also Flatten, Squeeze, Unsqueeze)
///     y = Transpose(x) {order of the axes with more than one element kept}
/// ## After
///     y = Reshape(x)
///
/// Fires only when nothing else reads `t`.
public struct ComposeReshapes: RewritePass {
  public static let name = "ComposeReshapes"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    let shape = graph.type(of: node.outputs[0]).shape
    let reshape = Reshape(shape: shape, allowsZero: true)
    if let transpose = node.op as? Transpose {
      let input = graph.type(of: node.inputs[0]).shape
      let moved = transpose.permutation.filter { input[$0] != 1 }
      guard moved == moved.sorted(), input != shape else { return nil }
      return .replacing(node, by: reshape, inputs: [.existing(node.inputs[0])])
    }
    guard Self.renamesAxes(node), let producer = graph.producer(of: node.inputs[0]),
      Self.renamesAxes(producer), graph.isOnlyReader(node, of: node.inputs[0])
    else { return nil }
    return .replacing(
      node, by: reshape, inputs: [.existing(producer.inputs[0])], alsoRemoving: [producer])
  }

  /// Whether the node is its input under another shape.
  static func renamesAxes(_ node: Node) -> Bool {
    node.op is Reshape || node.op is Flatten || node.op is Squeeze || node.op is Unsqueeze
  }
}
