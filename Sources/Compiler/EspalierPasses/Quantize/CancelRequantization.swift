public import EspalierGraph
internal import EspalierOperators

/// Brings quantized elements to another scale without the numbers in between.
///
/// ## Before
///     y = QuantizeLinear(DequantizeLinear(x))
/// ## After
///     readers of y read x, where both have one scale, zero point and type
///     y = QuantizedUnary(x) {identity}, where not
///
/// ## Before
///     y = QuantizeLinear(Concat(a, b))         a, b: DequantizeLinear of something, or constants
/// ## After
///     y = Concat(QuantizeLinear(a), QuantizeLinear(b))
public struct CancelRequantization: RewritePass {
  public static let name = "CancelRequantization"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let target = node.quantizedOutput else { return nil }
    if let source = graph.quantized(node.inputs[0]) {
      if source.quantization == target.quantization, source.element == target.element {
        var patch = GraphPatch()
        patch.replace(node.outputs[0], with: .existing(source.elements))
        patch.remove(node.id)
        return patch
      }
      let op = QuantizedUnary(
        .identity, input: source.quantization, output: target.quantization, outputElement: target.element)
      return .replacing(node, by: op, inputs: [.existing(source.elements)])
    }
    return liftedAboveConcat(node, in: graph)
  }

  private func liftedAboveConcat(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let concat = graph.producer(of: node.inputs[0]), concat.op is Concat,
      graph.isOnlyReader(node, of: node.inputs[0]),
      concat.inputs.allSatisfy({ graph.quantized($0) != nil || graph.constant(of: $0) != nil })
    else { return nil }
    var patch = GraphPatch()
    let parts = concat.inputs.enumerated().map { index, input in
      patch.add(node.op, name: "\(node.name)/\(index)", inputs: [.existing(input)])
    }
    patch.replace(node.outputs[0], with: patch.add(concat.op, name: concat.name, inputs: parts))
    patch.remove(node.id)
    patch.remove(concat.id)
    return patch
  }
}
