import EspalierGraph
import EspalierOperators
import Testing

@Suite("Arithmetic on integers") struct IntegerTests {
  private static let a: [Int64] = [-7, -6, 7, 6, -128, 127]
  private static let b: [Int64] = [2, 4, -2, -4, -1, 10]

  /// Expected values: ONNX Runtime 1.31.
  @Test(arguments: [
    ("Add", [-5, -2, 5, 2, -129, 137]), ("Sub", [-9, -10, 9, 10, -127, 117]),
    ("Mul", [-14, -24, -14, -24, 128, 1270]), ("Max", [2, 4, 7, 6, -1, 127]),
    ("Min", [-7, -6, -2, -4, -128, 10]), ("Div", [-3, -1, -3, -1, 128, 12]), ("Mod", [1, 2, -1, -2, 0, 7]),
  ])
  func `agrees with ONNX Runtime in 32 bits`(type: String, expected: [Int64]) throws {
    try NodeCase(type: type, opset: 14, inputs: [.integers(Self.a, .int32), .integers(Self.b, .int32)])
      .expect(.integers(expected, .int32))
  }

  @Test func `divides integers below 2^24 exactly`() throws {
    // Quotients just below whole numbers, whose nearest float must not be the whole number.
    let largest: Int64 = (1 << 24) - 1
    let steps = (1...2000).map(Int64.init)
    let a = steps.map { largest - $0 } + [largest, -largest, largest - 1]
    let b = steps.map { $0 % 97 + 1 } + [2, 3, -5]
    try NodeCase(type: "Div", opset: 14, inputs: [.integers(a), .integers(b)])
      .expect(.integers(zip(a, b).map { $0 / $1 }), tolerance: 0)
  }

  @Test func `takes the dividend's sign where Mod's fmod is set`() throws {
    try NodeCase(
      type: "Mod", attributes: ["fmod": .int(1)],
      inputs: [.integers(Self.a, .int32), .integers(Self.b, .int32)]
    ).expect(.integers([-1, -2, 1, 2, 0, 7], .int32))
  }

  @Test func `wraps around in the element's own type`() throws {
    // Two's complement: 127 + 127 = 254 = -2 in 8 bits; -128 / -1 = 128 = -128.
    let a = Tensor.integers([127, -128], .int8)
    try NodeCase(type: "Add", inputs: [a, a]).expect(.integers([-2, 0], .int8))
    try NodeCase(type: "Div", inputs: [a, .integers([-1, -1], .int8)])
      .expect(.integers([-127, -128], .int8))
    try NodeCase(type: "Sub", inputs: [.integers([1], .uint8), .integers([2], .uint8)])
      .expect(.integers([255], .uint8))
    try NodeCase(type: "Mul", inputs: [.integers([300, -200], .int16), .integers([300, 200], .int16)])
      .expect(.integers([24_464, 25_536], .int16))
    try NodeCase(type: "Neg", inputs: [.integers([-128, 5], .int8)]).expect(.integers([-128, -5], .int8))
    try NodeCase(type: "Sub", inputs: [.integers([1], .uint32), .integers([2], .uint32)])
      .expect(.integers([4_294_967_295], .uint32), lowers: false)
  }

  @Test func `treats the upper half of uint64 as large numbers`() throws {
    // 2^64 - 1 stands as -1.
    let (top, two) = (Tensor.integers([-1], .uint64), Tensor.integers([2], .uint64))
    func result(_ type: String) throws -> Tensor {
      try NodeCase(type: type, inputs: [top, two]).evaluate()[0]
    }
    #expect(try result("Greater") == .booleans([true]))
    #expect(try result("Max") == top)
    #expect(try result("Div") == .integers([Int64.max], .uint64))
    #expect(try result("Mod") == .integers([1], .uint64))
  }

  @Test func `raises integers to powers of either kind`() throws {
    // Expected values: ONNX Runtime 1.31.
    try NodeCase(
      type: "Pow", opset: 15, inputs: [.integers([2, 3, -2, 10], .int32), .integers([3, 2, 3, 0], .int32)]
    ).expect(.integers([8, 9, -8, 1], .int32))
    try NodeCase(
      type: "Pow", opset: 15, inputs: [.integers([2, 9, 10], .int32), .floats([1.5, 0.5, 2])]
    ).expect(.integers([2, 3, 100], .int32))
  }

  @Test func `refuses to divide by 0`() throws {
    let node = NodeCase(type: "Div", inputs: [.integers([1]), .integers([0])])
    #expect(throws: InterpreterError.self) { try node.evaluate() }
  }

  @Test func `shifts bits, and loses all of them behind the width`() throws {
    func expect(_ direction: String, _ element: ElementType, by: [Int64], _ expected: [Int64]) throws {
      try NodeCase(
        type: "BitShift", attributes: ["direction": .string(direction)],
        inputs: [.integers([16, 200, 1], element), .integers(by, element)]
      ).expect(.integers(expected, element))
    }
    try expect("LEFT", .uint8, by: [1, 1, 8], [32, 144, 0])
    try expect("LEFT", .uint16, by: [12, 255, 15], [0, 0, 32_768])
    try expect("LEFT", .uint64, by: [1, 2, 3], [32, 800, 8])
    try expect("RIGHT", .uint8, by: [1, 3, 64], [8, 25, 0])
    try expect("RIGHT", .uint32, by: [5, 7, 1], [0, 1, 0])
  }

  @Test func `combines and inverts bits`() throws {
    let inputs: [Tensor] = [.integers([12, 255], .uint8), .integers([10, 15], .uint8)]
    try NodeCase(type: "BitwiseAnd", opset: 18, inputs: inputs)
      .expect(.integers([8, 15], .uint8), lowers: false)
    try NodeCase(type: "BitwiseOr", opset: 18, inputs: inputs)
      .expect(.integers([14, 255], .uint8), lowers: false)
    try NodeCase(type: "BitwiseXor", opset: 18, inputs: inputs)
      .expect(.integers([6, 240], .uint8), lowers: false)
    try NodeCase(type: "BitwiseNot", opset: 18, inputs: [inputs[0]])
      .expect(.integers([243, 0], .uint8), lowers: false)
    try NodeCase(type: "BitwiseNot", opset: 18, inputs: [.integers([5, -1], .int32)])
      .expect(.integers([-6, 0], .int32), lowers: false)
  }
}
