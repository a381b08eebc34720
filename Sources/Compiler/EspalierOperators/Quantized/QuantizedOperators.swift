public import EspalierGraph

/// Operators that take quantized tensors and give one, as the float operator between DequantizeLinear and
/// QuantizeLinear; passes make quantized operators of that again, with the weights' elements as they were.
///
/// Source: ONNX `QLinearConv` opset 10, `QLinearMatMul` opsets 10 and 21; `com.microsoft` `QGemm`, `QLinearAdd`,
/// `QLinearMul`, `QLinearAveragePool`, `QLinearGlobalAveragePool`, `QLinearSigmoid`, `QLinearLeakyRelu` and
/// `QLinearSoftmax`, version 1.
public enum QuantizedOperators: NodeImporter {
  /// Where a node's inputs stand: every operand's elements come before its scale and its zero point.
  private struct Layout {
    /// The float operator.
    var inner: String
    var operands: [Int]
    /// The output's scale, before its zero point.
    var output: Int
    /// The bias, in steps of the product of both operands' scales.
    var bias: Int?
  }

  private static let layouts: [String: Layout] = [
    "QLinearConv": Layout(inner: "Conv", operands: [0, 3], output: 6, bias: 8),
    "QLinearMatMul": Layout(inner: "MatMul", operands: [0, 3], output: 6),
    "com.microsoft::QGemm": Layout(inner: "Gemm", operands: [0, 3], output: 7, bias: 6),
    "com.microsoft::QLinearAdd": Layout(inner: "Add", operands: [0, 3], output: 6),
    "com.microsoft::QLinearMul": Layout(inner: "Mul", operands: [0, 3], output: 6),
    "com.microsoft::QLinearAveragePool": Layout(inner: "AveragePool", operands: [0], output: 3),
    "com.microsoft::QLinearGlobalAveragePool": Layout(inner: "GlobalAveragePool", operands: [0], output: 3),
    "com.microsoft::QLinearSigmoid": Layout(inner: "Sigmoid", operands: [0], output: 3),
    "com.microsoft::QLinearLeakyRelu": Layout(inner: "LeakyRelu", operands: [0], output: 3),
    "com.microsoft::QLinearSoftmax": Layout(inner: "Softmax", operands: [0], output: 3),
  ]

  public static var onnxNames: [String] { layouts.keys.sorted() }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    guard let layout = layouts[node.domain.isEmpty ? node.type : "\(node.domain)::\(node.type)"] else {
      throw .unsupportedOperator(node.type, domain: node.domain, opset: node.opset, node: node.name)
    }
    try node.refuseChannelsLast()
    var operands: [ValueID] = []
    for (position, index) in layout.operands.enumerated() {
      let input = try node.requiredInput(index)
      let parameters = try node.quantizationParameters(
        scale: index + 1, zeroPoint: index + 2, of: input.type.shape,
        axis: try axis(of: node, layout.inner, operand: position))
      operands.append(try builder.dequantize(input.value, parameters, of: node))
    }
    if let bias = layout.bias.flatMap({ node.input($0) }) {
      operands.append(try dequantized(bias, node, &builder))
    }
    let result = try node.addInner(layout.inner, operands, to: &builder)
    if node.input(layout.output) == nil { return [result] }
    let parameters = try node.quantizationParameters(
      scale: layout.output, zeroPoint: layout.output + 1, of: builder.type(of: result).shape, axis: 1)
    let same = try node.requiredInput(0).type.element
    let element = parameters.element ?? same
    return [try builder.quantize(result, parameters, to: element, of: node)]
  }

  /// Which axis the scales of an operand belong to, where they are several: output channels of filters, rows of
  /// the first matrix, columns of the second.
  private static func axis(
    of node: ImportedNode, _ inner: String, operand: Int
  ) throws(ImportError) -> Int {
    if inner == "Conv" { return operand == 0 ? 1 : 0 }
    let isTransposed = try node.int(operand == 0 ? "transA" : "transB") ?? 0 != 0
    return (operand == 0) != isTransposed ? -2 : -1
  }

  /// The bias: int32 in steps of the input's times the weights' scale; a Gemm's also times alpha, which it is added
  /// to without.
  private static func dequantized(
    _ bias: ImportedNode.Input, _ node: ImportedNode, _ builder: inout GraphBuilder
  ) throws(ImportError) -> ValueID {
    let (x, w) = (try node.requiredInput(1).value, try node.requiredInput(4).value)
    var scale = try builder.add(Binary(.multiply), [w, x])[0]
    if let alpha = try node.float("alpha"), alpha != 1 {
      let factor = builder.constant(Tensor(scalar: alpha))
      scale = try builder.add(Binary(.multiply), [scale, factor])[0]
    }
    var parameters = QuantizationParameters(scale: builder.input(scale))
    if parameters.scale.type.elementCount != 1 { parameters.axis = bias.type.rank - 1 }
    return try builder.dequantize(bias.value, parameters, of: node)
  }
}

/// QLinearConcat: inputs of different scales one after another, each brought to the output's.
///
/// Source: `com.microsoft` `QLinearConcat`, version 1.
public enum QuantizedConcat: NodeImporter {
  public static let onnxNames = ["com.microsoft::QLinearConcat"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    var operands: [ValueID] = []
    for index in stride(from: 2, to: node.inputs.count, by: 3) {
      let input = try node.requiredInput(index)
      let parameters = try node.quantizationParameters(
        scale: index + 1, zeroPoint: index + 2, of: input.type.shape, axis: 1)
      operands.append(try builder.dequantize(input.value, parameters, of: node))
    }
    let result = try node.addInner("Concat", operands, to: &builder)
    let parameters = try node.quantizationParameters(
      scale: 0, zeroPoint: 1, of: builder.type(of: result).shape, axis: 1)
    let same = try node.requiredInput(2).type.element
    let element = parameters.element ?? same
    return [try builder.quantize(result, parameters, to: element, of: node)]
  }
}

extension ImportedNode {
  /// - Throws: `ImportError.attribute` where images lie channel by channel last.
  fileprivate func refuseChannelsLast() throws(ImportError) {
    guard try int("channels_last") ?? 0 == 0 else {
      throw invalid("channels_last", "is 1; export the model with channels first")
    }
  }
}
