import EspalierGraph
import EspalierOperators

/// A tensor in 8 bits with one scale for all of it.
struct QuantizedValue {
  /// The elements' value in the graph.
  var elements: ValueID
  var element: ElementType
  var quantization: Quantization
}

/// Questions that rewrites of quantized networks ask.
extension Graph {
  /// The 8-bit tensor that a float32 value stands for: what DequantizeLinear reads that computes the value.
  func quantized(_ value: ValueID) -> QuantizedValue? {
    guard let node = producer(of: value), let op = node.op as? DequantizeLinear, op.axis == nil,
      op.element == .float32, let scale = op.scales.first, let zeroPoint = op.zeroPoints.first, scale > 0
    else { return nil }
    let element = type(of: node.inputs[0]).element
    guard element == .uint8 || element == .int8 else { return nil }
    return QuantizedValue(
      elements: node.inputs[0], element: element,
      quantization: Quantization(scale: scale, zeroPoint: zeroPoint))
  }

  /// The known elements of a float32 value, be they quantized ones.
  func floatConstant(_ value: ValueID) -> [Float]? {
    if let tensor = constant(of: value) { return tensor.type.element == .float32 ? tensor.floats : nil }
    guard let node = producer(of: value), let op = node.op as? DequantizeLinear,
      let elements = constant(of: node.inputs[0])
    else { return nil }
    return op.evaluate([elements])[0].asFloats
  }
}

extension Node {
  /// How a QuantizeLinear quantizes to 8 bits with one scale; nil for any other node.
  var quantizedOutput: (quantization: Quantization, element: ElementType)? {
    guard let op = op as? QuantizeLinear, op.axis == nil, op.element == .uint8 || op.element == .int8,
      let scale = op.scales.first, let zeroPoint = op.zeroPoints.first
    else { return nil }
    return (Quantization(scale: scale, zeroPoint: zeroPoint), op.element)
  }
}

extension ElementFunction {
  /// Whether it only brings numbers between two bounds.
  var isClamp: Bool { kind == .relu || kind == .clip }
}
