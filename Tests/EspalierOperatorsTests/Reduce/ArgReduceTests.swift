import EspalierGraph
import EspalierOperators
import Testing

@Suite("ArgMax and ArgMin") struct ArgReduceTests {
  private static let x = Tensor.floats([1, 3, 3, 2, 0, -1, 5, -1], shape: [2, 4])

  /// Expected values: ONNX Runtime 1.31.
  @Test(arguments: [
    ("ArgMax", false, [1, 2]), ("ArgMax", true, [2, 2]), ("ArgMin", false, [0, 1]),
    ("ArgMin", true, [0, 3]),
  ])
  func `give the first of equals, or the last`(type: String, last: Bool, expected: [Int64]) throws {
    try NodeCase(
      type: type, attributes: ["axis": .int(-1), "select_last_index": .int(last ? 1 : 0)],
      inputs: [Self.x]
    ).expect(.integers(expected, shape: [2, 1]))
  }

  @Test func `go over axis 0 by default, and drop it on request`() throws {
    try NodeCase(type: "ArgMax", inputs: [Self.x]).expect(.integers([0, 0, 1, 0], shape: [1, 4]))
    try NodeCase(type: "ArgMin", attributes: ["keepdims": .int(0)], inputs: [Self.x])
      .expect(.integers([1, 1, 0, 1]))
  }

  @Test func `do not count NaN`() throws {
    for (type, expected) in [("ArgMax", 3), ("ArgMin", 1)] {
      try NodeCase(type: type, inputs: [.floats([.nan, 1, .nan, 2])]).expect(.integers([Int64(expected)]))
    }
  }

  @Test(arguments: 0..<4, [false, true])
  func `agree with their definition on images`(axis: Int, last: Bool) throws {
    var random = SeededGenerator(seed: 7)
    // Few distinct values, so that there are equals.
    let floats = random.tensor([2, 9, 4, 5]).floats.map { ($0 * 3).rounded() }
    let x = Tensor(shape: [2, 9, 4, 5], floats: floats)
    for kind in [ArgReduce.Kind.max, .min] {
      for keeps in [true, false] {
        let op = ArgReduce(kind, axis: axis, keepsAxis: keeps, selectsLast: last)
        try OperatorCase(op, [x]).expectKernelsAgree(tolerance: 0)
      }
    }
  }

  @Test func `refuse an axis without elements`() {
    #expect(throws: ImportError.self) {
      try NodeCase(type: "ArgMax", inputs: [.floats([], shape: [0, 2])]).graph()
    }
  }
}

@Suite("CumSum and CumProd") struct CumulationTests {
  /// Expected values: ONNX Runtime 1.31.
  @Test(arguments: [
    (0, 0, [1, 3, 6, 10]), (0, 1, [10, 9, 7, 4]), (1, 0, [0, 1, 3, 6]), (1, 1, [9, 7, 4, 0]),
  ])
  func `sums from either end, with or without the element itself`(
    exclusive: Int64, reverse: Int64, expected: [Float]
  ) throws {
    let attributes: [String: AttributeValue] = ["exclusive": .int(exclusive), "reverse": .int(reverse)]
    try NodeCase(
      type: "CumSum", opset: 14, attributes: attributes,
      inputs: [.floats([1, 2, 3, 4]), .integers([0], shape: [])], known: [1]
    ).expect(.floats(expected))
    try NodeCase(
      type: "CumSum", opset: 14, attributes: attributes,
      inputs: [.integers([1, 2, 3, 4], .int32), .integers([-1], .int32)], known: [1]
    ).expect(.integers(expected.map { Int64($0) }, .int32))
  }

  /// Expected values by hand.
  @Test(arguments: [
    (0, 0, [2, 6, 24, 120]), (0, 1, [120, 60, 20, 5]), (1, 0, [1, 2, 6, 24]), (1, 1, [60, 20, 5, 1]),
  ])
  func `multiplies from either end, with or without the element itself`(
    exclusive: Int64, reverse: Int64, expected: [Float]
  ) throws {
    try NodeCase(
      type: "CumProd", opset: 26, attributes: ["exclusive": .int(exclusive), "reverse": .int(reverse)],
      inputs: [.floats([2, 3, 4, 5]), .integers([0], shape: [])], known: [1]
    ).expect(.floats(expected))
  }

  @Test(arguments: 0..<4)
  func `goes along any axis of an image`(axis: Int) throws {
    var random = SeededGenerator(seed: 8)
    for isReversed in [false, true] {
      try OperatorCase(Cumulation(axis: axis, isReversed: isReversed), [random.tensor([2, 5, 3, 4])])
        .expectKernelsAgree()
    }
  }

  @Test func `wants to know its axis`() {
    let node = NodeCase(type: "CumSum", inputs: [.floats([1]), .integers([0], shape: [])])
    #expect(throws: ImportError.notConstant(input: 1, node: "node", type: "CumSum")) { try node.graph() }
  }
}
