import CEspalierKernels
import EspalierGraph
import EspalierKernels
import EspalierOperators
import Testing

@Suite("Operations on two tensors") struct BinaryTests {
  private static let a: [Float] = [-7, -2.5, 0, 3, 5.5, 8]
  private static let b: [Float] = [2, -2, 4, 3, -0.5, 3]

  /// Expected values: ONNX Runtime 1.31.
  @Test(arguments: [
    ("Add", [-5, -4.5, 4, 6, 5, 11]), ("Sub", [-9, -0.5, -4, 0, 6, 5]),
    ("Mul", [-14, 5, 0, 9, -2.75, 24]), ("Div", [-3.5, 1.25, 0, 1, -11, 2.666_666_7]),
    ("Max", [2, -2, 4, 3, 5.5, 8]), ("Min", [-7, -2.5, 0, 3, -0.5, 3]),
    ("PRelu", [-14, 5, 0, 3, 5.5, 8]),
  ])
  func `agree with ONNX Runtime on floats`(type: String, expected: [Float]) throws {
    try NodeCase(type: type, opset: 16, inputs: [.floats(Self.a), .floats(Self.b)])
      .expect(.floats(expected))
  }

  @Test(arguments: [
    ("Equal", [3]), ("Less", [0, 1, 2]), ("LessOrEqual", [0, 1, 2, 3]), ("Greater", [4, 5]),
    ("GreaterOrEqual", [3, 4, 5]),
  ])
  func `compare floats`(type: String, holdsAt: [Int]) throws {
    try NodeCase(type: type, opset: 16, inputs: [.floats(Self.a), .floats(Self.b)])
      .expect(.booleans(Self.a.indices.map(holdsAt.contains)))
  }

  @Test(arguments: [
    ("And", [false, false, false, true]), ("Or", [false, true, true, true]),
    ("Xor", [false, true, true, false]),
  ])
  func `combine truth values`(type: String, expected: [Bool]) throws {
    try NodeCase(
      type: type, inputs: [.booleans([false, false, true, true]), .booleans([false, true, false, true])]
    ).expect(.booleans(expected))
  }

  @Test func `give powers`() throws {
    try NodeCase(
      type: "Pow", opset: 15, inputs: [.floats([1, 2, 3, 0.5, 4, 9]), .floats(Self.b)]
    ).expect(.floats([1, 0.25, 81, 0.125, 0.5, 729]))
    try NodeCase(type: "Pow", opset: 15, inputs: [.floats([1.5, -2]), .integers([2, 3])])
      .expect(.floats([2.25, -8]))
  }

  @Test(arguments: [(Float(2), UInt16(9)), (0.5, 8), (-1, 8), (3, 9)])
  func `give powers of a known exponent by cheaper kernels where there are`(
    exponent: Float, family: UInt16
  ) throws {
    let base = Tensor.floats([0.25, 1, 2, 9])
    let power = OperatorCase(Binary(.power), [base, .floats([exponent])], constants: [1])
    try power.expectKernelsAgree()
    #expect(try LoweredExecutor(power.graph()).families == [family])
  }

  @Test func `give the remainder with the sign that fmod asks for`() throws {
    let inputs: [Tensor] = [.floats(Self.a), .floats(Self.b)]
    try NodeCase(type: "Mod", attributes: ["fmod": .int(1)], inputs: inputs)
      .expect(.floats([-1, -0.5, 0, 0, 0, 2]))
    // Python's %: the sign of the divisor.
    try NodeCase(type: "Mod", inputs: inputs).expect(.floats([1, -0.5, 0, 0, 0, 2]))
  }

