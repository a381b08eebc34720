import EspalierGraph

/// Scales and zero points as ONNX nodes give them.
struct QuantizationParameters {
  var scales: [Float]
  var zeroPoints: [Int]
  var axis: Int?
  /// Of the zero points; nil where there are none.
  var element: ElementType?
}

extension ImportedNode {
  /// Inputs 1 (scales) and 2 (zero points) and the axis that they belong to.
  func quantizationParameters() throws(ImportError) -> QuantizationParameters {
    let scale = try requiredConstant(1)
    let zeroPoint = try constantInput(2)
    if let size = try int("block_size"), size != 0 {
      throw invalid("block_size", "is \(size), but only whole tensors and channels can be quantized")
    }
    let rank = try requiredInput(0).type.rank
    let axis = scale.count == 1 ? nil : try resolvedAxis(try int("axis") ?? 1, rank: rank)
    let scales = try quantizationScales(1)
    let zeroPoints = zeroPoint?.asInts ?? [Int](repeating: 0, count: scales.count)
    return QuantizationParameters(
      scales: scales, zeroPoints: zeroPoints, axis: axis, element: try quantizedElement(zeroPoint))
  }

  /// The scales that an input gives: positive and finite.
  func quantizationScales(_ index: Int) throws(ImportError) -> [Float] {
    let scales = try requiredConstant(index).asFloats
    for scale in scales where !(scale > 0 && scale.isFinite) {
      throw invalid("input \(index)", "holds the scale \(scale), which must be positive and finite")
    }
    return scales
  }

  private func quantizedElement(_ zeroPoint: Tensor?) throws(ImportError) -> ElementType? {
    if let zeroPoint { return zeroPoint.type.element }
    guard let type = try int("output_dtype"), type != 0 else { return nil }
    guard let element = ElementType(onnx: Int32(clamping: type)) else {
      throw invalid("output_dtype", "is \(type), which no quantized type here is")
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
