public import EspalierGraph
internal import EspalierOperators

/// Finds channels that become blocks of pixels, and the reverse, in the three steps that spell them out.
///
/// ## Before
///     a = Reshape(x) {N, b, b, C, H, W};  c = Transpose(a) {0, 3, 4, 1, 5, 2};  y = Reshape(c) {N, C, bH, bW}
///     a = Reshape(x) {N, C, b, b, H, W};  c = Transpose(a) {0, 1, 4, 2, 5, 3};  y = Reshape(c) {N, C, bH, bW}
///     a = Reshape(x) {N, C, H, b, W, b};  c = Transpose(a) {0, 3, 5, 1, 2, 4};  z = Reshape(c) {N, b²C, H, W}
/// ## After
///     y = DepthToSpace(x) {b, DCR or CRD};  z = SpaceToDepth(x) {b}
///
/// Fires only when nothing else reads `a` and `c`.
public struct RecognizeDepthToSpace: RewritePass {
  public static let name = "RecognizeDepthToSpace"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Reshape, let middle = graph.producer(of: node.inputs[0]),
      let transpose = middle.op as? Transpose, graph.isOnlyReader(node, of: node.inputs[0]),
      let first = graph.producer(of: middle.inputs[0]), first.op is Reshape,
      graph.isOnlyReader(middle, of: middle.inputs[0]),
      let op = operation(graph.type(of: middle.inputs[0]).shape, transpose.permutation),
      let types = try? op.inferOutputs([graph.type(of: first.inputs[0])]),
      types == [graph.type(of: node.outputs[0])],
      op is DepthToSpace ? splitsChannels(first, in: graph) : splitsPixels(first, in: graph)
    else { return nil }
    return .replacing(node, by: op, inputs: [.existing(first.inputs[0])], alsoRemoving: [middle, first])
  }

  private func operation(_ split: Shape, _ permutation: [Int]) -> (any Operator)? {
    guard split.count == 6 else { return nil }
    switch permutation {
    case [0, 3, 4, 1, 5, 2] where split[1] == split[2]: return DepthToSpace(blockSize: split[1])
    case [0, 1, 4, 2, 5, 3] where split[2] == split[3]:
      return DepthToSpace(blockSize: split[2], mode: .columnRowDepth)
    case [0, 3, 5, 1, 2, 4] where split[3] == split[5]: return SpaceToDepth(blockSize: split[3])
    default: return nil
    }
  }

  /// `[N, C, H, W]` to `[N, a, b, c, H, W]`
  private func splitsChannels(_ node: Node, in graph: Graph) -> Bool {
    let (image, split) = (graph.type(of: node.inputs[0]).shape, graph.type(of: node.outputs[0]).shape)
    return image.count == 4 && image[0] == split[0] && image[1] == split[1] * split[2] * split[3]
      && image[2] == split[4]
  }

  /// `[N, C, H, W]` to `[N, C, H/b, b, W/b, b]`
  private func splitsPixels(_ node: Node, in graph: Graph) -> Bool {
    let (image, split) = (graph.type(of: node.inputs[0]).shape, graph.type(of: node.outputs[0]).shape)
    return image.count == 4 && image[0] == split[0] && image[1] == split[1]
      && image[2] == split[2] * split[3]
  }
}
