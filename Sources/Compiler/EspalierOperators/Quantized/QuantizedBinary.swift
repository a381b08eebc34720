public import EspalierGraph
internal import EspalierKernels

/// Sum or product of two quantized tensors, broadcast to one shape.
///
///     add:       t = fma(b, sb / sy, fma(a, sa / sy, offset))
///     multiply:  t = fma((a - za) (b - zb), sa sb / sy, zy)
///     y = clamp(round(t)), then the activation by a table unless it is a clamp
///
/// Source: `com.microsoft` `QLinearAdd` and `QLinearMul`; `DequantizeLinear`, `Add` or `Mul`, `QuantizeLinear`.
public struct QuantizedBinary: ByteOperator {
  public enum Kind: String, Sendable, Codable { case add, multiply }

  public static let name = "QuantizedBinary"
  public static let onnxNames: [String] = []

  public var kind: Kind
  public var a: Quantization
  public var b: Quantization
  public var output: Quantization
  /// Whether negative results become 0.
  public var rectifies: Bool

  public init(_ kind: Kind, a: Quantization, b: Quantization, output: Quantization, rectifies: Bool = false) {
    (self.kind, self.a, self.b, self.output, self.rectifies) = (kind, a, b, output, rectifies)
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    throw node.invalid("operator", "is made by the compiler only")
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2 else { throw .inputCount(expected: "2", found: inputs.count) }
    for (index, input) in inputs.enumerated() where input.element != .uint8 {
      throw .element(input: index, expected: "uint8", found: input)
    }
    guard let shape = inputs[0].shape.broadcast(with: inputs[1].shape) else {
      throw .broadcast(inputs[0], inputs[1])
    }
    return [TensorType(.uint8, shape)]
  }

  private var low: Float { rectifies ? Float(output.zeroPoint) : 0 }

  /// The multipliers of a and b (of the product for `.multiply`) and what is added.
  private var numbers: (a: Float, b: Float, offset: Float) {
    let (sa, sb, sy) = (Double(a.scale), Double(b.scale), Double(output.scale))
    switch kind {
    case .add:
      let zero = Double(output.zeroPoint) - Double(a.zeroPoint) * sa / sy - Double(b.zeroPoint) * sb / sy
      return (Float(sa / sy), Float(sb / sy), Float(zero))
    case .multiply: return (Float(sa * sb / sy), 0, Float(output.zeroPoint))
    }
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    guard let shape = inputs[0].shape.broadcast(with: inputs[1].shape) else {
      preconditionFailure("evaluate is called with inputs that inferOutputs accepts")
    }
    let numbers = numbers
    let operands = inputs.map { $0.walked(shape: shape, strides: $0.shape.strides(broadcastTo: shape)) }
    let elements = zip(operands[0].integers, operands[1].integers).map { x, y in
      var t: Float
      switch kind {
      case .add:
        t = numbers.offset.addingProduct(Float(x), numbers.a)
        t = t.addingProduct(Float(y), numbers.b)
      case .multiply:
        t = numbers.offset.addingProduct(Float((Int(x) - a.zeroPoint) * (Int(y) - b.zeroPoint)), numbers.a)
      }
      t = t > low ? t : low
      return Int64((t < 255 ? t : 255).rounded(.toNearestOrEven))
    }
    return [Tensor(shape: shape, element: .uint8, integers: elements)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .coupled(inputs) }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }

  public func writesBytes(_ inputs: [Bool]) -> Bool { true }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let target = lowering.allocate(node.outputs[0])
    let a = try lowering.bytes(of: node.inputs[0]).broadcast(to: target.shape)
    let b = try lowering.bytes(of: node.inputs[1]).broadcast(to: target.shape)
    guard let axes = try lowering.mergedAxes([target, a, b]) else { return }
    var parameters = ByteBinaryParameters()
    parameters.extent = sixAxes(axes.extent, fill: 1)
    parameters.output_stride = sixAxes(axes.strides[0], fill: 0)
    parameters.a_stride = sixAxes(axes.strides[1], fill: 0)
    parameters.b_stride = sixAxes(axes.strides[2], fill: 0)
    parameters.output_base = target.offsetFromLowest
    parameters.a_base = a.offsetFromLowest
    parameters.b_base = b.offsetFromLowest
    parameters.operation = kind == .add ? 0 : 1
    (parameters.a_zero, parameters.b_zero) = (Int32(self.a.zeroPoint), Int32(self.b.zeroPoint))
    (parameters.a_scale, parameters.b_scale, parameters.offset) = numbers
    (parameters.low, parameters.high) = (low, 255)
    lowering.emit(parameters, [a.atLowest, b.atLowest, nil, target.atLowest])
  }
}
