public import EspalierGraph
internal import EspalierOperators

/// Finds a channel shuffle again.
///
/// ## Before
///     a = Reshape(x) {N, g, C/g, H, W}
///     b = Transpose(a) {0, 2, 1, 3, 4}
///     y = Reshape(b) {N, C, H, W}
/// ## After
///     y = ChannelShuffle(x) {groups = g}
///
/// Fires only when nothing else reads `a` and `b`; H and W may stand as one axis in between.
public struct RecognizeChannelShuffle: RewritePass {
  public static let name = "RecognizeChannelShuffle"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Reshape, let middle = graph.producer(of: node.inputs[0]),
      let transpose = middle.op as? Transpose, graph.isOnlyReader(node, of: node.inputs[0]),
      let first = graph.producer(of: middle.inputs[0]), first.op is Reshape,
      graph.isOnlyReader(middle, of: middle.inputs[0])
    else { return nil }
    let (x, y) = (graph.type(of: first.inputs[0]).shape, graph.type(of: node.outputs[0]).shape)
    let split = graph.type(of: middle.inputs[0]).shape
    guard x == y, x.count == 4, split.count >= 4, transpose.permutation == swapped(split.count),
      split[0] == x[0], split[1] * split[2] == x[1],
      split.dropFirst(3).elementCount == x[2] * x[3]
    else { return nil }
    return .replacing(
      node, by: ChannelShuffle(groups: split[1]), inputs: [.existing(first.inputs[0])],
      alsoRemoving: [middle, first])
  }

  private func swapped(_ rank: Int) -> [Int] { [0, 2, 1] + (3..<rank) }
}

extension ArraySlice<Int> {
  fileprivate var elementCount: Int { reduce(1, *) }
}
