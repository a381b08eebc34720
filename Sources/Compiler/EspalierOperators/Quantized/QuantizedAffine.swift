public import EspalierGraph
internal import EspalierKernels

/// Every channel scaled and shifted on its own, negative results once more.
///
///     t = fma(x, factor[c] sx / sy, (addend[c] - factor[c] sx zx) / sy)
///     y = clamp(round(fma(t, t < 0 ? slope[c] : 1, zy)))
///
/// Elements and zero points count as the bytes in which they lie (`int8` with 128 added). Inputs: `x` `[N, C, …]`,
/// then `factor`, `addend` and `slope`, each `[C]` in float32 and constant.
///
/// Source: `DequantizeLinear`, `BatchNormalization` or `PRelu` or both, `QuantizeLinear`.
public struct QuantizedAffine: ByteOperator {
  public static let name = "QuantizedAffine"
  public static let onnxNames: [String] = []

  public var input: Quantization
  public var output: Quantization
  public var outputElement: ElementType

  public init(input: Quantization, output: Quantization, outputElement: ElementType = .uint8) {
    (self.input, self.output, self.outputElement) = (input, output, outputElement)
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
    guard inputs.count == 4 else { throw .inputCount(expected: "4", found: inputs.count) }
    guard inputs[0].element == .uint8 || inputs[0].element == .int8 else {
      throw .element(input: 0, expected: "uint8 or int8", found: inputs[0])
    }
    guard (2...6).contains(inputs[0].rank) else {
      throw .rank(input: 0, expected: "2 to 6", found: inputs[0])
    }
    for index in 1..<4 where inputs[index].shape != [inputs[0].shape[1]] {
      throw .attribute("channels", problem: "are \(inputs[index]) for \(inputs[0])")
    }
    return [TensorType(outputElement, inputs[0].shape)]
  }

  /// The kernel's numbers: scales, then offsets, then slopes.
  private func numbers(_ parameters: [Tensor], _ type: TensorType) -> [Float] {
    let (sx, sy) = (Double(input.scale), Double(output.scale))
    let zero = Double(input.zeroPoint + type.byteOffset)
    let factors = parameters[0].floats.map { Double($0) * sx / sy }
    let offsets = zip(factors, parameters[1].floats).map { Float(Double($1) / sy - $0 * zero) }
    return factors.map { Float($0) } + offsets + parameters[2].floats
  }

  private var zero: Float { Float(output.zeroPoint + TensorType(outputElement, []).byteOffset) }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let (type, shape) = (inputs[0].type, inputs[0].shape)
    let (channels, plane) = (shape[1], shape.dropFirst(2).reduce(1, *))
    let numbers = numbers(Array(inputs.dropFirst()), type)
    let offset = Int64(TensorType(outputElement, []).byteOffset)
    let elements = inputs[0].integers.enumerated().map { position, element in
      let c = position / plane % channels
      let x = Float(Int(element) + type.byteOffset)
      let t = numbers[channels + c].addingProduct(x, numbers[c])
      let y = zero.addingProduct(t, t < 0 ? numbers[2 * channels + c] : 1)
      let clamped = y > 0 ? (y < 255 ? y : 255) : 0
      return Int64(clamped.rounded(.toNearestOrEven)) - offset
    }
    return [Tensor(shape: shape, element: outputElement, integers: elements)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }

  public func writesBytes(_ inputs: [Bool]) -> Bool { true }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let parameters = node.inputs.dropFirst().compactMap { lowering.graph.constant(of: $0) }
    guard parameters.count == 3 else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its parameters are computed from the frame")
    }
    let source = try lowering.bytes(of: node.inputs[0])
    let target = lowering.allocate(node.outputs[0])
    let stored = lowering.weights.append(
      floats: numbers(parameters, lowering.graph.type(of: node.inputs[0])))
    let channels = View(
      stored.buffer, base: stored.base, shape: target.shape,
      strides: target.shape.indices.map { $0 == 1 ? 1 : 0 })
    guard let axes = try lowering.mergedAxes([target, source, channels]) else { return }
    var call = ByteAffineParameters()
    call.extent = sixAxes(axes.extent, fill: 1)
    call.output_stride = sixAxes(axes.strides[0], fill: 0)
    call.input_stride = sixAxes(axes.strides[1], fill: 0)
    call.number_stride = sixAxes(axes.strides[2], fill: 0)
    (call.input_base, call.output_base) = (source.offsetFromLowest, target.offsetFromLowest)
    call.count = Int32(target.shape[1])
    (call.zero, call.low, call.high) = (zero, 0, 255)
    lowering.emit(call, [source.atLowest, stored, target.atLowest])
  }
}
