import EspalierGraph
import EspalierOperators
import Testing

@Suite("Clip") struct ClipTests {
  private static let x = Tensor.floats([-7, -2.5, 0, 3, 5.5, 8])

  @Test func `takes its bounds from attributes before opset 11`() throws {
    try NodeCase(
      type: "Clip", opset: 10, attributes: ["min": .float(-2), "max": .float(4)], inputs: [Self.x]
    ).expect(.floats([-2, -2, 0, 3, 4, 4]))
    try NodeCase(type: "Clip", opset: 7, attributes: ["max": .float(4)], inputs: [Self.x])
      .expect(.floats([-7, -2.5, 0, 3, 4, 4]))
    try NodeCase(type: "Clip", opset: 6, inputs: [Self.x]).expect(Self.x)
  }

  @Test func `takes its bounds from inputs since opset 11, as one function where they are known`() throws {
    let bounds = [Tensor(scalar: -2), Tensor(scalar: 4)]
    let node = NodeCase(type: "Clip", inputs: [Self.x] + bounds, known: [1, 2])
    try node.expect(.floats([-2, -2, 0, 3, 4, 4]))
    #expect(try node.graph().nodes.count == 1)
    #expect(
      try node.graph().nodes[0].op as? Unary == Unary(ElementFunction(.clip, alpha: -2, beta: 4)))
  }

  @Test func `takes bounds that the frame decides`() throws {
    try NodeCase(type: "Clip", inputs: [Self.x, Tensor(scalar: -2), Tensor(scalar: 4)])
      .expect(.floats([-2, -2, 0, 3, 4, 4]))
  }

  @Test func `does not bind where a bound is absent`() throws {
    try NodeCase(type: "Clip", inputs: [Self.x, nil, Tensor(scalar: 4)], known: [2])
      .expect(.floats([-7, -2.5, 0, 3, 4, 4]))
    try NodeCase(type: "Clip", inputs: [Self.x, Tensor(scalar: -2)], known: [1])
      .expect(.floats([-2, -2, 0, 3, 5.5, 8]))
    try NodeCase(type: "Clip", inputs: [Self.x]).expect(Self.x)
    try NodeCase(type: "Clip", inputs: [.floats([.infinity, -.infinity])])
      .expect(.floats([.infinity, -.infinity]))
  }

  @Test func `lets the upper bound win where the two contradict`() throws {
    for known: Set<Int> in [[1, 2], []] {
      try NodeCase(
        type: "Clip", inputs: [.floats([-3, 1.5, 9]), Tensor(scalar: 2), Tensor(scalar: 1)], known: known
      ).expect(.floats([1, 1, 1]))
    }
  }

  @Test func `clips integers exactly`() throws {
    // 2^53 + 1 is no float.
    let large: Int64 = 1 << 53 + 1
    let node = NodeCase(
      type: "Clip", inputs: [.integers([large, -large]), .integers([0], shape: []), nil], known: [1])
    #expect(try node.evaluate() == [.integers([large, 0])])
    try NodeCase(
      type: "Clip", inputs: [.integers([-5, 3, 100], .int8), nil, .integers([7], .int8, shape: [])]
    ).expect(.integers([-5, 3, 7], .int8))
    try NodeCase(type: "Clip", inputs: [.integers([-5, 3], .int8)]).expect(.integers([-5, 3], .int8))
  }

  @Test func `keeps NaN`() throws {
    try NodeCase(type: "Clip", inputs: [.floats([.nan]), Tensor(scalar: 0)], known: [1])
      .expect(.floats([.nan]))
  }
}
