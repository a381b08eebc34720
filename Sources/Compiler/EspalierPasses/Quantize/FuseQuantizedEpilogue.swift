public import EspalierGraph
internal import EspalierOperators

/// Lets a quantized convolution clamp, quantize and look up on its way out.
///
/// ## Before
///     t = QuantizedConv(x, W) {float32 output}
///     u = Unary(relu or clip)(t)
///     v = QuantizeLinear(u)
///     y = QuantizedUnary(f)(v)
/// ## After
///     y = QuantizedConv(x, W) {sum quantized as v, activation = f}
///
/// One step a time, each where nothing else reads what lies in between; f only where no clamp came before it.
public struct FuseQuantizedEpilogue: RewritePass {
  public static let name = "FuseQuantizedEpilogue"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let input = node.inputs.first, let producer = graph.producer(of: input),
      let conv = producer.op as? QuantizedConv, graph.isOnlyReader(node, of: input),
      let fused = fused(conv, with: node)
    else { return nil }
    var patch = GraphPatch()
    let result = patch.add(fused, name: producer.name, inputs: producer.inputs.map { .existing($0) })
    patch.replace(node.outputs[0], with: result)
    patch.remove(node.id)
    patch.remove(producer.id)
    return patch
  }

  private func fused(_ conv: QuantizedConv, with node: Node) -> QuantizedConv? {
    var conv = conv
    if let unary = node.op as? Unary {
      guard conv.sum == nil, conv.activation == .identity, unary.function.isClamp else { return nil }
      conv.activation = unary.function
    } else if let target = node.quantizedOutput {
      guard conv.sum == nil else { return nil }
      (conv.sum, conv.output, conv.outputElement) = (target.quantization, target.quantization, target.element)
    } else if let table = node.op as? QuantizedUnary {
      guard let sum = conv.sum, conv.activation == .identity, conv.output == sum, table.input == sum,
        table.outputElement == conv.outputElement
      else { return nil }
      (conv.activation, conv.output) = (table.function, table.output)
    } else {
      return nil
    }
    return conv
  }
}
