public import EspalierGraph
internal import EspalierOperators

/// Lets a convolution add the shortcut of a residual block on its way out.
///
/// ## Before
///     t = Conv(x, W, b)
///     y = f(t + r)                 r: of t's shape, computed from the frame
/// ## After
///     y = Conv(x, W, b, r) {activation = f}
///
/// Fires only when nothing else reads `t` and the convolution has neither activation nor residual. Of two
/// convolutions that are added, the later one takes the other's output; one that runs before what it is added
/// to waits for that.
public struct FuseResidualAdd: RewritePass {
  public static let name = "FuseResidualAdd"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let add = node.op as? Binary, add.kind == .add else { return nil }
    let (a, b) = (node.inputs[0], node.inputs[1])
    for (sum, shortcut) in graph.isComputed(b, before: a) ? [(a, b), (b, a)] : [(b, a), (a, b)] {
      guard let producer = graph.producer(of: sum), var conv = producer.op as? Conv,
        conv.activation == .identity, !conv.hasResidual, graph.isOnlyReader(node, of: sum),
        graph.type(of: sum) == graph.type(of: shortcut), graph.constant(of: shortcut) == nil
      else { continue }
      conv.hasResidual = true
      conv.activation = add.activation
      var patch = GraphPatch()
      let inputs = (producer.inputs + [shortcut]).map { GraphPatch.Reference.existing($0) }
      patch.replace(node.outputs[0], with: patch.add(conv, name: producer.name, inputs: inputs))
      patch.remove(node.id)
      patch.remove(producer.id)
      return patch
    }
    return nil
  }
}

extension Graph {
  /// Whether `value` is known by the time the node that computes `other` runs.
  func isComputed(_ value: ValueID, before other: ValueID) -> Bool {
    guard let own = producer(of: value) else { return true }
    guard let theirs = producer(of: other) else { return false }
    guard let a = position(of: own.id), let b = position(of: theirs.id) else { return false }
    return a < b
  }
}
