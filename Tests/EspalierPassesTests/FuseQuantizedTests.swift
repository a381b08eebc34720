import EspalierGraph
import EspalierOperators
import EspalierPasses
import Testing

/// Scales are powers of two throughout: float32 and integers then give the same elements, bit for bit.
@Suite("Finding what a quantized model computes in 8 bits") struct FuseQuantizedTests {
  private func quantize(_ x: String, _ scale: Float, _ zero: Int, _ element: String = "uint8") -> String {
    "QuantizeLinear(%\(x)) {scales = [\(scale)], zeroPoints = [\(zero)], element = \"\(element)\"}"
  }

  private func dequantize(_ x: String, _ scale: Float, _ zero: Int) -> String {
    "DequantizeLinear(%\(x)) {scales = [\(scale)], zeroPoints = [\(zero)], element = \"float32\"}"
  }

  private func dequantize(_ x: String, _ scales: [Float], axis: Int) -> String {
    """
    DequantizeLinear(%\(x)) {scales = \(scales), zeroPoints = \(scales.map { _ in 0 }), axis = \(axis), \
    element = "float32"}
    """
  }

  private let convolution = ["QuantizeLinear", "QuantizedConv", "DequantizeLinear"]

  @Test(arguments: ["uint8", "int8"], ["identity", "relu", "clip"])
  func `a convolution keeps its weights and takes a clamp`(element: String, function: String) throws {
    let zero = element == "uint8" ? 100 : -28
    let graph = try simplified(
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant int8[4, 3, 3, 3] random 1
      %b = constant int32[4] random 2
      %q = \(quantize("x", 0.0625, zero, element))
      %xf = \(dequantize("q", 0.0625, zero))
      %wf = \(dequantize("w", [0.25, 0.5, 1, 0.125], axis: 0))
      %bf = \(dequantize("b", [0.015625, 0.03125, 0.0625, 0.0078125], axis: 0))
      %t = \(Text.conv("xf", "wf", "bf", stride: 2, pad: 1, hasBias: true))
      %u = \(Text.unary(function, "t", -2, 9))
      %v = \(quantize("u", 0.25, 30, element))
      %y = \(dequantize("v", 0.25, 30))
      output %y
      """)
    #expect(graph.summary == convolution)
    let conv = try #require(graph.operators(QuantizedConv.self).first)
    #expect(conv.weightScales == [0.25, 0.5, 1, 0.125])
    #expect(conv.outputElement.rawValue == element)
    let weights = graph.constant(of: graph.nodes[1].inputs[1])
    #expect(weights == Tensor.random(TensorType(.int8, [4, 3, 3, 3]), seed: 1))
  }

  @Test func `uint8 weights become int8 ones by their zero point`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 2, 4, 4]
      %w = constant uint8[2, 2, 1, 1] [0, 128, 130, 255]
      %q = \(quantize("x", 0.0625, 7))
      %xf = \(dequantize("q", 0.0625, 7))
      %wf = \(dequantize("w", 0.25, 128))
      %t = \(Text.conv("xf", "wf"))
      %v = \(quantize("t", 0.5, 128))
      %y = \(dequantize("v", 0.5, 128))
      output %y
      """)
    #expect(graph.summary == convolution)
    let weights = graph.constant(of: graph.nodes[1].inputs[1])
    #expect(weights?.integers == [-128, 0, 2, 127])
  }

