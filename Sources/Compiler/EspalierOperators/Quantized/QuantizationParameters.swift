import EspalierGraph

/// How an ONNX node says that a tensor is quantized.
struct QuantizationParameters {
  var scale: ImportedNode.Input
  var zeroPoint: ImportedNode.Input?
  /// The axis that the scales belong to; nil where there is one for the whole tensor.
  var axis: Int?
  /// How many neighbors along `axis` share a scale; 0 where all with one index do.
  var blockSize = 0

  /// The type of quantized elements, where the node says it by a zero point.
  var element: ElementType? { zeroPoint?.type.element }
}

extension ImportedNode {
  /// The parameters that two inputs hold.
  ///
  /// - Parameters:
  ///   - shape: Of what is quantized.
  ///   - axis: Where there are several scales, what they belong to.
  func quantizationParameters(
    scale: Int, zeroPoint: Int, of shape: Shape, axis: Int, blockSize: Int = 0
  ) throws(ImportError) -> QuantizationParameters {
    let scale = try requiredInput(scale)
    var parameters = QuantizationParameters(scale: scale, zeroPoint: input(zeroPoint))
    if scale.type.elementCount != 1 || blockSize != 0 {
      parameters.axis = try resolvedAxis(axis, rank: shape.count)
      parameters.blockSize = blockSize
    }
    return parameters
  }

  /// The type of the quantized elements that attribute `output_dtype` names; nil where it does not.
  func outputElement() throws(ImportError) -> ElementType? {
    guard let type = try int("output_dtype"), type != 0 else { return nil }
    guard let element = ElementType(onnx: Int32(clamping: type)) else {
      throw invalid("output_dtype", "is \(type), which no type of plain numbers is")
    }
    return element
  }
}

extension ElementType {
  /// The numbers that a quantized type holds.
  var quantizedRange: ClosedRange<Int> {
    switch self {
    case .uint8: 0...255
    case .int8: -128...127
    case .uint16: 0...65535
    case .int16: -32768...32767
    default: Int(Int32.min)...Int(Int32.max)
    }
  }

  /// Whether tensors of this type are quantized ones.
  var isQuantized: Bool { [.uint8, .int8, .uint16, .int16, .int32].contains(self) }
}

/// - Throws: `ShapeError` where the counts of scales and zero points do not fit the axis.
func checkScales(
  _ scales: [Float], _ zeroPoints: [Int], _ axis: Int?, of input: TensorType
) throws(ShapeError) {
  guard scales.count == zeroPoints.count else {
    throw .attribute(
      "zeroPoints", problem: "are \(zeroPoints.count), but there are \(scales.count) scales")
  }
  let expected = try axis.map { axis throws(ShapeError) in
    input.shape[try input.shape.checkedAxis(axis, attribute: "axis")]
  }
  guard scales.count == expected ?? 1 else {
    throw .attribute("scales", problem: "are \(scales.count) instead of \(expected ?? 1) for \(input)")
  }
}

/// Every element of a tensor through a function of it and of its index along `axis`.
func perChannel<Result>(
  _ tensor: Tensor, _ axis: Int?, _ count: Int, _ body: (Float, Int) -> Result
) -> [Result] {
  perChannel(tensor.asFloats, tensor.shape, axis, count, body)
}

func perChannel<Result>(
  _ tensor: Tensor, _ axis: Int?, _ count: Int, _ body: (Int64, Int) -> Result
) -> [Result] {
  perChannel(tensor.integers, tensor.shape, axis, count, body)
}

private func perChannel<Element, Result>(
  _ elements: [Element], _ shape: Shape, _ axis: Int?, _ count: Int, _ body: (Element, Int) -> Result
) -> [Result] {
  let inner = axis.map { shape[($0 + 1)...].reduce(1, *) } ?? Swift.max(1, elements.count)
  return elements.enumerated().map { body($0.element, $0.offset / Swift.max(1, inner) % count) }
}

/// The whole of a view, or one slice for each index of `axis`.
func channelSlices(
  of shape: Shape, _ axis: Int?, _ count: Int
) -> [(slice: (View) -> View, channel: Int)] {
  guard let axis else { return [({ $0 }, 0)] }
  return (0..<count).map { index in ({ $0.sliced(axis: axis, start: index, count: 1) }, index) }
}
