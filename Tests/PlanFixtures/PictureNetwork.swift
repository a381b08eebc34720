internal import CEspalierKernels
internal import EspalierKernels
public import EspalierPlan

/// `y = x`, or nearly, of an input that takes pictures; with one of the ways in which networks begin.
public struct PictureNetwork {
  public enum Beginning: CaseIterable, Sendable {
    /// Quantized to pixels of 4 bytes, with a halo.
    case quantized
    /// Copied to pixels of 3 floats.
    case copied
    /// No call that only changes the layout.
    case direct
    /// Two calls read the input.
    case twofold
  }

  public let height: Int
  public let width: Int
  public let plan: Plan

  /// - Parameter declared: Written into the plan.
  public init(_ beginning: Beginning, height: Int = 20, width: Int = 24, declared: PictureInput? = nil) {
    (self.height, self.width) = (height, width)
    var builder = PlanBuilder()
    let input = builder.input("x", shape: [1, 3, height, width])
    let output = builder.output("y", shape: [1, 3, height, width])
    let planar = [width, 1, height * width]
    let count = 3 * height * width
    switch beginning {
    case .quantized:
      let row = 4 * (width + 2)
      let bytes = builder.arena((height + 2) * row / 4)
      var quantize = QuantizeParameters()
      quantize.extent = sixAxes([height, width, 3], fill: 1)
      quantize.input_stride = sixAxes(planar, fill: 0)
      quantize.output_stride = sixAxes([row, 4, 1], fill: 0)
      quantize.output_base = Int32(row + 4)
      (quantize.scale, quantize.zero, quantize.low, quantize.high) = (0.03, 117, 2, 250)
      builder.call(quantize, [input, bytes], name: "border")
      var dequantize = DequantizeParameters()
      dequantize.extent = quantize.extent
      dequantize.input_stride = quantize.output_stride
      dequantize.output_stride = quantize.input_stride
      dequantize.input_base = quantize.output_base
      let table = builder.weights((0..<256).map { (Float($0) - 117) * 0.03 })
      builder.call(dequantize, [bytes, table, output], name: "back")
    case .copied:
      let pixels = builder.arena(count)
      var copy = CopyParameters()
      copy.extent = sixAxes([height, width, 3], fill: 1)
      copy.input_stride = sixAxes(planar, fill: 0)
      copy.output_stride = sixAxes([3 * width, 3, 1], fill: 0)
      builder.call(copy, [input, pixels], name: "border")
      (copy.input_stride, copy.output_stride) = (copy.output_stride, copy.input_stride)
      builder.call(copy, [pixels, output], name: "back")
    case .direct:
      builder.apply(espalier_function_neg, count, input, to: output)
    case .twofold:
      let copied = builder.arena(count)
      builder.copy(count, from: input, to: copied)
      builder.combine(espalier_binary_add, count, copied, input, to: output)
    }
    var plan = builder.plan
    plan.multiplyAdds = max(plan.multiplyAdds, 1)
    if let declared { plan.pictures = [declared] }
    self.plan = plan
  }
}
