public import EspalierGraph

/// The elements in another type: floats to integers are cut off toward zero (and brought to the nearest value
/// that the type has), integers wrap around, anything but 0 is true.
///
/// At run time every element is a float32, so only what changes the number costs a call: floats to integers
/// and anything to truth values. Casts between floating types are views there, without the rounding to 16 bits.
///
/// Source: ONNX `Cast`, opsets 6 to 25, without strings and types below 8 bits.
public struct Cast: ViewingOperator {
  public static let name = "Cast"
  public static let onnxNames = ["Cast"]

  public let element: ElementType

  public init(to element: ElementType) { self.element = element }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let number = try node.int("to") ?? 0
    guard let element = ElementType(onnxDataType: number) else {
      throw node.invalid("to", "is \(number), which is no type of plain numbers")
    }
    return try builder.add(
      Cast(to: element), [node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, attributes: ["to": .int(Int64(element.onnxType))])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    return [TensorType(element, inputs[0].shape)]
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let x = inputs[0]
    switch x.storage {
    case .floats(let elements) where element.isFloating:
      return [Tensor(shape: x.shape, element: element, floats: elements.map(element.rounded))]
    case .floats(let elements):
      let integers = elements.map { element.truncating(Double($0)) }
      return [Tensor(shape: x.shape, element: element, integers: integers)]
    case .integers(let elements) where element.isFloating:
      let source = IntegerArithmetic(x.type.element)
      let floats = elements.map { element.rounded(Float(source.double($0))) }
      return [Tensor(shape: x.shape, element: element, floats: floats)]
    case .integers(let elements):
      return [Tensor(shape: x.shape, element: element, integers: elements.map(element.wrapped))]
    }
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    element.isFloating && inputs[0].element.isFloating
      ? .passThrough : .float(reason: "a scale would change what is cut off")
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.graph.type(of: node.inputs[0]).element
    let view = lowering.view(of: node.inputs[0])
    if element == .bool, source != .bool {
      try lowering.unary(ElementFunction(.bool), from: view, to: lowering.allocate(node.outputs[0]))
    } else if source.isFloating, !element.isFloating {
      try truncate(view, to: lowering.allocate(node.outputs[0]), &lowering)
    } else if element.isFloating || source.fits(in: element) {
      lowering.define(node.outputs[0], as: view)
    } else if element.byteCount <= 2 {
      let target = lowering.allocate(node.outputs[0])
      try lowering.copy(from: view, to: target)
      try lowering.correct(target, [.wrap(element)])
    } else {
      throw .noKernel(
        node: node.name, type: Self.name,
        reason: "it computes in floats, which do not wrap around as \(element.rawValue) does")
    }
  }

  private func truncate(
    _ source: View, to target: View, _ lowering: inout Lowering
  ) throws(LoweringError) {
    guard element.byteCount <= 2 else {
      return try lowering.unary(ElementFunction(.truncate), from: source, to: target)
    }
    let clip = ElementFunction(
      .clip, alpha: Float(element.integerRange.lowerBound), beta: Float(element.integerRange.upperBound))
    let clipped = lowering.newBuffer(shape: source.shape)
    try lowering.unary(clip, from: source, to: clipped)
    try lowering.unary(ElementFunction(.truncate), from: clipped, to: target)
  }
}

/// CastLike: Cast to the type of another tensor, whose elements do not matter.
///
/// Source: ONNX `CastLike`, opset 15.
public enum CastLike: NodeImporter {
  public static let onnxNames = ["CastLike"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let element = try node.requiredInput(1).type.element
    return try builder.add(
      Cast(to: element), [node.requiredInput(0).value], outputNames: node.outputNames)
  }
}

extension ElementType {
  /// ONNX's `TensorProto.DataType`; nil for strings, complex numbers and types below 8 bits.
  init?(onnxDataType number: Int) {
    guard let type = Int32(exactly: number).flatMap(ElementType.init(onnx:)) else { return nil }
    self = type
  }

  /// The nearest number that this floating type has, ties to even; `float64` is held as `Float`.
  func rounded(_ value: Float) -> Float {
    switch self {
    case .float16: return Float(Float16(value))
    case .bfloat16 where value.isFinite:
      let bits = value.bitPattern
      return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    default: return value
    }
  }

  /// Whether every integer of this type that a float holds exactly is one of the target type.
  fileprivate func fits(in target: ElementType) -> Bool {
    let isWide = self == .int64 || self == .int32
    if isWide, target == .int64 || target == .int32 { return true }
    return target.integerRange.contains(integerRange.lowerBound)
      && target.integerRange.contains(integerRange.upperBound)
  }
}
