import EspalierGraph
import EspalierKernels
import EspalierOperators
import Testing

@Suite("Functions of one element") struct UnaryTests {
  @Test(arguments: UnaryGolden.all)
  func `agree with ONNX Runtime, in the definition and in the kernel`(golden: UnaryGolden) throws {
    try NodeCase(
      type: golden.type, opset: 24, attributes: golden.attributes, inputs: [.floats(golden.input)]
    ).expect(.floats(golden.output), tolerance: 1e-6)
  }

  @Test func `tell NaN and the infinities from numbers`() throws {
    let x = Tensor.floats([.nan, .infinity, -.infinity, 0, 1])
    try NodeCase(type: "IsNaN", inputs: [x]).expect(.booleans([true, false, false, false, false]))
    try NodeCase(type: "IsInf", inputs: [x]).expect(.booleans([false, true, true, false, false]))
    try NodeCase(type: "IsInf", attributes: ["detect_negative": .int(0)], inputs: [x])
      .expect(.booleans([false, true, false, false, false]))
    try NodeCase(type: "IsInf", attributes: ["detect_positive": .int(0)], inputs: [x])
      .expect(.booleans([false, false, true, false, false]))
  }

  @Test(arguments: [
    ("Relu", 0), ("LeakyRelu", 0), ("HardSigmoid", 0.5), ("HardSwish", 0), ("Sigmoid", 0.5), ("Tanh", 0),
    ("Elu", 0), ("Selu", 0), ("Celu", 0), ("Softplus", 0.693_147_2), ("Softsign", 0),
    ("ThresholdedRelu", 0), ("Erf", 0), ("Gelu", 0), ("Mish", 0), ("Swish", 0), ("Shrink", 0),
    ("Sign", 0), ("Round", 0),
  ])
  func `let NaN pass`(type: String, ofZero: Float) throws {
    try NodeCase(type: type, opset: 24, inputs: [.floats([.nan, 0])]).expect(.floats([.nan, ofZero]))
  }

  @Test func `work on integers where the result is one`() throws {
    let x = Tensor.integers([-128, -3, 0, 127], .int8)
    try NodeCase(type: "Relu", inputs: [x]).expect(.integers([0, 0, 0, 127], .int8))
    try NodeCase(type: "Sign", inputs: [x]).expect(.integers([-1, -1, 0, 1], .int8))
    // -(-128) does not exist in 8 bits: two's complement gives -128 again.
    #expect(try NodeCase(type: "Abs", inputs: [x]).evaluate() == [.integers([-128, 3, 0, 127], .int8)])
    #expect(try NodeCase(type: "Neg", inputs: [x]).evaluate() == [.integers([-128, 3, 0, -127], .int8)])
  }

  @Test func `refuse element types that they are not defined for`() {
    #expect(throws: ImportError.self) { try NodeCase(type: "Exp", inputs: [.integers([1])]).graph() }
    #expect(throws: ImportError.self) { try NodeCase(type: "Not", inputs: [.floats([1])]).graph() }
    #expect(throws: ImportError.self) { try NodeCase(type: "Relu", inputs: [.booleans([true])]).graph() }
  }

  @Test func `round halves to even`() throws {
    try NodeCase(type: "Round", inputs: [.floats([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4999])])
      .expect(.floats([0, 2, 2, 0, -2, -2, 2]))
  }

  @Test func `keep small values of Gelu where erf is almost -1`() throws {
    // From the complementary error function in double precision: no cancellation.
    let y = try NodeCase(type: "Gelu", opset: 20, inputs: [.floats([-5, -6])]).evaluate()[0].floats
    #expect(abs(y[0] / -1.433_258e-06 - 1) < 1e-5)
    #expect(abs(y[1] / -5.919_526e-09 - 1) < 1e-5)
  }

  @Test(arguments: [[2, 3, 4, 5], [1, 16, 3, 3], [7], [], [2, 0, 3]])
  func `work on images, padded channels and all, on scalars and on nothing`(shape: Shape) throws {
    var random = SeededGenerator(seed: 1)
    try OperatorCase(Unary(ElementFunction(.sigmoid)), [random.tensor(shape)]).expectKernelsAgree()
  }

  @Test func `are refused with an approximation that Gelu does not know`() {
    let node = NodeCase(
      type: "Gelu", opset: 20, attributes: ["approximate": .string("fast")], inputs: [.floats([1])])
    #expect(throws: ImportError.self) { try node.graph() }
  }
}
