public import EspalierGraph
internal import EspalierOperators

/// Convolves quantized elements rather than the numbers that they stand for.
///
/// ## Before
///     y = Conv(DequantizeLinear(x), DequantizeLinear(W), b)      (or Gemm, MatMul of two matrices)
/// ## After
///     y = QuantizedConv(x, W, b) {float32 output}
///
/// Fires where x has one scale, W is constant with one scale or one per output channel, and W's elements less
/// their zero points are int8: those are kept as they are. The bias may be quantized. Exact up to the rounding of
/// each output.
public struct FuseQuantizedProduct: RewritePass {
  public static let name = "FuseQuantizedProduct"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.inputs.count >= 2, let input = graph.quantized(node.inputs[0]),
      graph.constant(of: input.elements) == nil, let product = product(node, in: graph)
    else { return nil }
    var op = product.op
    op.input = input.quantization
    op.inputElement = input.element
    op.weightScales = product.weights.scales
    op.hasBias = product.bias != nil
    var patch = GraphPatch()
    var inputs = [
      GraphPatch.Reference.existing(input.elements),
      patch.constant(product.weights.elements, name: "\(node.name)/weights"),
    ]
    if let bias = product.bias {
      inputs.append(
        patch.constant(Tensor(shape: [bias.count], floats: bias), name: "\(node.name)/bias"))
    }
    patch.replace(node.outputs[0], with: patch.add(op, name: node.name, inputs: inputs))
    patch.remove(node.id)
    return patch
  }

  private struct Product {
    /// Without what follows from the input and the weights.
    var op: QuantizedConv
    var weights: QuantizedFilters
    var bias: [Float]?
  }

  private func product(_ node: Node, in graph: Graph) -> Product? {
    let unknown = Quantization(scale: 1, zeroPoint: 0)
    let matrix = QuantizedConv(input: unknown, weightScales: [], sum: nil)
    switch node.op {
    case let conv as Conv where !conv.hasResidual && graph.type(of: node.inputs[0]).rank == 4:
      guard conv.activation == .identity || conv.activation.isClamp,
        let weights = QuantizedFilters(node.inputs[1], outputAxis: 0, in: graph)
      else { return nil }
      let op = QuantizedConv(
        strides: conv.strides, dilations: conv.dilations, pads: conv.pads, groups: conv.groups,
        input: unknown, weightScales: [], sum: nil, activation: conv.activation)
      guard conv.hasBias else { return Product(op: op, weights: weights) }
      return graph.floatConstant(node.inputs[2]).map { Product(op: op, weights: weights, bias: $0) }
    case let gemm as Gemm where !gemm.transposesA && gemm.alpha == 1 && gemm.activation == .identity:
      guard let weights = QuantizedFilters(node.inputs[1], outputAxis: gemm.transposesB ? 0 : 1, in: graph)
      else { return nil }
      guard gemm.hasAddend else { return Product(op: matrix, weights: weights) }
      return bias(gemm, node, outputs: weights.scales.count, in: graph).map {
        Product(op: matrix, weights: weights, bias: $0)
      }
    case is MatMul where node.inputs.allSatisfy({ graph.type(of: $0).rank == 2 }):
      return QuantizedFilters(node.inputs[1], outputAxis: 1, in: graph).map {
        Product(op: matrix, weights: $0)
      }
    default: return nil
    }
  }

  /// The addend of a Gemm, where it is one number for each column.
  private func bias(_ gemm: Gemm, _ node: Node, outputs: Int, in graph: Graph) -> [Float]? {
    let shape = graph.type(of: node.inputs[2]).shape
    guard let elements = graph.floatConstant(node.inputs[2]), elements.count == 1 || shape.last == outputs,
      elements.count == 1 || elements.count == outputs
    else { return nil }
    let bias = elements.map { $0 * gemm.beta }
    return bias.count == outputs ? bias : [Float](repeating: bias[0], count: outputs)
  }
}

/// Constant weights in 8 bits: elements `[M, …]` of int8 with zero point 0, one scale per output channel.
struct QuantizedFilters {
  var elements: Tensor
  var scales: [Float]

  /// - Parameters:
  ///   - value: What DequantizeLinear makes of the weights.
  ///   - outputAxis: The weights' axis of output channels; 1 only for matrices, which are transposed.
  /// - Returns: Nil where the weights are not constant, or not int8 once their zero points are taken off.
  init?(_ value: ValueID, outputAxis: Int, in graph: Graph) {
    guard let node = graph.producer(of: value), let op = node.op as? DequantizeLinear,
      let constant = graph.constant(of: node.inputs[0]),
      constant.type.element == .int8 || constant.type.element == .uint8,
      op.axis == nil || op.axis == outputAxis, op.scales.allSatisfy({ $0 > 0 })
    else { return nil }
    let outputs = constant.shape[outputAxis]
    let inner = constant.shape[(outputAxis + 1)...].reduce(1, *)
    var elements = constant.integers
    for position in elements.indices {
      let channel = op.axis == nil ? 0 : position / inner % outputs
      elements[position] -= Int64(op.zeroPoints[channel])
      guard (-128...127).contains(elements[position]) else { return nil }
    }
    var shape = constant.shape
    if outputAxis == 1 {
      let (rows, columns) = (shape[0], shape[1])
      elements = (0..<columns).flatMap { column in (0..<rows).map { elements[$0 * columns + column] } }
      shape = [columns, rows]
    }
    self.elements = Tensor(shape: shape, element: .int8, integers: elements)
    scales = op.scales.count == outputs ? op.scales : [Float](repeating: op.scales[0], count: outputs)
  }
}
