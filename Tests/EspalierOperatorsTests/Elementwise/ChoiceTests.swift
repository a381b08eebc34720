import EspalierGraph
import EspalierOperators
import Testing

@Suite("Where") struct WhereTests {
  @Test func `chooses element by element`() throws {
    let condition = Tensor.booleans([true, false, true, true], shape: [2, 2])
    try NodeCase(
      type: "Where",
      inputs: [condition, .floats([1, 2, 3, 4], shape: [2, 2]), .floats([9, 8, 7, 6], shape: [2, 2])]
    ).expect(.floats([1, 8, 3, 4], shape: [2, 2]))
    try NodeCase(
      type: "Where",
      inputs: [condition, .integers([1, 2, 3, 4], shape: [2, 2]), .integers([9], shape: [])]
    ).expect(.integers([1, 9, 3, 4], shape: [2, 2]))
  }

  @Test func `broadcasts all three`() throws {
    var random = SeededGenerator(seed: 5)
    for (c, a, b): (Shape, Shape, Shape) in [
      ([2, 1], [1, 3], []), ([1, 3, 1, 1], [2, 3, 4, 4], [4]), ([3], [2, 1, 1], [4, 1]),
    ] {
      let condition = Tensor(shape: c, booleans: random.tensor(c).floats.map { $0 > 0 })
      try OperatorCase(Where(), [condition, random.tensor(a), random.tensor(b)])
        .expectKernelsAgree(tolerance: 0)
    }
  }

  @Test func `does not let the side that is not chosen through`() throws {
    try NodeCase(
      type: "Where", inputs: [.booleans([true, false]), .floats([1, .nan]), .floats([.nan, 2])]
    ).expect(.floats([1, 2]))
  }

  @Test func `refuses a condition that is a number, and sides of two types`() {
    let (number, truth) = (TensorType(.float32, [2]), TensorType(.bool, [2]))
    #expect(throws: ShapeError.self) { try Where().inferOutputs([number, number, number]) }
    #expect(throws: ShapeError.self) {
      try Where().inferOutputs([truth, number, TensorType(.int64, [2])])
    }
    #expect(throws: ShapeError.self) { try Where().inferOutputs([truth, number, TensorType(.float32, [3])]) }
  }
}

@Suite("Max, Min, Sum and Mean") struct VariadicTests {
  private static let inputs: [Tensor?] = [
    .floats([3, 2, 1]), .floats([1, 4, 4], shape: [1, 3]), .floats([2], shape: []),
  ]

  @Test func `take any number of inputs and broadcast them`() throws {
    func expect(_ type: String, _ expected: [Float]) throws {
      try NodeCase(type: type, inputs: Self.inputs).expect(.floats(expected, shape: [1, 3]))
    }
    try expect("Max", [3, 4, 4])
    try expect("Min", [1, 2, 1])
    try expect("Sum", [6, 8, 7])
    try expect("Mean", [2, 8.0 / 3, 7.0 / 3])
  }

  @Test(arguments: ["Max", "Min", "Sum", "Mean"])
  func `pass a single input on`(type: String) throws {
    try NodeCase(type: type, inputs: [.floats([3, -2])]).expect(.floats([3, -2]))
  }

  @Test func `compare integers of every type`() throws {
    for element: ElementType in [.int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64] {
      let inputs: [Tensor] = [.integers([3, 2, 1], element), .integers([1, 4, 4], element)]
      try NodeCase(type: "Max", inputs: inputs).expect(.integers([3, 4, 4], element))
      try NodeCase(type: "Min", inputs: inputs).expect(.integers([1, 2, 1], element))
    }
  }
}

@Suite("Identity and Dropout") struct IdentityTests {
  private static let x = Tensor.floats([1, -2, 3, 4], shape: [1, 2, 1, 2])

  @Test func `give the input itself`() throws {
    try NodeCase(type: "Identity", inputs: [Self.x]).expect(Self.x)
    try NodeCase(type: "Dropout", opset: 7, attributes: ["ratio": .float(0.3)], inputs: [Self.x])
      .expect(Self.x)
    try NodeCase(type: "Dropout", inputs: [Self.x, Tensor(scalar: 0.9)]).expect(Self.x)
    try NodeCase(
      type: "Dropout", inputs: [Self.x, nil, .integers([0], .bool, shape: [])], known: [2]
    ).expect(Self.x)
  }

  @Test func `give a mask that keeps everything`() throws {
    try NodeCase(type: "Dropout", inputs: [Self.x], outputCount: 2)
      .expect(Self.x, .booleans([true, true, true, true], shape: [1, 2, 1, 2]))
    try NodeCase(type: "Dropout", opset: 7, inputs: [Self.x], outputCount: 2)
      .expect(Self.x, .floats([1, 1, 1, 1], shape: [1, 2, 1, 2]))
  }

  @Test func `drop nothing in training with a ratio of 0, and refuse any other`() throws {
    let training = Tensor.integers([1], .bool, shape: [])
    try NodeCase(
      type: "Dropout", inputs: [Self.x, Tensor(scalar: 0), training], known: [1, 2], outputCount: 2
    ).expect(Self.x, .booleans([true, true, true, true], shape: [1, 2, 1, 2]))
    #expect(throws: ImportError.self) {
      try NodeCase(type: "Dropout", inputs: [Self.x, Tensor(scalar: 0.5), training], known: [1, 2]).graph()
    }
    #expect(throws: ImportError.self) {
      try NodeCase(type: "Dropout", inputs: [Self.x, nil, training], known: [2]).graph()
    }
  }
}