  @Test(arguments: [
    ([2, 3, 4], [2, 3, 4]), ([2, 3, 4], [4]), ([2, 3, 4], [3, 1]), ([1, 3, 1], [2, 1, 4]), ([5], []),
    ([], []), ([2, 3, 4, 5], [3, 1, 1]), ([2, 8, 3, 3], [1, 8, 1, 1]), ([1, 3, 2, 2], [4, 1, 2, 1]),
    ([2, 0, 3], [1, 3]), ([2, 1, 3, 1, 2], [1, 4, 1, 2, 1]),
  ])
  func `broadcast both ways, as the definition does`(a: Shape, b: Shape) throws {
    var random = SeededGenerator(seed: 2)
    let inputs = [random.tensor(a), random.tensor(b)]
    try OperatorCase(Binary(.subtract), inputs).expectKernelsAgree()
    try OperatorCase(Binary(.subtract), [inputs[1], inputs[0]]).expectKernelsAgree()
    try OperatorCase(Binary(.multiply), inputs, constants: [1]).expectKernelsAgree()
  }

  @Test func `broadcast as NumPy does`() throws {
    // numpy: a[:, None] - b
    try NodeCase(type: "Sub", inputs: [.floats([10, 20], shape: [2, 1]), .floats([1, 2, 3])])
      .expect(.floats([9, 8, 7, 19, 18, 17], shape: [2, 3]))
  }

  @Test func `refuse shapes that do not broadcast, and types that do not agree`() {
    let a = TensorType(.float32, [2, 3])
    #expect(throws: ShapeError.broadcast(a, TensorType(.float32, [2]))) {
      try Binary(.add).inferOutputs([a, TensorType(.float32, [2])])
    }
    #expect(throws: ShapeError.self) { try Binary(.add).inferOutputs([a, TensorType(.int64, [2, 3])]) }
    #expect(throws: ShapeError.self) { try Binary(.and).inferOutputs([a, a]) }
    #expect(throws: ShapeError.self) { try Binary(.shiftLeft).inferOutputs([a, a]) }
  }

  @Test(arguments: ElementFunction.Kind.allCases.filter { ElementFunction($0).fitsEpilogue })
  func `compute a fused activation on the way out`(kind: ElementFunction.Kind) throws {
    var random = SeededGenerator(seed: 3)
    let add = Binary(.add, activation: ElementFunction(kind, alpha: 0.1, beta: 0.6))
    try OperatorCase(add, [random.tensor([1, 5, 3, 3]), random.tensor([1, 5, 3, 3])]).expectKernelsAgree()
  }

  @Test func `carry NaN through Max and Min, whichever side it stands on`() throws {
    for type in ["Max", "Min"] {
      try NodeCase(type: type, inputs: [.floats([.nan, 1, 2]), .floats([1, .nan, 2])])
        .expect(.floats([.nan, .nan, 2]))
    }
  }

  @Test(arguments: [
    (Binary.Kind.add, espalier_binary_add), (.subtract, espalier_binary_subtract),
    (.multiply, espalier_binary_multiply), (.divide, espalier_binary_divide),
    (.maximum, espalier_binary_maximum), (.minimum, espalier_binary_minimum),
    (.power, espalier_binary_power), (.modulo, espalier_binary_modulo),
    (.floorModulo, espalier_binary_floor_modulo), (.equal, espalier_binary_equal),
    (.less, espalier_binary_less), (.lessOrEqual, espalier_binary_less_or_equal),
    (.greater, espalier_binary_greater), (.greaterOrEqual, espalier_binary_greater_or_equal),
    (.and, espalier_binary_and), (.or, espalier_binary_or), (.xor, espalier_binary_xor),
    (.prelu, espalier_binary_prelu),
  ])
  func `stand under the header's numbers`(kind: Binary.Kind, number: espalier_binary) throws {
    #expect(Binary.Kind.allCases.firstIndex(of: kind) == Int(number.rawValue))
  }
}

@Suite("PRelu") struct PReluTests {
  @Test(arguments: [[3, 1, 1], [1], [1, 3, 1, 1], [4], []])
  func `broadcasts its slope to the input`(slope: Shape) throws {
    var random = SeededGenerator(seed: 4)
    try OperatorCase(
      Binary(.prelu), [random.tensor([2, 3, 5, 4]), random.tensor(slope)], constants: [1]
    ).expectKernelsAgree()
  }

