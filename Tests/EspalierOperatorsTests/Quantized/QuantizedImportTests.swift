import EspalierGraph
import EspalierOperators
import Testing

/// Expected values by hand: numbers of the inputs, the float operator, the output's scale.
@Suite("Operators of quantized tensors") struct QuantizedImportTests {
  private func bytes(_ shape: Shape, _ elements: [Int64], _ element: ElementType = .uint8) -> Tensor {
    Tensor(shape: shape, element: element, integers: elements)
  }

  private func scale(_ value: Float) -> ImportCase.Input { .known(Tensor(scalar: value)) }

  private func zero(_ value: Int64, _ element: ElementType = .uint8) -> ImportCase.Input {
    .known(Tensor(shape: [], element: element, integers: [value]))
  }

  /// - Parameter lowers: Whether the node runs as it is imported; convolutions run once passes know their weights.
  private func expect(_ node: ImportCase, gives expected: [Tensor], lowers: Bool = true) throws {
    #expect(try node.evaluated() == expected)
    if lowers { #expect(try node.lowered() == expected) }
  }

  @Test func `QLinearConv adds a bias in steps of both scales`() throws {
    // x = [-1, 0, 1, 2], w = [[1, 2]], bias 3 · (0.5 · 1) = 1.5: sums -1 + 0 + 1.5, …
    let node = ImportCase(
      "QLinearConv", opset: 10, [:],
      [
        .frame(bytes([1, 1, 1, 4], [0, 2, 4, 6])), scale(0.5), zero(2),
        .known(bytes([1, 1, 1, 2], [1, 2], .int8)), scale(1), zero(0, .int8), scale(0.25), zero(10),
        .known(bytes([1], [3], .int32)),
      ])
    try expect(node, gives: [bytes([1, 1, 1, 3], [12, 24, 36])], lowers: false)
  }

  @Test func `QLinearConv pads with zero points`() throws {
    let node = ImportCase(
      "QLinearConv", opset: 10, ["pads": .ints([0, 1, 0, 1])],
      [
        .frame(bytes([1, 1, 1, 2], [5, 6])), scale(1), zero(4),
        .known(bytes([1, 1, 1, 3], [129, 130, 131])), scale(1), zero(128), scale(1), zero(1),
      ])
    try expect(node, gives: [bytes([1, 1, 1, 2], [1 + 2 + 6, 1 + 1 + 4])], lowers: false)
  }

  @Test func `QLinearMatMul takes a scale for each row and each column`() throws {
    let node = ImportCase(
      "QLinearMatMul", [:],
      [
        .frame(bytes([2, 2], [1, 2, 3, 4])), .known(Tensor(shape: [2, 1], floats: [1, 0.5])),
        .known(bytes([2, 1], [0, 2])), .known(bytes([2, 2], [1, 0, 0, 1], .int8)),
        .known(Tensor(shape: [2], floats: [1, 2])), .known(bytes([2], [0, 0], .int8)), scale(0.5), zero(0),
      ])
    try expect(node, gives: [bytes([2, 2], [2, 8, 1, 4])])
  }

  @Test(arguments: [true, false])
  func `QGemm gives a quantized matrix, or without an output scale its numbers`(quantizes: Bool) throws {
    // a = [[1, -1]], b = [[2, 0], [4, -2]] transposed, bias [2, -4] · (1 · 2 · 0.5)
    let inputs: [ImportCase.Input] = [
      .frame(bytes([1, 2], [4, 2])), scale(1), zero(3), .known(bytes([2, 2], [1, 0, 2, -1], .int8)), scale(2),
      zero(0, .int8), .known(bytes([2], [2, -4], .int32)),
    ]
    let attributes: [String: AttributeValue] = ["alpha": .float(0.5), "transB": .int(1)]
    let sums: [Float] = [0.5 * 2 + 2, 0.5 * 6 - 4]
    try expect(
      ImportCase(
        "QGemm", domain: "com.microsoft", opset: 1, attributes,
        quantizes ? inputs + [scale(0.25), zero(10)] : inputs),
      gives: quantizes
        ? [bytes([1, 2], [10 + 12, 10 - 4])] : [Tensor(shape: [1, 2], floats: sums)], lowers: false)
  }

  @Test func `ConvInteger and MatMulInteger sum what is left without the zero points`() throws {
    try expect(
      ImportCase(
        "ConvInteger", opset: 10, ["pads": .ints([0, 1, 0, 0])],
        [
          .frame(bytes([1, 1, 1, 3], [2, 3, 4])), .known(bytes([2, 1, 1, 2], [1, 2, 3, 5])), zero(1),
          .known(bytes([2], [0, 1])),
        ]),
      gives: [Tensor(shape: [1, 2, 1, 3], element: .int32, integers: [2, 5, 8, 4, 10, 16])], lowers: false)
    try expect(
      ImportCase(
        "MatMulInteger", opset: 10, [:],
        [.frame(bytes([1, 3], [11, 7, 3])), .frame(bytes([3, 2], [1, 4, 2, 5, 3, 6])), zero(12), zero(0)]),
      gives: [Tensor(shape: [1, 2], element: .int32, integers: [-38, -83])])
  }

  @Test func `DynamicQuantizeLinear chooses scale and zero point by the range`() throws {
    let node = ImportCase(
      "DynamicQuantizeLinear", opset: 11, [:],
      [.frame(Tensor(shape: [4], floats: [-1, 0, 0.5, 1.55]))], outputCount: 3)
    // scale 2.55 / 255 = 0.01, zero point 100
    let outputs = try node.evaluated()
    #expect(outputs[0] == bytes([4], [0, 100, 150, 255]))
    #expect(abs(outputs[1].asFloats[0] - 0.01) < 1e-9)
    #expect(outputs[2] == bytes([], [100]))
    #expect(try node.lowered() == outputs)
  }

  @Test func `QLinearAdd and QLinearMul broadcast`() throws {
    let inputs: [ImportCase.Input] = [
      .frame(bytes([1, 2, 1, 2], [0, 10, 20, 30], .int8)), scale(0.5), zero(10, .int8),
      .frame(bytes([2, 1, 1], [3, 5], .int8)), scale(2), zero(4, .int8), scale(1), zero(-1, .int8),
    ]
    // a = [-5, 0, 5, 10], b = [-2, 2]
    try expect(
      ImportCase("QLinearAdd", domain: "com.microsoft", opset: 1, [:], inputs),
      gives: [bytes([1, 2, 1, 2], [-8, -3, 6, 11], .int8)])
    try expect(
      ImportCase("QLinearMul", domain: "com.microsoft", opset: 1, [:], inputs),
      gives: [bytes([1, 2, 1, 2], [9, -1, 9, 19], .int8)])
  }

  @Test func `QLinearConcat brings every part to one scale`() throws {
    try expect(
      ImportCase(
        "QLinearConcat", domain: "com.microsoft", opset: 1, ["axis": .int(1)],
        [
          scale(1), zero(5), .frame(bytes([1, 2], [1, 3])), scale(2), zero(1),
          .frame(bytes([1, 1], [8])), scale(0.5), zero(0),
        ]),
      gives: [bytes([1, 3], [5, 9, 9])])
  }

  @Test func `poolings average numbers`() throws {
    let image = ImportCase.Input.frame(bytes([1, 1, 2, 2], [1, 3, 5, 11]))
    try expect(
      ImportCase(
        "QLinearGlobalAveragePool", domain: "com.microsoft", opset: 1, [:],
        [image, scale(1), zero(1), scale(0.5), zero(3)]),
      gives: [bytes([1, 1, 1, 1], [11])])
    try expect(
      ImportCase(
        "QLinearAveragePool", domain: "com.microsoft", opset: 1, ["kernel_shape": .ints([2, 1])],
        [image, scale(1), zero(1), scale(0.5), zero(3)]),
      gives: [bytes([1, 1, 1, 2], [7, 15])])
    #expect(throws: ImportError.self) {
      try ImportCase(
        "QLinearGlobalAveragePool", domain: "com.microsoft", opset: 1, ["channels_last": .int(1)],
        [image, scale(1), zero(1), scale(0.5), zero(3)]
      ).graph()
    }
  }

  @Test func `functions are those of the numbers`() throws {
    let parameters = [scale(1), zero(2), scale(0.25), zero(8)]
    let x = ImportCase.Input.frame(bytes([3], [0, 2, 6]))
    try expect(
      ImportCase(
        "QLinearLeakyRelu", domain: "com.microsoft", opset: 1, ["alpha": .float(0.5)], [x] + parameters),
      gives: [bytes([3], [4, 8, 24])])
    // 1 / (1 + e^2) = 0.119, 0.5, 1 / (1 + e^-4) = 0.982
    try expect(
      ImportCase("QLinearSigmoid", domain: "com.microsoft", opset: 1, [:], [x] + parameters),
      gives: [bytes([3], [8, 10, 12])])
    // e^0 : e^2 : e^6 = 0.0024 : 0.0180 : 0.9796
    try expect(
      ImportCase(
        "QLinearSoftmax", domain: "com.microsoft", opset: 1, ["axis": .int(0), "opset": .int(13)],
        [x, scale(1), zero(2), scale(0.0078125), zero(0)]),
      gives: [bytes([3], [0, 2, 125])])
  }
}
