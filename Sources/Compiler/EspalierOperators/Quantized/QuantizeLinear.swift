public import EspalierGraph

/// Numbers as quantized elements: `y = saturate(round(x / scale) + zeroPoint)`, halves to even.
///
/// Scales and zero points are one for the tensor, or one for each index of `axis`.
///
/// Source: ONNX `QuantizeLinear`, opsets 10 to 25, for `uint8` and `int8`.
public struct QuantizeLinear: ByteOperator {
  public static let name = "QuantizeLinear"
  public static let onnxNames = ["QuantizeLinear"]

  public var scales: [Float]
  public var zeroPoints: [Int]
  /// Nil where one scale serves all.
  public var axis: Int?
  public var element: ElementType

  public init(scales: [Float], zeroPoints: [Int], axis: Int? = nil, element: ElementType = .uint8) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
    self.element = element
  }

  /// One scale for the whole tensor, to `uint8`.
  public init(_ quantization: Quantization) {
    self.init(scales: [quantization.scale], zeroPoints: [quantization.zeroPoint])
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    let parameters = try node.quantizationParameters()
    let op = QuantizeLinear(
      scales: parameters.scales, zeroPoints: parameters.zeroPoints, axis: parameters.axis,
      element: parameters.element ?? .uint8)
    return try builder.add(op, [input.value], outputNames: node.outputNames)
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].element.isFloating else {
      throw .element(input: 0, expected: "floats", found: inputs[0])
    }
    try checkScales(scales, zeroPoints, axis, of: inputs[0])
    return [TensorType(element, inputs[0].shape)]
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let range = element.quantizedRange
    let elements = perChannel(inputs[0], axis, scales.count) { value, channel in
      let quantization = Quantization(scale: scales[channel], zeroPoint: zeroPoints[channel])
      return Int64(quantization.element(of: value, in: range))
    }
    return [Tensor(shape: inputs[0].shape, element: element, integers: elements)]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }

  // MARK: - Lowering

  public func writesBytes(_ inputs: [Bool]) -> Bool { true }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    let target = lowering.allocate(node.outputs[0])
    let offset = TensorType(element, []).byteOffset
    for (slice, channel) in channelSlices(of: target.shape, axis, scales.count) {
      try lowering.quantize(
        from: slice(source), to: slice(target), scale: scales[channel],
        zero: zeroPoints[channel] + offset)
    }
  }
}

/// Numbers from quantized elements: `y = (x - zeroPoint) * scale`.
///
/// Source: ONNX `DequantizeLinear`, opsets 10 to 25, for `uint8`, `int8` and `int32`.
public struct DequantizeLinear: LowerableOperator {
  public static let name = "DequantizeLinear"
  public static let onnxNames = ["DequantizeLinear"]

  public var scales: [Float]
  public var zeroPoints: [Int]
  public var axis: Int?

  public init(scales: [Float], zeroPoints: [Int], axis: Int? = nil) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
  }

  public init(_ quantization: Quantization) {
    self.init(scales: [quantization.scale], zeroPoints: [quantization.zeroPoint])
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    let parameters = try node.quantizationParameters()
    let op = DequantizeLinear(
      scales: parameters.scales, zeroPoints: parameters.zeroPoints, axis: parameters.axis)
    return try builder.add(op, [input.value], outputNames: node.outputNames)
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard !inputs[0].element.isFloating, inputs[0].element != .bool else {
      throw .element(input: 0, expected: "integers", found: inputs[0])
    }
    try checkScales(scales, zeroPoints, axis, of: inputs[0])
    return [TensorType(.float32, inputs[0].shape)]
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let elements = perChannel(inputs[0], axis, scales.count) { (value: Int64, channel) in
      Float(Int(value) - zeroPoints[channel]) * scales[channel]
    }
    return [Tensor(shape: inputs[0].shape, floats: elements)]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "its output is what quantized elements stand for")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let type = lowering.graph.type(of: node.inputs[0])
    guard type.element == .uint8 || type.element == .int8 else {
      throw .noKernel(
        node: node.name, type: Self.name, reason: "kernels dequantize 8 bits, not \(type.element.rawValue)")
    }
    let source = try lowering.bytes(of: node.inputs[0])
    let target = lowering.allocate(node.outputs[0])
    for (slice, channel) in channelSlices(of: target.shape, axis, scales.count) {
      let table = (0..<256).map { Float($0 - type.byteOffset - zeroPoints[channel]) * scales[channel] }
      lowering.dequantize(from: slice(source), to: slice(target), table: table)
    }
  }
}