  @Test func `takes one slope per channel`() throws {
    try NodeCase(
      type: "PRelu", opset: 16,
      inputs: [
        .floats([-1, 2, -3, 4], shape: [1, 2, 1, 2]), .floats([0.5, 0.1], shape: [2, 1, 1]),
      ]
    ).expect(.floats([-0.5, 2, -0.3, 4], shape: [1, 2, 1, 2]))
  }

  @Test func `takes a vector for one slope per channel where it does not broadcast otherwise`() throws {
    let x = Tensor.floats([-1, 2, -3, -4, -5, -6], shape: [1, 2, 3])
    try NodeCase(type: "PRelu", opset: 9, inputs: [x, .floats([0.5, 0.1])])
      .expect(.floats([-0.5, 2, -1.5, -0.4, -0.5, -0.6], shape: [1, 2, 3]))
    // A slope per column is ONNX's rule since opset 7; before, it was the channel's.
    let square = Tensor.floats([-1, -1, -1, -1], shape: [1, 2, 2])
    try NodeCase(type: "PRelu", opset: 9, inputs: [square, .floats([0.5, 0.1])])
      .expect(.floats([-0.5, -0.1, -0.5, -0.1], shape: [1, 2, 2]))
    try NodeCase(type: "PRelu", opset: 6, inputs: [square, .floats([0.5, 0.1])])
      .expect(.floats([-0.5, -0.5, -0.1, -0.1], shape: [1, 2, 2]))
  }

  @Test func `refuses a slope larger than the input`() {
    #expect(throws: ShapeError.self) {
      try Binary(.prelu).inferOutputs([TensorType(.float32, [3]), TensorType(.float32, [2, 3])])
    }
  }

  @Test func `lets pruning follow channels where the inputs meet, aligned at the last axis`() {
    let image = TensorType(.float32, [1, 3, 2, 2])
    func rule(_ shapes: Shape...) -> ChannelRule {
      Binary(.add).channelRule([image] + shapes.map { TensorType(.float32, $0) })
    }
    #expect(rule([1, 3, 1, 1]) == .coupled(axes: [1, 1]))
    #expect(rule([3, 1, 1]) == .coupled(axes: [1, 0]))
    #expect(rule([3, 2, 2]) == .coupled(axes: [1, 0]))
    #expect(rule([1, 1, 2, 2]) == .coupled(axes: [1, nil]))
    // Axis 1 of these meets the image's rows or columns.
    #expect(rule([1, 2, 1]) == .coupled(axes: [1, nil]))
    #expect(rule([2, 2]) == .coupled(axes: [1, nil]))
    #expect(rule([]) == .coupled(axes: [1, nil]))
    #expect(
      Binary(.add).channelRule([TensorType(.float32, [3]), TensorType(.float32, [])])
        == .barrier(reason: "its output has no channel axis"))
  }

  @Test(arguments: [[8, 1, 1], [1, 8, 1, 1], [8, 4, 5], [1, 8, 4, 5]] as [Shape])
  func `reads a constant that meets an image channel by channel`(shape: Shape) throws {
    var random = SeededGenerator(seed: 21)
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 8, 4, 5]))
    func conv(_ name: String, of value: ValueID) throws -> ValueID {
      let weights = graph.appendConstant(name: name + "/w", random.tensor([8, 8, 1, 1]))
      return try graph.append(Conv(), name: name, inputs: [value, weights])[0]
    }
    let constant = graph.appendConstant(name: "c", random.tensor(shape))
    let sum = try graph.append(Binary(.add), name: "sum", inputs: [conv("before", of: x), constant])[0]
    graph.appendOutput(try conv("after", of: sum), name: "y")

    var lowering = Lowering(graph)
    try lowering.lowerAll()
    let call = try #require(lowering.calls.first { $0.family == 9 })
    // The last strides of a, b and the output.
    #expect([call.parameters[11], call.parameters[17], call.parameters[23]] == [1, 1, 1])
    let frame = [random.tensor([1, 8, 4, 5])]
    var executor = try LoweredExecutor(graph)
    expectClose(try executor.run(frame)[0], try evaluate(graph, frame)[0])
  }
}
