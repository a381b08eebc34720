public import EspalierGraph
internal import EspalierKernels

/// Sum or product of two quantized tensors, broadcast to one shape.
///
///     add:       t = fma(b, sb / sy, fma(a, sa / sy, offset))
///     multiply:  t = fma((a - za) (b - zb), sa sb / sy, zy)
///     y = clamp(round(t))
///
/// Elements and zero points count as the bytes in which they lie (`int8` with 128 added).
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
  public var outputElement: ElementType
  /// Whether negative results become 0.
  public var rectifies: Bool

  public init(
    _ kind: Kind, a: Quantization, b: Quantization, output: Quantization,
    outputElement: ElementType = .uint8, rectifies: Bool = false
  ) {
    (self.kind, self.a, self.b, self.output) = (kind, a, b, output)
    (self.outputElement, self.rectifies) = (outputElement, rectifies)
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    throw node.invalid("operator", "is made by the compiler only")
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    throw .quantized(Self.name, node: node.name)
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2 else { throw .inputCount(expected: "2", found: inputs.count) }
    for (index, input) in inputs.enumerated() where input.element != .uint8 && input.element != .int8 {
      throw .element(input: index, expected: "uint8 or int8", found: input)
    }
    guard let shape = inputs[0].shape.broadcast(with: inputs[1].shape) else {
      throw .broadcast(inputs[0], inputs[1])
    }
    return [TensorType(outputElement, shape)]
  }

  /// The numbers of the kernel's formula.
  private struct Numbers {
    /// Zero points as bytes.
    var aZero, bZero: Int
    /// The multipliers of a and b; of the product and 0 for `.multiply`.
    var aScale, bScale: Float
    var offset: Float
    var low: Float
  }

  private func numbers(_ inputs: [TensorType]) -> Numbers {
    let (sa, sb, sy) = (Double(a.scale), Double(b.scale), Double(output.scale))
    let (za, zb) = (a.zeroPoint + inputs[0].byteOffset, b.zeroPoint + inputs[1].byteOffset)
    let zy = output.zeroPoint + TensorType(outputElement, []).byteOffset
    let low = rectifies ? Float(zy) : 0
    switch kind {
    case .add:
      let zero = Double(zy) - Double(za) * sa / sy - Double(zb) * sb / sy
      return Numbers(
        aZero: za, bZero: zb, aScale: Float(sa / sy), bScale: Float(sb / sy), offset: Float(zero), low: low)
    case .multiply:
      return Numbers(
        aZero: za, bZero: zb, aScale: Float(sa * sb / sy), bScale: 0, offset: Float(zy), low: low)
    }
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    guard let shape = inputs[0].shape.broadcast(with: inputs[1].shape) else {
      preconditionFailure("evaluate is called with inputs that inferOutputs accepts")
    }
    let types = inputs.map(\.type)
    let numbers = numbers(types)
    let operands = inputs.map { $0.walked(shape: shape, strides: $0.shape.strides(broadcastTo: shape)) }
    let elements = zip(operands[0].integers, operands[1].integers).map { x, y in
      let (x, y) = (Int(x) + types[0].byteOffset, Int(y) + types[1].byteOffset)
      var t: Float
      switch kind {
      case .add:
        t = numbers.offset.addingProduct(Float(x), numbers.aScale)
        t = t.addingProduct(Float(y), numbers.bScale)
      case .multiply:
        let product = Float((x - numbers.aZero) * (y - numbers.bZero))
        t = numbers.offset.addingProduct(product, numbers.aScale)
      }
      t = t > numbers.low ? t : numbers.low
      return Int64((t < 255 ? t : 255).rounded(.toNearestOrEven)) - outputOffset
    }
    return [Tensor(shape: shape, element: outputElement, integers: elements)]
  }

  private var outputOffset: Int64 { Int64(TensorType(outputElement, []).byteOffset) }

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
    let numbers = numbers(lowering.graph.inputTypes(of: node))
    (parameters.a_zero, parameters.b_zero) = (Int32(numbers.aZero), Int32(numbers.bZero))
    (parameters.a_scale, parameters.b_scale) = (numbers.aScale, numbers.bScale)
    (parameters.offset, parameters.low, parameters.high) = (numbers.offset, numbers.low, 255)
    lowering.emit(parameters, [a.atLowest, b.atLowest, nil, target.atLowest])
  }
}
