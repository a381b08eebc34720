public import EspalierGraph
internal import EspalierOperators

/// Takes out the quantization of activations by each frame's own range, so that the ranges of calibration can take
/// its place, or float32.
///
/// ## Before
///     q, s, z = DynamicQuantizeLinear(x)           (as import writes it)
///     y = Cast(ConvInteger(q, W, z)) · (s · k)     (or MatMulInteger)
/// ## After
///     y = Conv(x, W) · k
///
/// Fires where k is constant. Not equal: the result is no longer off by the rounding of q.
public struct RemoveDynamicQuantization: RewritePass {
  public static let name = "RemoveDynamicQuantization"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    for (sum, scale) in operands(node, .multiply).map({ [$0, ($0.1, $0.0)] }) ?? [] {
      guard let product = integerProduct(sum, in: graph),
        let dynamic = dynamic(product.inputs[0], in: graph),
        let factor = constantFactor(scale, of: dynamic.scale, in: graph),
        graph.type(of: product.outputs[0]).shape.broadcast(with: graph.type(of: factor).shape)
          == graph.type(of: node.outputs[0]).shape
      else { continue }
      var patch = GraphPatch()
      let bare = patch.add(
        product.op, name: product.name, inputs: [.existing(dynamic.input), .existing(product.inputs[1])])
      let scaled = patch.add(Binary(.multiply), name: node.name, inputs: [bare, .existing(factor)])
      patch.replace(node.outputs[0], with: scaled)
      patch.remove(node.id)
      return patch
    }
    return nil
  }

  /// What was quantized dynamically, and its scale.
  private struct Dynamic {
    var input: ValueID
    var scale: ValueID
  }

  /// The product whose integers a value is, as float32.
  private func integerProduct(_ value: ValueID, in graph: Graph) -> Node? {
    guard let float = graph.producer(of: value), (float.op as? Cast)?.element == .float32,
      let integer = graph.producer(of: float.inputs[0]), (integer.op as? Cast)?.element == .int32,
      let product = graph.producer(of: integer.inputs[0]), product.op is Conv || product.op is MatMul,
      product.inputs.count == 2
    else { return nil }
    return product
  }

  /// `float(q) - float(z)`, where `q = uint8(clip(round(x / s) + float(z)))`.
  private func dynamic(_ value: ValueID, in graph: Graph) -> Dynamic? {
    guard let (elements, zero) = graph.producer(of: value).flatMap({ operands($0, .subtract) }),
      let float = graph.producer(of: elements), (float.op as? Cast)?.element == .float32,
      let quantized = graph.producer(of: float.inputs[0]), (quantized.op as? Cast)?.element == .uint8,
      let clip = graph.producer(of: quantized.inputs[0]), (clip.op as? Unary)?.function.kind == .clip,
      let (rounded, offset) = graph.producer(of: clip.inputs[0]).flatMap({ operands($0, .add) }),
      let round = graph.producer(of: rounded), (round.op as? Unary)?.function.kind == .round,
      let (input, scale) = graph.producer(of: round.inputs[0]).flatMap({ operands($0, .divide) }),
      number(zero, in: graph) == number(offset, in: graph),
      graph.constant(of: number(scale, in: graph)) == nil
    else { return nil }
    return Dynamic(input: input, scale: number(scale, in: graph))
  }

  /// The constant k of `s · k`.
  private func constantFactor(_ value: ValueID, of scale: ValueID, in graph: Graph) -> ValueID? {
    guard let (a, b) = graph.producer(of: value).flatMap({ operands($0, .multiply) }) else { return nil }
    for (own, factor) in [(a, b), (b, a)]
    where number(own, in: graph) == scale && graph.constant(of: factor) != nil {
      return factor
    }
    return nil
  }

  /// The value that a number was before it was laid out and made float32.
  private func number(_ value: ValueID, in graph: Graph) -> ValueID {
    var value = value
    while let node = graph.producer(of: value),
      node.op is Reshape || (node.op as? Cast)?.element == .float32
    {
      value = node.inputs[0]
    }
    return value
  }

  private func operands(_ node: Node, _ kind: Binary.Kind) -> (ValueID, ValueID)? {
    guard let binary = node.op as? Binary, binary.kind == kind, binary.activation == .identity else {
      return nil
    }
    return (node.inputs[0], node.inputs[1])
  }
}
