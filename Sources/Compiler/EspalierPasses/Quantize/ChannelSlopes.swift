internal import EspalierGraph
internal import EspalierOperators

/// A node that scales and shifts every channel on its own, and scales negative results once more: batch
/// normalization, PRelu, or the second behind the first.
///
///     t = factor[c] · x[c] + addend[c],  y = t < 0 ? slope[c] · t : t
struct ChannelSlopes {
  var input: ValueID
  var factor: [Float]
  var addend: [Float]
  var slope: [Float]

  /// Nil where the node is neither, or where parameters are computed from the frame.
  init?(_ node: Node, in graph: Graph) {
    switch node.op {
    case is BatchNormalization:
      guard let affine = ChannelAffine(node, in: graph) else { return nil }
      (input, factor, addend) = (affine.input, affine.scale, affine.shift)
      slope = [Float](repeating: 1, count: factor.count)
    case let binary as Binary where binary.kind == .prelu && binary.activation == .identity:
      let shape = graph.type(of: node.inputs[0]).shape
      guard (2...6).contains(shape.count), graph.type(of: node.outputs[0]).shape == shape,
        let slopes = graph.floatConstant(node.inputs[1]),
        let slope = ChannelAffine.perChannel(
          Tensor(shape: graph.type(of: node.inputs[1]).shape, floats: slopes), of: shape)
      else { return nil }
      input = node.inputs[0]
      factor = [Float](repeating: 1, count: shape[1])
      addend = [Float](repeating: 0, count: shape[1])
      self.slope = slope
    default: return nil
    }
  }

  /// How many steps of the output a step of the input makes, in the root mean square of all channels, where both
  /// tensors use these ranges whole: what is lost by rounding in front of the operator.
  func stepGain(input: Float, output: Float) -> Float {
    let square = factor.reduce(0) { $0 + $1 * $1 } / Float(max(1, factor.count))
    return square.squareRoot() * input / max(output, .leastNormalMagnitude)
  }

  /// `factor`, `addend` and `slope` as `QuantizedAffine` reads them.
  var parameters: [Tensor] {
    [factor, addend, slope].map { Tensor(shape: [$0.count], floats: $0) }
  }
}
