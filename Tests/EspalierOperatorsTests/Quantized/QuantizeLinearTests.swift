import CEspalierKernels
import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX's definition, `saturate(round(x / scale) + zero)` with halves to even, by hand.
@Suite("QuantizeLinear and DequantizeLinear") struct QuantizeLinearTests {
  private func floats(_ shape: Shape, _ elements: [Float]) -> Tensor {
    Tensor(shape: shape, floats: elements)
  }

  private func elements(_ element: ElementType, _ shape: Shape, _ elements: [Int64]) -> Tensor {
    Tensor(shape: shape, element: element, integers: elements)
  }

  /// Holds the reference to the expected elements, and the kernels of all instruction sets to the reference.
  private func expect(_ node: ImportCase, gives expected: Tensor) throws {
    let graph = try node.graph()
    #expect(try evaluate(graph, node.frame) == [expected])
    for isa in [espalier_isa_scalar, espalier_isa_best()] {
      var executor = try LoweredExecutor(graph, isa: isa)
      #expect(try executor.run(node.frame) == [expected])
    }
  }

  private func quantize(
    _ x: Tensor, _ scale: Tensor, _ zero: Tensor?, _ attributes: [String: AttributeValue] = [:]
  ) -> ImportCase {
    ImportCase("QuantizeLinear", attributes, [.frame(x), .known(scale)] + (zero.map { [.known($0)] } ?? []))
  }

  private func dequantize(
    _ x: Tensor, _ scale: Tensor, _ zero: Tensor?, _ attributes: [String: AttributeValue] = [:]
  ) -> ImportCase {
    ImportCase(
      "DequantizeLinear", attributes, [.frame(x), .known(scale)] + (zero.map { [.known($0)] } ?? []))
  }

  @Test func `quantize to uint8 and saturate`() throws {
    try expect(
      quantize(
        floats([6], [0, 2, 3, 1000, -254, -1000]), floats([], [2]), elements(.uint8, [], [128])),
      gives: elements(.uint8, [6], [128, 129, 130, 255, 1, 0]))
  }

  @Test func `round halves to even before an odd zero point joins`() throws {
    try expect(
      quantize(
        floats([6], [0.5, 1.5, 2.5, -0.5, -1.5, 3.4999]), floats([], [1]), elements(.uint8, [], [3])),
      gives: elements(.uint8, [6], [3, 5, 5, 3, 1, 6]))
  }

  @Test func `quantize to int8`() throws {
    try expect(
      quantize(
        floats([5], [0, 0.25, -0.75, 100, -100]), floats([1], [0.5]), elements(.int8, [1], [-7])),
      gives: elements(.int8, [5], [-7, -7, -9, 127, -128]))
  }

  @Test func `take uint8 and zero point 0 where none is given`() throws {
    try expect(
      quantize(floats([3], [-1, 3, 9]), floats([], [2]), nil), gives: elements(.uint8, [3], [0, 2, 4]))
    try expect(
      dequantize(elements(.uint8, [3], [0, 3, 255]), floats([], [2]), nil), gives: floats([3], [0, 6, 510]))
  }

  @Test func `quantize each channel by its own scale`() throws {
    try expect(
      quantize(
        floats([1, 2, 2, 2], [1, 2, 3, 4, 1, 2, 3, 4]), floats([2], [1, 0.5]),
        elements(.uint8, [2], [10, 20])),
      gives: elements(.uint8, [1, 2, 2, 2], [11, 12, 13, 14, 22, 24, 26, 28]))
  }

  @Test(arguments: [0, -2])
  func `quantize along the axis that is named`(axis: Int64) throws {
    try expect(
      quantize(
        floats([2, 3], [1, 2, 3, 4, 5, 6]), floats([2], [1, 2]), elements(.int8, [2], [0, -1]),
        ["axis": .int(axis)]),
      gives: elements(.int8, [2, 3], [1, 2, 3, 1, 1, 2]))
  }

  @Test func `quantize to 16 bits`() throws {
    try expect(
      quantize(
        floats([5], [0, -514, 3, 100_000_000, -100_000_000]), floats([], [2]),
        elements(.int16, [], [256])),
      gives: elements(.int16, [5], [256, -1, 258, 32767, -32768]))
    try expect(
      quantize(floats([3], [0, -9, 70000]), floats([], [1]), elements(.uint16, [], [7])),
      gives: elements(.uint16, [3], [7, 0, 65535]))
  }

