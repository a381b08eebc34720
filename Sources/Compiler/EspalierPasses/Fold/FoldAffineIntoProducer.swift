public import EspalierGraph
internal import EspalierOperators

/// Folds a batch normalization, or any scale and shift per channel, into what computes its input.
///
/// ## Before
///     t = Conv(x, W, b)            (or ConvTranspose, or Gemm)
///     y = k · t + s                k, s: one per output channel; BatchNormalization has
///                                  k = γ / √(σ² + ε), s = β − μ · k
/// ## After
///     y = Conv(x, W · k, b · k + s)
///
/// Fires only when nothing else reads `t`, and the convolution has no activation yet. Equal up to float32
/// rounding.
public struct FoldAffineIntoProducer: RewritePass {
  public static let name = "FoldAffineIntoProducer"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let affine = ChannelAffine(node, in: graph), let producer = graph.producer(of: affine.input),
      graph.isOnlyReader(node, of: affine.input),
      var linear = LinearNode(producer, in: graph), linear.isFoldable
    else { return nil }
    linear.scaleOutputs(by: affine.scale, shift: affine.shift)
    var patch = GraphPatch()
    let result = linear.add(to: &patch, name: producer.name)
    patch.replace(node.outputs[0], with: result)
    patch.remove(node.id)
    patch.remove(producer.id)
    return patch
  }
}
