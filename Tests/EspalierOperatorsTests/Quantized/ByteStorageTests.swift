import CEspalierKernels
import EspalierGraph
import EspalierOperators
import Testing

/// Where bytes meet float32 and where constants are bytes: the kernels must give what the reference gives.
@Suite("Quantized values in memory") struct ByteStorageTests {
  private func expectBits(_ graph: Graph, _ inputs: [Tensor]) throws {
    let expected = try Interpreter.run(graph, inputs: inputs)
    for isa in [espalier_isa_scalar, espalier_isa_best()] {
      var executor = try LoweredExecutor(graph, isa: isa)
      #expect(try executor.run(inputs) == expected)
    }
  }

  private func integers(_ element: ElementType, _ shape: Shape) -> Tensor {
    let (least, count): (Int64, Int64) = element == .int8 ? (-128, 256) : (0, 256)
    return Tensor(
      shape: shape, element: element,
      integers: (0..<shape.elementCount).map { least + Int64($0) * 37 % count })
  }

  @Test(arguments: [ElementType.uint8, .int8], [1, 2])
  func `are joined with integers that lie in float32`(element: ElementType, axis: Int) throws {
    var graph = Graph()
    let x = Tensor(shape: [1, 3, 2, 5], floats: (0..<30).map { Float($0) - 14 })
    let other = integers(element, [1, 3, 2, 5])
    let quantize = QuantizeLinear(scales: [0.5], zeroPoints: [3], element: element)
    let frame = graph.appendInput(name: "x", type: x.type)
    let bytes = try graph.append(quantize, name: "q", inputs: [frame])[0]
    let given = graph.appendInput(name: "c", type: other.type)
    let joined = try graph.append(Concat(axis: axis), name: "j", inputs: [bytes, given])
    let numbers = try graph.append(
      DequantizeLinear(scales: [0.5], zeroPoints: [3]), name: "d", inputs: joined)
    graph.appendOutput(numbers[0], name: "d")
    try expectBits(graph, [x, other])
  }

  /// As rows of any length, or as images with their padding around them; 64 bytes fill the last of the weights.
  @Test(
    arguments: [[2, 5], [64, 1], [1, 5, 3, 4]], [ElementType.uint8, .int8])
  func `may be read and added by a convolution, computed or constant`(
    shape: Shape, element: ElementType
  ) throws {
    for isConstant in [false, true] {
      var graph = Graph()
      var inputs: [Tensor] = []
      func value(_ name: String, _ tensor: Tensor) throws -> ValueID {
        if isConstant { return graph.appendConstant(name: name, tensor) }
        let numbers = Tensor(shape: tensor.shape, floats: tensor.asFloats)
        inputs.append(numbers)
        let frame = graph.appendInput(name: name, type: numbers.type)
        let quantize = QuantizeLinear(scales: [1], zeroPoints: [0], element: tensor.type.element)
        return try graph.append(quantize, name: "\(name)/q", inputs: [frame])[0]
      }
      let added = integers(.uint8, [shape[0], 7] + Array(shape.dropFirst(2)))
      let operands = [
        try value("x", integers(element, shape)), graph.appendConstant(name: "w", weights(shape)),
        try value("r", added),
      ]
      graph.appendOutput(
        try graph.append(conv(shape, element), name: "y", inputs: operands)[0], name: "y")
      try expectBits(graph, inputs)
    }
  }

  private func kernel(_ shape: Shape) -> Shape { shape.count == 4 ? [3, 3] : [] }

  private func weights(_ shape: Shape) -> Tensor {
    let own = [7, shape[1]] + kernel(shape)
    return Tensor(
      shape: own, element: .int8, integers: (0..<own.elementCount).map { Int64($0 * 29 % 255) - 127 })
  }

  private func conv(_ shape: Shape, _ element: ElementType) -> QuantizedConv {
    let ones = kernel(shape).map { _ in 1 }
    return QuantizedConv(
      strides: ones, dilations: ones, pads: ones + ones,
      input: Quantization(scale: 0.1, zeroPoint: element == .int8 ? -5 : 100), inputElement: element,
      weightScales: [Float](repeating: 0.01, count: 7), sum: Quantization(scale: 0.3, zeroPoint: 120),
      residual: Quantization(scale: 0.2, zeroPoint: 30))
  }
}
