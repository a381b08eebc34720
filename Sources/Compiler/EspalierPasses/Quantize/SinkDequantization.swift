public import EspalierGraph
internal import EspalierOperators

/// Moves quantized elements rather than the numbers that they stand for.
///
/// ## Before
///     y = Transpose(DequantizeLinear(x))       (or Reshape, Slice, Split, MaxPool, …)
/// ## After
///     y = DequantizeLinear(Transpose(x))
///
/// Fires where one scale serves the whole tensor, Concat where one serves all its inputs, and for the
/// transposition of constants with a scale per channel. Exact: such operators choose elements, and the largest
/// element stands for the largest number.
public struct SinkDequantization: RewritePass {
  public static let name = "SinkDequantization"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    if let transpose = node.op as? Transpose, let patch = constant(transpose, node, in: graph) {
      return patch
    }
    guard moves(node, in: graph), let first = graph.quantized(node.inputs[0]) else { return nil }
    var sources: [ValueID] = []
    for input in node.inputs {
      guard let own = graph.quantized(input), own.quantization == first.quantization,
        own.element == first.element
      else { return nil }
      sources.append(own.elements)
    }
    guard let types = try? node.op.inferOutputs(sources.map(graph.type(of:))),
      types.count == node.outputs.count
    else { return nil }
    return patch(node, sources, first.quantization, in: graph)
  }

  /// Moves the elements; at once where they are known, so that they stay constants.
  private func patch(
    _ node: Node, _ sources: [ValueID], _ quantization: Quantization, in graph: Graph
  ) -> GraphPatch? {
    var patch = GraphPatch()
    let constants = sources.compactMap { graph.constant(of: $0) }
    var moved: [GraphPatch.Reference] = []
    if constants.count == sources.count {
      guard let tensors = try? node.op.evaluate(constants) else { return nil }
      moved = tensors.map { patch.constant($0, name: "\(node.name)/elements") }
    } else {
      _ = patch.add(node.op, name: node.name, inputs: sources.map { .existing($0) })
      moved = node.outputs.indices.map { .new(node: 0, output: $0) }
    }
    for (output, elements) in zip(node.outputs, moved) {
      let float = patch.add(
        DequantizeLinear(quantization), name: "\(graph[output].name)/float", inputs: [elements])
      patch.replace(output, with: float)
    }
    patch.remove(node.id)
    return patch
  }

  private func moves(_ node: Node, in graph: Graph) -> Bool {
    guard let pool = node.op as? MaxPool else { return node.op is any MovingOperator }
    // A window that reaches no element has no least number among the quantized ones.
    let window = pool.window
    return !pool.givesIndices && pool.kernel.count == 2
      && (0..<2).allSatisfy { max(window.before($0), window.behind($0)) < window.span($0) }
  }

  private func constant(_ transpose: Transpose, _ node: Node, in graph: Graph) -> GraphPatch? {
    guard let producer = graph.producer(of: node.inputs[0]), var op = producer.op as? DequantizeLinear,
      let tensor = graph.constant(of: producer.inputs[0]),
      let moved = try? transpose.evaluate([tensor]).first
    else { return nil }
    op.axis = op.axis.flatMap { transpose.permutation.firstIndex(of: $0) }
    var patch = GraphPatch()
    let elements = patch.constant(moved, name: "\(graph[producer.inputs[0]].name)/transposed")
    patch.replace(node.outputs[0], with: patch.add(op, name: node.name, inputs: [elements]))
    patch.remove(node.id)
    return patch
  }
}
