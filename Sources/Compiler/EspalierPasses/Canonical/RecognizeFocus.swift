public import EspalierGraph
internal import EspalierOperators

/// Lets a strided convolution read the pixels that a Focus block deals out to channels.
///
/// ## Before
///     tᵢ = Slice(x) {H from dyᵢ by 2, W from dxᵢ by 2}        four of them
///     f = Concat(t₀, t₁, t₂, t₃) along C                      (or f = SpaceToDepth(x) {2})
///     y = Conv(f, W, b) {k × k, stride 1, pads p}
/// ## After
///     y = Conv(x, W', b) {2k × 2k, stride 2, pads 2p},   W'[m, c, 2ky + dyᵢ, 2kx + dxᵢ] = W[m, i·C + c, ky, kx]
///
/// Fires only when nothing else reads `f`, and H and W are even. The sums hold the same terms.
public struct RecognizeFocus: RewritePass {
  public static let name = "RecognizeFocus"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard var conv = node.op as? Conv, conv.groups == 1, conv.strides == [1, 1], conv.dilations == [1, 1],
      let dealer = graph.producer(of: node.inputs[0]), graph.isOnlyReader(node, of: node.inputs[0]),
      let weights = graph.constant(of: node.inputs[1]), weights.type.element == .float32,
      let (x, offsets) = source(of: dealer, in: graph)
    else { return nil }
    conv.strides = [2, 2]
    conv.pads = conv.pads.map { $0 * 2 }
    var patch = GraphPatch()
    let spread = patch.constant(Self.spread(weights, offsets), name: graph[node.inputs[1]].name + "/focus")
    let inputs = [.existing(x), spread] + node.inputs.dropFirst(2).map { GraphPatch.Reference.existing($0) }
    patch.replace(node.outputs[0], with: patch.add(conv, name: node.name, inputs: inputs))
    patch.remove(node.id)
    patch.remove(dealer.id)
    return patch
  }

  /// The image that all four parts are cut from, and where each of them starts.
  private func source(of dealer: Node, in graph: Graph) -> (ValueID, [(dy: Int, dx: Int)])? {
    if (dealer.op as? SpaceToDepth)?.blockSize == 2 {
      return (dealer.inputs[0], (0..<4).map { ($0 / 2, $0 % 2) })
    }
    guard (dealer.op as? Concat)?.axis == 1, dealer.inputs.count == 4 else { return nil }
    var sources: Set<ValueID> = []
    var offsets: [(dy: Int, dx: Int)] = []
    for part in dealer.inputs {
      guard let (root, starts) = everySecond(part, in: graph, depth: 0) else { return nil }
      sources.insert(root)
      offsets.append((starts[2] ?? 0, starts[3] ?? 0))
    }
    guard sources.count == 1, let x = sources.first, Set(offsets.map { $0.dy * 2 + $0.dx }).count == 4 else {
      return nil
    }
    let shape = graph.type(of: x).shape
    let part = graph.type(of: dealer.inputs[0]).shape
    guard shape.count == 4, shape[2] == 2 * part[2], shape[3] == 2 * part[3], shape[1] == part[1] else {
      return nil
    }
    return (x, offsets)
  }

  /// Follows slices by 2 along H and W; each axis once.
  private func everySecond(
    _ value: ValueID, in graph: Graph, depth: Int
  ) -> (ValueID, [Int: Int])? {
    guard let node = graph.producer(of: value), let slice = node.op as? Slice, depth < 2 else {
      return depth == 0 ? nil : (value, [:])
    }
    let shape = graph.type(of: node.inputs[0]).shape
    var starts: [Int: Int] = [:]
    for range in slice.ranges {
      guard let axis = shape.axis(range.axis), axis >= 2 else { return nil }
      let (start, count, step) = range.resolved(extent: shape[axis])
      guard step == 2, start < 2, count * 2 == shape[axis] else { return nil }
      starts[axis] = start
    }
    guard let (root, inner) = everySecond(node.inputs[0], in: graph, depth: depth + 1) else { return nil }
    guard Set(starts.keys).isDisjoint(with: inner.keys) else { return nil }
    return (root, starts.merging(inner) { own, _ in own })
  }

  /// The filters with their taps spread over the pixels that the four parts come from.
  private static func spread(_ weights: Tensor, _ offsets: [(dy: Int, dx: Int)]) -> Tensor {
    let (filters, channels) = (weights.shape[0], weights.shape[1] / 4)
    let (kh, kw) = (weights.shape[2], weights.shape[3])
    let source = weights.floats
    var result = [Float](repeating: 0, count: source.count)
    forEachIndex(of: weights.shape) { index, position in
      let (part, channel) = (index[1] / channels, index[1] % channels)
      let y = 2 * index[2] + offsets[part].dy
      let x = 2 * index[3] + offsets[part].dx
      result[((index[0] * channels + channel) * 2 * kh + y) * 2 * kw + x] = source[position]
    }
    return Tensor(shape: [filters, channels, 2 * kh, 2 * kw], floats: result)
  }
}