  @Test func `dequantize 8, 16 and 32 bits`() throws {
    try expect(
      dequantize(elements(.uint8, [4], [0, 3, 128, 255]), floats([], [2]), elements(.uint8, [], [128])),
      gives: floats([4], [-256, -250, 0, 254]))
    try expect(
      dequantize(elements(.int8, [3], [-128, 0, 127]), floats([], [0.5]), elements(.int8, [], [-3])),
      gives: floats([3], [-62.5, 1.5, 65]))
    try expect(
      dequantize(elements(.int16, [2], [-300, 1024]), floats([], [2]), elements(.int16, [], [-1024])),
      gives: floats([2], [1448, 4096]))
    try expect(
      dequantize(elements(.int32, [2], [-70000, 5]), floats([], [0.25]), nil),
      gives: floats([2], [-17500, 1.25]))
  }

  @Test func `dequantize each channel by its own scale`() throws {
    try expect(
      dequantize(
        elements(.uint8, [1, 2, 1, 2], [3, 89, 34, 200]), floats([2], [2, 4]),
        elements(.uint8, [2], [84, 24])),
      gives: floats([1, 2, 1, 2], [-162, 10, 40, 704]))
  }

  @Test func `take a scale for each block of neighbors`() throws {
    try expect(
      dequantize(
        elements(.int8, [1, 5], [2, 4, 6, 8, 10]), floats([1, 3], [1, 0.5, 2]), nil,
        ["axis": .int(1), "block_size": .int(2)]),
      gives: floats([1, 5], [2, 4, 3, 4, 20]))
    try expect(
      quantize(
        floats([1, 4], [2, 4, 6, 8]), floats([1, 2], [1, 2]), elements(.uint8, [1, 2], [1, 0]),
        ["axis": .int(1), "block_size": .int(2)]),
      gives: elements(.uint8, [1, 4], [3, 5, 3, 4]))
  }

  @Test func `take scales that the frame decides`() throws {
    let node = ImportCase(
      "QuantizeLinear", [:],
      [
        .frame(floats([1, 2, 2], [1, 2.5, -3, 8])), .frame(floats([2], [1, 0.5])),
        .known(elements(.int8, [2], [1, 0])),
      ])
    try expect(node, gives: elements(.int8, [1, 2, 2], [2, 3, -6, 16]))
  }

  @Test func `refuse a scale that is not positive`() {
    #expect(throws: ImportError.self) {
      try quantize(floats([1], [1]), floats([], [0]), elements(.uint8, [], [0])).graph()
    }
  }

  @Test func `leave constants as nodes, whose elements are known`() throws {
    let weights = elements(.int8, [2, 1, 1, 2], [1, -2, 3, 127])
    let node = ImportCase(
      "DequantizeLinear", ["axis": .int(0)], [.known(weights), .known(floats([2], [1, 0.5]))])
    let graph = try node.graph()
    #expect(graph.nodes.count == 1)
    #expect(try evaluate(graph, []) == [floats([2, 1, 1, 2], [1, -2, 1.5, 63.5])])
  }

  /// Every length below, at and above the steps of all instruction sets; every byte and its halves.
  @Test(arguments: [ElementType.uint8, .int8])
  func `agree between reference and kernels bit for bit`(element: ElementType) throws {
    for count in [1, 7, 8, 9, 15, 16, 17, 33, 1024] {
      let x = floats([1, count], (0..<count).map { Float($0 - count / 2) * 0.25 })
      for scale: Float in [0.5, 0.1, 0.3337] {
        var graph = Graph()
        let input = graph.appendInput(name: "x", type: x.type)
        let quantization = QuantizeLinear(scales: [scale], zeroPoints: [13], element: element)
        let bytes = try graph.append(quantization, name: "q", inputs: [input])
        let numbers = try graph.append(
          DequantizeLinear(scales: [scale], zeroPoints: [13]), name: "d", inputs: bytes)
        graph.appendOutput(bytes[0], name: "q")
        graph.appendOutput(numbers[0], name: "d")
        let expected = try evaluate(graph, [x])
        for isa in [espalier_isa_scalar, espalier_isa_best()] {
          var executor = try LoweredExecutor(graph, isa: isa)
          #expect(try executor.run([x]) == expected)
        }
      }
    }
  }
}
