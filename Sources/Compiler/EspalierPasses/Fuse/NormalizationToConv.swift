public import EspalierGraph
internal import EspalierOperators

/// Lets a batch normalization that no convolution took compute the activation behind it.
///
/// ## Before
///     t = BatchNormalization(x, γ, β, μ, σ²);  y = Unary(f)(t)
/// ## After
///     y = Conv(x, k, s) {depthwise, one tap, activation = f}
///
/// Fires only for images, when nothing else reads `t` and kernels have `f` in their epilogue. Runs last:
/// other passes know a batch normalization better than such a convolution.
public struct NormalizationToConv: RewritePass {
  public static let name = "NormalizationToConv"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let function = (node.op as? Unary)?.function, function.fitsEpilogue,
      let producer = graph.producer(of: node.inputs[0]), producer.op is BatchNormalization,
      graph.isOnlyReader(node, of: node.inputs[0]), graph.type(of: node.outputs[0]).rank == 4,
      let affine = ChannelAffine(producer, in: graph)
    else { return nil }
    let channels = affine.scale.count
    var patch = GraphPatch()
    let weights = Tensor(shape: [channels, 1, 1, 1], floats: affine.scale)
    let bias = Tensor(shape: [channels], floats: affine.shift)
    let result = patch.add(
      Conv(groups: channels, activation: function, hasBias: true), name: producer.name,
      inputs: [
        .existing(affine.input), patch.constant(weights, name: producer.name + "/weights"),
        patch.constant(bias, name: producer.name + "/bias"),
      ])
    patch.replace(node.outputs[0], with: result)
    patch.remove(node.id)
    patch.remove(producer.id)
    return patch
  }
}
