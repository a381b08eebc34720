public import EspalierGraph
internal import EspalierOperators

/// Finds channel shuffles again, and halves of channels that a shuffle deals out.
///
/// ## Before
///     a = Reshape(x) {N, g, C/g, H, W};  b = Transpose(a) {0, 2, 1, 3, 4};  y = Reshape(b) {N, C, H, W}
///     a = Reshape(x) {C/g, g, HW};  b = Transpose(a) {1, 0, 2};  c = Reshape(b) {g, 1, C/g, H, W}
///     z = Gather(c) {axis 0, index k}
/// ## After
///     y = ChannelShuffle(x) {groups = g}
///     z = Slice(x) {every g-th channel from k on}
///
/// Fires only when nothing else reads `a` and `b`; H and W may stand as one axis in between.
public struct RecognizeChannelShuffle: RewritePass {
  public static let name = "RecognizeChannelShuffle"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    switch node.op {
    case is Reshape: shuffle(node, in: graph)
    case let gather as Gather: dealt(node, gather, in: graph)
    default: nil
    }
  }

  private func shuffle(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let found = regrouping(behind: node, in: graph) else { return nil }
    let (x, y) = (graph.type(of: found.input).shape, graph.type(of: node.outputs[0]).shape)
    guard x == y, x.count == 4, found.split.count >= 4, found.split[0] == x[0],
      found.permutation == [0, 2, 1] + Array(3..<found.split.count),
      found.split[1] * found.split[2] == x[1], found.split.dropFirst(3).reduce(1, *) == x[2] * x[3]
    else { return nil }
    return .replacing(
      node, by: ChannelShuffle(groups: found.split[1]), inputs: [.existing(found.input)],
      alsoRemoving: found.nodes)
  }

  /// One of the images that a shuffle over groups as many as images makes of one.
  private func dealt(_ node: Node, _ gather: Gather, in graph: Graph) -> GraphPatch? {
    guard gather.axis == 0, let table = gather.table, table.shape.isEmpty, let index = table.indices.first,
      let outer = graph.producer(of: node.inputs[0]), outer.op is Reshape,
      let found = regrouping(behind: outer, in: graph, wantsOnlyReader: false)
    else { return nil }
    let (x, y) = (graph.type(of: found.input).shape, graph.type(of: outer.outputs[0]).shape)
    guard x.count == 4, x[0] == 1, found.split.count >= 3, y.count == 5, y[1] == 1,
      found.permutation == [1, 0] + Array(2..<found.split.count),
      found.split[0] * found.split[1] == x[1], y[0] == found.split[1], y[2] == found.split[0],
      Array(y[3...]) == Array(x[2...]), index >= -y[0], index < y[0]
    else { return nil }
    let first = index < 0 ? index + y[0] : index
    let channels = Slice.AxisRange(axis: 1, start: first, end: .max, step: y[0])
    return .replacing(node, by: Slice([channels]), inputs: [.existing(found.input)])
  }

  /// A Reshape, a Transpose and the Reshape that `node` is.
  private func regrouping(
    behind node: Node, in graph: Graph, wantsOnlyReader: Bool = true
  ) -> (input: ValueID, split: Shape, permutation: [Int], nodes: [Node])? {
    guard let middle = graph.producer(of: node.inputs[0]), let transpose = middle.op as? Transpose,
      let first = graph.producer(of: middle.inputs[0]), first.op is Reshape,
      !wantsOnlyReader
        || (graph.isOnlyReader(node, of: node.inputs[0]) && graph.isOnlyReader(middle, of: middle.inputs[0]))
    else { return nil }
    return (
      first.inputs[0], graph.type(of: middle.inputs[0]).shape, transpose.permutation, [middle, first]
    )
  }
}
