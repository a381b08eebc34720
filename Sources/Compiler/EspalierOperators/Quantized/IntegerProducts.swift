public import EspalierGraph

/// ConvInteger and MatMulInteger: sums of products of integers less their zero points, as int32.
///
/// Source: ONNX `ConvInteger` and `MatMulInteger`, opset 10.
public enum IntegerProducts: NodeImporter {
  public static let onnxNames = ["ConvInteger", "MatMulInteger"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let isConv = node.type == "ConvInteger"
    let one = builder.constant(Tensor(scalar: 1))
    var operands: [ValueID] = []
    for index in 0..<2 {
      let input = try node.requiredInput(index)
      var parameters = QuantizationParameters(scale: builder.input(one), zeroPoint: node.input(index + 2))
      if let zeroPoint = parameters.zeroPoint, zeroPoint.type.elementCount != 1 {
        // Filters have one zero point each; matrices one for each row of the first, each column of the second.
        let axis = isConv ? 0 : index == 0 ? -2 : -1
        let resolved = try node.resolvedAxis(axis, rank: input.type.rank)
        let count = zeroPoint.type.elementCount
        let ones = builder.constant(Tensor(shape: [count], floats: [Float](repeating: 1, count: count)))
        (parameters.axis, parameters.scale) = (resolved, builder.input(ones))
      }
      operands.append(try builder.dequantize(input.value, parameters, of: node))
    }
    let sum = try node.addInner(isConv ? "Conv" : "MatMul", operands, to: &builder)
    return try builder.add(Cast(to: .int32), [sum], outputNames: node.outputNames)
  }
}

/// DynamicQuantizeLinear: quantization to uint8 by the range that the tensor itself has.
///
///     scale = (max(x, 0) - min(x, 0)) / 255
///     zero  = saturate(round(-min(x, 0) / scale))
///
/// Source: ONNX `DynamicQuantizeLinear`, opset 11; the scale of a tensor of zeros, which ONNX leaves 0, is the
/// least normal number here.
public enum DynamicQuantizeLinear: NodeImporter {
  public static let onnxNames = ["DynamicQuantizeLinear"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let x = try node.requiredInput(0)
    let axes = Array(x.type.shape.indices)
    let zero = builder.constant(Tensor(scalar: 0))
    let steps = builder.constant(Tensor(scalar: 255))
    let tiny = builder.constant(Tensor(scalar: .leastNormalMagnitude))
    let minimum = try builder.add(Reduce(.min, axes: axes, keepsAxes: false), [x.value])[0]
    let maximum = try builder.add(Reduce(.max, axes: axes, keepsAxes: false), [x.value])[0]
    let least = try builder.add(Binary(.minimum), [minimum, zero])[0]
    let largest = try builder.add(Binary(.maximum), [maximum, zero])[0]
    let range = try builder.add(Binary(.subtract), [largest, least])[0]
    let step = try builder.add(Binary(.divide), [range, steps])[0]
    let scale = try builder.add(Binary(.maximum), [step, tiny])[0]
    let negative = try builder.add(Binary(.subtract), [zero, least])[0]
    let place = try builder.add(Binary(.divide), [negative, scale])[0]
    let clipped = try builder.add(Unary(ElementFunction(.clip, alpha: 0, beta: 255)), [place])[0]
    let rounded = try builder.add(Unary(ElementFunction(.round)), [clipped])[0]
    let zeroPoint = try builder.add(Cast(to: .uint8), [rounded])[0]
    let parameters = QuantizationParameters(
      scale: builder.input(scale), zeroPoint: builder.input(zeroPoint))
    return [try builder.quantize(x.value, parameters, to: .uint8, of: node), scale, zeroPoint]
  }
}
