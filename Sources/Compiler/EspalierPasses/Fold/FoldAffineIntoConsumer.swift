public import EspalierGraph
internal import EspalierOperators

/// Folds a scale and shift per channel into the convolution or matrix product that reads it.
///
/// ## Before
///     t = k · x + s
///     y = Conv(t, W, b)            (or ConvTranspose, or Gemm)
/// ## After
///     y = Conv(x, W · k, b + Σ W · s)      sums over input channels and taps
///
/// Fires only when nothing else reads `t`, and where s ≠ 0 only without padding, whose zeros are not shifted,
/// and not for ConvTranspose, whose border sums over fewer taps. Equal up to float32 rounding.
public struct FoldAffineIntoConsumer: RewritePass {
  public static let name = "FoldAffineIntoConsumer"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard var linear = LinearNode(node, in: graph), let scaling = graph.producer(of: node.inputs[0]),
      graph.isOnlyReader(node, of: node.inputs[0]), let affine = ChannelAffine(scaling, in: graph),
      affine.shift.allSatisfy({ $0 == 0 }) || linear.takesShiftedInput
    else { return nil }
    linear.input = affine.input
    linear.absorbInput(scale: affine.scale, shift: affine.shift)
    var patch = GraphPatch()
    let result = linear.add(to: &patch, name: node.name)
    patch.replace(node.outputs[0], with: result)
    patch.remove(node.id)
    patch.remove(scaling.id)
    return patch
  }
}
