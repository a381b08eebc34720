public import EspalierGraph

/// Numbers as quantized elements: `y = saturate(round(x / scale) + zeroPoint)`, halves to even.
///
/// Scales and zero points are one for the tensor, or one for each index of `axis`.
///
/// Source: ONNX `QuantizeLinear`, opsets 10 to 25, to 8, 16 and 32 bits.
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

  /// Scales that are computed from the frame, and those of blocks, become arithmetic.
  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    let parameters = try node.quantizationParameters(
      scale: 1, zeroPoint: 2, of: input.type.shape, axis: try node.int("axis") ?? 1,
      blockSize: try node.int("block_size") ?? 0)
    let named = try node.outputElement()
    let element = parameters.element ?? named ?? .uint8
    return [try builder.quantize(input.value, parameters, to: element, of: node)]
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    throw .quantized(Self.name, node: node.name)
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].element.isFloating || inputs[0].element == .int32 else {
      throw .element(input: 0, expected: "floats or int32", found: inputs[0])
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

  public func writesBytes(_ inputs: [Bool]) -> Bool { element == .uint8 || element == .int8 }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    let target = lowering.allocate(node.outputs[0])
    let offset = TensorType(element, []).byteOffset
    for (slice, channel) in channelSlices(of: target.shape, axis, scales.count) {
      if lowering.storedAsBytes.contains(node.outputs[0]) {
        try lowering.quantize(
          from: slice(source), to: slice(target), scale: scales[channel],
          zero: zeroPoints[channel] + offset)
      } else {
        try quantize(slice(source), to: slice(target), channel, &lowering)
      }
    }
  }

  /// More than 8 bits: integers that lie in float32, as those of other operators do.
  private func quantize(
    _ source: View, to target: View, _ channel: Int, _ lowering: inout Lowering
  ) throws(LoweringError) {
    var scale = lowering.weights.append(floats: [scales[channel]])
    (scale.shape, scale.strides) = ([], [])
    let range = element.quantizedRange
    try lowering.binary(.divide, source, scale, to: target)
    try lowering.unary(ElementFunction(.round), from: target, to: target)
    let zeroPoint = ElementFunction(.affine, alpha: 1, beta: Float(zeroPoints[channel]))
    try lowering.unary(zeroPoint, from: target, to: target)
    let clip = ElementFunction(.clip, alpha: Float(range.lowerBound), beta: Float(range.upperBound))
    try lowering.unary(clip, from: target, to: target)
  }
}

/// Numbers from quantized elements: `y = (x - zeroPoint) * scale`.
///
/// Source: ONNX `DequantizeLinear`, opsets 10 to 25, of 8, 16 and 32 bits.
public struct DequantizeLinear: LowerableOperator {
  public static let name = "DequantizeLinear"
  public static let onnxNames = ["DequantizeLinear"]

  public var scales: [Float]
  public var zeroPoints: [Int]
  public var axis: Int?
  /// The floating type of the numbers.
  public var element: ElementType

  public init(scales: [Float], zeroPoints: [Int], axis: Int? = nil, element: ElementType = .float32) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
    self.element = element
  }

  public init(_ quantization: Quantization) {
    self.init(scales: [quantization.scale], zeroPoints: [quantization.zeroPoint])
  }

  // MARK: - Import

  /// Scales that are computed from the frame, and those of blocks, become arithmetic.
  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    let parameters = try node.quantizationParameters(
      scale: 1, zeroPoint: 2, of: input.type.shape, axis: try node.int("axis") ?? 1,
      blockSize: try node.int("block_size") ?? 0)
    let element = try node.outputElement() ?? parameters.scale.type.element
    return [try builder.dequantize(input.value, parameters, to: element, of: node)]
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    throw .quantized(Self.name, node: node.name)
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard !inputs[0].element.isFloating, inputs[0].element != .bool else {
      throw .element(input: 0, expected: "integers", found: inputs[0])
    }
    try checkScales(scales, zeroPoints, axis, of: inputs[0])
    guard element.isFloating else {
      throw .attribute("element", problem: "is \(element.rawValue), but must be a floating type")
    }
    return [TensorType(element, inputs[0].shape)]
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let elements = perChannel(inputs[0], axis, scales.count) { (value: Int64, channel) in
      element.rounded(Float(Int(value) - zeroPoints[channel]) * scales[channel])
    }
    return [Tensor(shape: inputs[0].shape, element: element, floats: elements)]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "its output is what quantized elements stand for")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    if let constant = lowering.graph.constant(of: node.inputs[0]) {
      return lowering.define(node.outputs[0], as: lowering.weights.append(evaluate([constant])[0]))
    }
    let type = lowering.graph.type(of: node.inputs[0])
    guard type.element == .uint8 || type.element == .int8 else { return try widen(node, &lowering) }
    let source = try lowering.bytes(of: node.inputs[0])
    let target = lowering.allocate(node.outputs[0])
    for (slice, channel) in channelSlices(of: target.shape, axis, scales.count) {
      let table = (0..<256).map { Float($0 - type.byteOffset - zeroPoints[channel]) * scales[channel] }
      lowering.dequantize(from: slice(source), to: slice(target), table: table)
    }
  }

  /// More than 8 bits: integers that lie in float32, as those of other operators do.
  private func widen(_ node: Node, _ lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    let target = lowering.allocate(node.outputs[0])
    for (slice, channel) in channelSlices(of: target.shape, axis, scales.count) {
      let (from, to) = (slice(source), slice(target))
      let difference = ElementFunction(.affine, alpha: 1, beta: -Float(zeroPoints[channel]))
      try lowering.unary(difference, from: from, to: to)
      try lowering.unary(ElementFunction(.affine, alpha: scales[channel], beta: 0), from: to, to: to)
    }
  }
}
