public import EspalierGraph

/// The same bits read as another type of the same width.
///
/// Source: ONNX `BitCast`, opset 26, without 64-bit floats, strings and types below 8 bits.
public struct BitCast: ViewingOperator {
  public static let name = "BitCast"
  public static let onnxNames = ["BitCast"]

  public let element: ElementType

  public init(to element: ElementType) { self.element = element }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let number = try node.int("to") ?? 0
    guard let element = ElementType(onnxDataType: number), element != .float64 else {
      throw node.invalid("to", "is \(number), which is no type of plain numbers of at most 32 bits")
    }
    return try builder.add(
      BitCast(to: element), [node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    throw builder.noForm("it came with opset 26")
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].element.byteCount == element.byteCount, inputs[0].element != .float64 else {
      throw .element(input: 0, expected: "as many bits as \(element.rawValue) has", found: inputs[0])
    }
    return [TensorType(element, inputs[0].shape)]
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let (x, source) = (inputs[0], inputs[0].type.element)
    let patterns: [Int64] =
      switch x.storage {
      case .floats(let elements): elements.map(source.pattern)
      case .integers(let elements): elements
      }
    guard element.isFloating else {
      return [Tensor(shape: x.shape, element: element, integers: patterns.map(element.wrapped))]
    }
    return [Tensor(shape: x.shape, element: element, floats: patterns.map(element.float))]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "bit patterns have no scale")
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.graph.type(of: node.inputs[0]).element
    let view = lowering.view(of: node.inputs[0])
    if source == element || (source == .bool && !element.isFloating) {
      return lowering.define(node.outputs[0], as: view)
    }
    guard !source.isFloating, !element.isFloating, element != .bool, element.byteCount <= 2 else {
      throw .noKernel(
        node: node.name, type: Self.name,
        reason: "it computes in floats, and \(source.rawValue) read as \(element.rawValue) needs bits")
    }
    let target = lowering.allocate(node.outputs[0])
    try lowering.copy(from: view, to: target)
    try lowering.correct(target, [.wrap(element)])
  }
}

extension ElementType {
  /// The bits of a number of this floating type, as an integer.
  fileprivate func pattern(_ value: Float) -> Int64 {
    switch self {
    case .float16: Int64(Float16(value).bitPattern)
    case .bfloat16: Int64(value.bitPattern >> 16)
    default: Int64(value.bitPattern)
    }
  }

  /// The number of this floating type with these bits.
  fileprivate func float(_ pattern: Int64) -> Float {
    switch self {
    case .float16: Float(Float16(bitPattern: UInt16(truncatingIfNeeded: pattern)))
    case .bfloat16: Float(bitPattern: UInt32(truncatingIfNeeded: pattern) << 16)
    default: Float(bitPattern: UInt32(truncatingIfNeeded: pattern))
    }
  }
}