  @Test func `uint8 weights that no int8 holds stay float32`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 2, 4, 4]
      %w = constant uint8[2, 2, 1, 1] [0, 128, 130, 255]
      %q = \(quantize("x", 0.0625, 7))
      %xf = \(dequantize("q", 0.0625, 7))
      %wf = \(dequantize("w", 0.25, 100))
      %y = \(Text.conv("xf", "wf"))
      output %y
      """)
    #expect(graph.summary == ["QuantizeLinear", "DequantizeLinear", "Conv"])
  }

  @Test func `a convolution that float32 reads gives its sums`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 2, 4, 4]
      %w = constant int8[2, 2, 1, 1] random 1
      %q = \(quantize("x", 0.0625, 7))
      %xf = \(dequantize("q", 0.0625, 7))
      %wf = \(dequantize("w", 0.25, 0))
      %t = \(Text.conv("xf", "wf"))
      %y = \(Text.unary("sigmoid", "t"))
      output %y
      """)
    #expect(graph.summary == ["QuantizeLinear", "QuantizedConv", "sigmoid"])
    #expect(graph.operators(QuantizedConv.self).first?.outputElement == .float32)
  }

  @Test func `a table takes the activation behind a quantized sum`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 2, 4, 4]
      %w = constant int8[2, 2, 1, 1] random 1
      %q = \(quantize("x", 0.0625, 7))
      %xf = \(dequantize("q", 0.0625, 7))
      %wf = \(dequantize("w", 0.25, 0))
      %t = \(Text.conv("xf", "wf"))
      %s = \(quantize("t", 0.25, 120))
      %sf = \(dequantize("s", 0.25, 120))
      %a = \(Text.unary("silu", "sf", 1))
      %v = \(quantize("a", 0.125, 5))
      %y = \(dequantize("v", 0.125, 5))
      output %y
      """)
    #expect(graph.summary == convolution)
    #expect(graph.operators(QuantizedConv.self).first?.activation.kind == .silu)
  }

  @Test(arguments: [true, false])
  func `a product of matrices keeps its weights`(isGemm: Bool) throws {
    let graph = try simplified(
      """
      input %x : float32[2, 5]
      %w = constant int8\(isGemm ? "[3, 5]" : "[5, 3]") random 1
      %b = constant float32[3] splat 0.5
      %q = \(quantize("x", 0.0625, -3, "int8"))
      %xf = \(dequantize("q", 0.0625, -3))
      %wf = \(dequantize("w", [0.25, 0.5, 1], axis: isGemm ? 0 : 1))
      %t = \(isGemm ? Text.gemm("xf", "wf", "b", transposesB: true) : "MatMul(%xf, %wf)")
      %v = \(quantize("t", 0.5, 4, "int8"))
      %y = \(dequantize("v", 0.5, 4))
      output %y
      """)
    #expect(graph.summary == convolution)
  }

  @Test func `weights are transposed as elements`() throws {
    let graph = try simplified(
      """
      input %x : float32[2, 5]
      %w = constant int8[3, 5] random 1
      %q = \(quantize("x", 0.0625, 3))
      %xf = \(dequantize("q", 0.0625, 3))
      %wf = \(dequantize("w", [0.25, 0.5, 1], axis: 0))
      %wt = \(Text.transpose("wf", [1, 0]))
      %y = MatMul(%xf, %wt)
      output %y
      """)
    #expect(graph.summary == ["QuantizeLinear", "QuantizedConv"])
    #expect(graph.operators(QuantizedConv.self).first?.weightScales == [0.25, 0.5, 1])
  }

  @Test(arguments: ["add", "multiply"], ["uint8", "int8"])
  func `sums and products with a Relu behind them`(kind: String, element: String) throws {
    let zero = element == "uint8" ? 128 : 0
    let graph = try simplified(
      """
      input %a : float32[1, 4, 3, 3]
      input %b : float32[4, 1, 1]
      %qa = \(quantize("a", 0.0625, zero + 3, element))
      %qb = \(quantize("b", 0.125, zero - 3, element))
      %fa = \(dequantize("qa", 0.0625, zero + 3))
      %fb = \(dequantize("qb", 0.125, zero - 3))
      %t = \(Text.binary(kind, "fa", "fb"))
      %u = \(Text.unary("relu", "t"))
      %v = \(quantize("u", 0.25, zero, element))
      %y = \(dequantize("v", 0.25, zero))
      output %y
      """)
    #expect(graph.summary == ["QuantizeLinear", "QuantizeLinear", "QuantizedBinary", "DequantizeLinear"])
  }

  @Test(arguments: ["AveragePool", "Reduce"], ["uint8", "int8"])
  func `averages`(pooling: String, element: String) throws {
    let graph = try simplified(
      """
      input %a : float32[1, 4, 4, 4]
      %q = \(quantize("a", 0.0625, 3, element))
      %f = \(dequantize("q", 0.0625, 3))
      %t = \(pooling == "Reduce"
        ? Text.reduce("mean", "f", [2, 3], keepsAxes: false) : Text.averagePool("f", countsPadding: false))
      %v = \(quantize("t", 1, 8, element))
      %y = \(dequantize("v", 1, 8))
      output %y
      """)
    #expect(
      graph.summary.filter { $0 != "Reshape" }
        == ["QuantizeLinear", "QuantizedAveragePool", "DequantizeLinear"])
  }

  @Test func `what moves elements moves quantized ones`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 4, 6, 6]
      %q = \(quantize("x", 0.0625, 9))
      %f = \(dequantize("q", 0.0625, 9))
      %m = \(Text.maxPool("f", pad: 1))
      %v = \(quantize("m", 0.0625, 9))
      %w = \(dequantize("v", 0.0625, 9))
      %t = \(Text.transpose("w", [0, 2, 3, 1]))
      %y = \(Text.reshape("t", [1, -1]))
      output %y
      """)
    #expect(graph.summary == ["QuantizeLinear", "MaxPool", "Transpose", "Reshape", "DequantizeLinear"])
  }

  @Test func `a concatenation brings its parts to its own scale`() throws {
    let graph = try simplified(
      """
      input %a : float32[1, 4, 3, 3]
      input %b : float32[1, 2, 3, 3]
      %qa = \(quantize("a", 0.0625, 128))
      %qb = \(quantize("b", 0.125, 128))
      %fa = \(dequantize("qa", 0.0625, 128))
      %fb = \(dequantize("qb", 0.125, 128))
      %t = \(Text.concat("fa", "fb", axis: 1))
      %v = \(quantize("t", 0.125, 128))
      %y = \(dequantize("v", 0.125, 128))
      output %y
      """)
    #expect(
      graph.summary.sorted() == [
        "Concat", "DequantizeLinear", "QuantizeLinear", "QuantizeLinear", "QuantizedUnary",
      ])
  }

  @Test func `functions of one element become tables`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 4]
      %q = \(quantize("x", 0.0625, 128))
      %f = \(dequantize("q", 0.0625, 128))
      %t = \(Text.unary("leakyRelu", "f", 0.25))
      %v = \(quantize("t", 0.125, 1, "int8"))
      %y = \(dequantize("v", 0.125, 1))
      output %y
      """)
    #expect(graph.summary == ["QuantizeLinear", "QuantizedUnary", "DequantizeLinear"])
  }

  @Test func `a scale per channel of what the frame computes stays float32`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 2, 4, 4]
      %w = constant int8[2, 2, 1, 1] random 1
      %q = QuantizeLinear(%x) {scales = [0.5, 0.25], zeroPoints = [0, 0], axis = 1, element = "int8"}
      %xf = \(dequantize("q", [0.5, 0.25], axis: 1))
      %wf = \(dequantize("w", 0.25, 0))
      %y = \(Text.conv("xf", "wf"))
      output %y
      """)
    #expect(graph.summary == ["QuantizeLinear", "DequantizeLinear", "Conv"])
  }

  /// Dynamic quantization is accurate to half of 1/255 of the input's range, times the sum of the weights.
  @Test func `quantization by each frame's own range goes`() throws {
    var builder = GraphBuilder()
    builder.currentNode = ("node", "DynamicQuantizeLinear")
    let x = builder.input(name: "x", type: TensorType(.float32, [1, 3, 5, 5]))
    func imported(_ type: String, _ inputs: [ValueID]) throws -> [ValueID] {
      let inputs = inputs.map {
        ImportedNode.Input(value: $0, type: builder.type(of: $0), constant: builder.constant(of: $0))
      }
      let node = ImportedNode(
        name: type, type: type, domain: "", opset: 13, attributes: ["to": .int(1)], inputs: inputs,
        outputNames: [])
      builder.currentNode = (type, type)
      return try #require(OperatorRegistry.importer(for: type, domain: "")).importNode(node, into: &builder)
    }
    let weights = Tensor.random(TensorType(.int8, [4, 3, 3, 3]), seed: 1)
    let w = builder.constant(weights)
    let quantized = try imported("DynamicQuantizeLinear", [x])
    let sum = try imported("ConvInteger", [quantized[0], w, quantized[2]])[0]
    let float = try imported("Cast", [sum])[0]
    let scale = try imported("Mul", [quantized[1], builder.constant(Tensor(scalar: 0.25))])[0]
    let y = try imported("Mul", [float, scale])[0]
    builder.output(y, name: "y")
    let original = builder.finished()
    let result = try simplified(original, tolerance: 0.02)
    try #require(result.summary == ["Conv"])
    let folded = result.constant(of: result.nodes[0].inputs[1])
    #expect(folded?.floats == weights.asFloats.map { $0 * 0.25 })
  }
}
