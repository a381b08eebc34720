public import EspalierGraph
internal import EspalierOperators

/// Computes sums, products, averages and functions of quantized elements in integers and tables.
///
/// ## Before
///     y = QuantizeLinear(op(DequantizeLinear(a), …))
/// ## After
///     y = QuantizedUnary(a), QuantizedBinary(a, b), QuantizedAveragePool(a), QuantizedAffine(a) or QuantizedResize(a)
///
/// Fires for functions of one element, Add and Mul (with a Relu behind them), AveragePool and the mean over an
/// image's pixels, BatchNormalization, PRelu, and linear Resize of unchanged scale, where nothing else reads what
/// lies in between.
public struct FuseQuantizedElements: RewritePass {
  public static let name = "FuseQuantizedElements"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let target = node.quantizedOutput, let inner = graph.producer(of: node.inputs[0]),
      graph.isOnlyReader(node, of: node.inputs[0])
    else { return nil }
    if let unary = inner.op as? Unary {
      if unary.function == .relu, let binary = graph.producer(of: inner.inputs[0]),
        graph.isOnlyReader(inner, of: inner.inputs[0]),
        let patch = fused(binary, rectifies: true, node, target, in: graph, alsoRemoving: [inner, binary])
      {
        return patch
      }
      guard let source = graph.quantized(inner.inputs[0]) else { return nil }
      let op = QuantizedUnary(
        unary.function, input: source.quantization, output: target.quantization,
        outputElement: target.element)
      return .replacing(node, by: op, inputs: [.existing(source.elements)], alsoRemoving: [inner])
    }
    if let binary = inner.op as? Binary, binary.kind != .prelu {
      guard binary.activation == .identity || binary.activation == .relu else { return nil }
      return fused(
        inner, rectifies: binary.activation == .relu, node, target, in: graph, alsoRemoving: [inner])
    }
    return pooled(inner, node, target, in: graph) ?? scaled(inner, node, target, in: graph)
      ?? resized(inner, node, target, in: graph)
  }

  private func scaled(
    _ node: Node, _ quantizer: Node, _ target: (quantization: Quantization, element: ElementType),
    in graph: Graph
  ) -> GraphPatch? {
    guard let slopes = ChannelSlopes(node, in: graph), let source = graph.quantized(slopes.input)
    else { return nil }
    var patch = GraphPatch()
    let parameters = zip(["factor", "addend", "slope"], slopes.parameters).map { name, tensor in
      patch.constant(tensor, name: "\(node.name)/\(name)")
    }
    let op = QuantizedAffine(
      input: source.quantization, output: target.quantization, outputElement: target.element)
    let result = patch.add(op, name: quantizer.name, inputs: [.existing(source.elements)] + parameters)
    patch.replace(quantizer.outputs[0], with: result)
    patch.remove(quantizer.id)
    patch.remove(node.id)
    return patch
  }

  private func resized(
    _ node: Node, _ quantizer: Node, _ target: (quantization: Quantization, element: ElementType),
    in graph: Graph
  ) -> GraphPatch? {
    guard let resize = node.op as? Resize, resize.mode == .linear, resize.fitsBytes,
      graph.type(of: node.inputs[0]).rank == 4, let source = graph.quantized(node.inputs[0]),
      source.quantization == target.quantization, source.element == target.element
    else { return nil }
    return .replacing(
      quantizer, by: QuantizedResize(resize), inputs: [.existing(source.elements)], alsoRemoving: [node])
  }

  private func fused(
    _ node: Node, rectifies: Bool, _ quantizer: Node, _ target: (Quantization, ElementType),
    in graph: Graph, alsoRemoving others: [Node]
  ) -> GraphPatch? {
    guard let binary = node.op as? Binary, binary.kind == .add || binary.kind == .multiply,
      binary.activation == .identity || rectifies && others.count == 1,
      let a = graph.quantized(node.inputs[0]), let b = graph.quantized(node.inputs[1])
    else { return nil }
    let op = QuantizedBinary(
      binary.kind == .add ? .add : .multiply, a: a.quantization, b: b.quantization, output: target.0,
      outputElement: target.1, rectifies: rectifies)
    return .replacing(
      quantizer, by: op, inputs: [.existing(a.elements), .existing(b.elements)], alsoRemoving: others)
  }

  private func pooled(
    _ node: Node, _ quantizer: Node, _ target: (quantization: Quantization, element: ElementType),
    in graph: Graph
  ) -> GraphPatch? {
    guard let pool = averagePool(node, in: graph), let source = graph.quantized(node.inputs[0]),
      source.element == target.element
    else { return nil }
    let op = QuantizedAveragePool(
      pool, input: source.quantization, output: target.quantization, element: source.element)
    var patch = GraphPatch()
    var result = patch.add(op, name: quantizer.name, inputs: [.existing(source.elements)])
    let shape = graph.type(of: node.outputs[0]).shape
    if shape.count == 2 {
      result = patch.add(Reshape(shape: shape), name: "\(quantizer.name)/flat", inputs: [result])
    }
    patch.replace(quantizer.outputs[0], with: result)
    patch.remove(quantizer.id)
    patch.remove(node.id)
    return patch
  }

  /// The pooling that a node is: AveragePool of an image, or the mean over its pixels.
  private func averagePool(_ node: Node, in graph: Graph) -> AveragePool? {
    guard let type = node.inputs.first.map({ graph.type(of: $0) }), type.rank == 4 else { return nil }
    if let pool = node.op as? AveragePool { return pool }
    guard let reduce = node.op as? Reduce, reduce.kind == .mean, reduce.axes == [2, 3] else { return nil }
    return AveragePool(kernel: Array(type.shape.dropFirst(2)), strides: [1, 1])
  }
}
