import EspalierGraph
import EspalierOperators
import Testing

@Suite("NonMaxSuppression") struct NonMaxSuppressionTests {
  /// Pairs of boxes on the same place, as ONNX's own tests have them.
  private let boxes = Tensor.floats(
    [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9, 0, 10, 1, 11, 0, 10.1, 1, 11.1, 0, 100, 1, 101],
    shape: [1, 6, 4])
  private let scores = Tensor.floats([0.9, 0.75, 0.6, 0.95, 0.5, 0.3], shape: [1, 1, 6])

  private func node(
    _ boxes: ImportCase.Input, _ scores: ImportCase.Input, limit: Int64?, overlap: Float? = 0.5,
    score: Float? = 0, centers: Int64 = 0
  ) -> ImportCase {
    ImportCase(
      "NonMaxSuppression", opset: 11, ["center_point_box": .int(centers)],
      [
        boxes, scores, limit.map { .known(.integers([$0])) } ?? .absent,
        overlap.map { .known(.floats([$0])) } ?? .absent, score.map { .known(.floats([$0])) } ?? .absent,
      ])
  }

  @Test func `takes the likeliest box and drops those that overlap it`() throws {
    try expect(
      node(.frame(boxes), .frame(scores), limit: 3),
      gives: [.integers([0, 0, 3, 0, 0, 0, 0, 0, 5], shape: [3, 3])])
  }

  @Test func `fills up with -1 where fewer boxes are found`() throws {
    try expect(
      node(.frame(boxes), .frame(scores), limit: 3, score: 0.4),
      gives: [.integers([0, 0, 3, 0, 0, 0, -1, -1, -1], shape: [3, 3])])
    try expect(
      node(.frame(boxes), .frame(scores), limit: 2, score: 1),
      gives: [.integers([-1, -1, -1, -1, -1, -1], shape: [2, 3])])
  }

  @Test func `has only the rows that are found where nothing comes from the frame`() throws {
    let graph = try node(.known(boxes), .known(scores), limit: 3, score: 0.4).graph()
    #expect(graph.nodes.isEmpty)
    #expect(graph.constant(of: graph.outputs[0]) == .integers([0, 0, 3, 0, 0, 0], shape: [2, 3]))
  }

  @Test func `has room for no more boxes than there are`() throws {
    let graph = try node(.frame(boxes), .frame(scores), limit: 1_000_000).graph()
    #expect(graph.type(of: graph.outputs[0]).shape == [6, 3])
  }

  @Test func `finds nothing without a limit`() throws {
    let graph = try node(.frame(boxes), .frame(scores), limit: nil).graph()
    #expect(graph.type(of: graph.outputs[0]).shape == [0, 3])
  }

  @Test func `goes through images, and in each through classes`() throws {
    let two = Tensor.floats(boxes.floats + boxes.floats, shape: [2, 6, 4])
    let likely = Tensor.floats(
      scores.floats + scores.floats.reversed() + scores.floats + scores.floats, shape: [2, 2, 6])
    try expect(
      node(.frame(two), .frame(likely), limit: 2),
      gives: [
        .integers(
          [0, 0, 3, 0, 0, 0, 0, 1, 2, 0, 1, 5, 1, 0, 3, 1, 0, 0, 1, 1, 3, 1, 1, 0], shape: [8, 3])
      ])
  }

  @Test func `knows corners in any order, and centers`() throws {
    let flipped = Tensor.floats([1, 1, 0, 0, 0, 0.1, 1, 1.1, 1, 11, 0, 10], shape: [1, 3, 4])
    let likely = Tensor.floats([0.9, 0.8, 0.7], shape: [1, 1, 3])
    try expect(
      node(.frame(flipped), .frame(likely), limit: 3),
      gives: [.integers([0, 0, 0, 0, 0, 2, -1, -1, -1], shape: [3, 3])])
    let centered = Tensor.floats([0.5, 0.5, 1, 1, 0.6, 0.5, 1, 1, 10.5, 0.5, 1, 1], shape: [1, 3, 4])
    try expect(
      node(.frame(centered), .frame(likely), limit: 3, centers: 1),
      gives: [.integers([0, 0, 0, 0, 0, 2, -1, -1, -1], shape: [3, 3])])
  }

  @Test func `keeps boxes whose overlap is the threshold`() throws {
    // The second box shares a third of what both cover.
    let halves = Tensor.floats([0, 0, 1, 2, 0, 1, 1, 3], shape: [1, 2, 4])
    let likely = Tensor.floats([0.9, 0.8], shape: [1, 1, 2])
    let third: Float = 1 / 3
    try expect(
      node(.frame(halves), .frame(likely), limit: 2, overlap: third),
      gives: [.integers([0, 0, 0, 0, 0, 1], shape: [2, 3])])
    try expect(
      node(.frame(halves), .frame(likely), limit: 2, overlap: third.nextDown),
      gives: [.integers([0, 0, 0, -1, -1, -1], shape: [2, 3])])
  }

  @Test func `of equal scores the lower number comes first`() throws {
    try expect(
      node(
        .frame(boxes), .frame(.floats([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], shape: [1, 1, 6])), limit: 3),
      gives: [.integers([0, 0, 0, 0, 0, 3, 0, 0, 5], shape: [3, 3])])
  }

  @Test(arguments: [false, true])
  func `agrees with the definition on crowds of boxes`(centers: Bool) throws {
    var generator = SeededGenerator(seed: 6)
    for (images, classes, count, limit) in [(1, 1, 1, 1), (2, 3, 50, 7), (1, 2, 200, 200), (3, 1, 17, 0)] {
      let boxes = (0..<images * count * 4).map { _ in Float.random(in: 0..<3, using: &generator) }
      let scores = (0..<images * classes * count).map { _ in
        Float(Int.random(in: 0..<40, using: &generator)) / 40
      }
      for threshold: Float? in [nil, 0.5] {
        let op = NonMaxSuppression(
          limit: limit, overlapThreshold: 0.3, scoreThreshold: threshold, centers: centers)
        try OperatorCase(
          op, [.floats(boxes, shape: [images, count, 4]), .floats(scores, shape: [images, classes, count])]
        ).expectKernelsAgree(tolerance: 0)
      }
    }
  }

  @Test func `refuses inputs that do not fit`() {
    let op = NonMaxSuppression(limit: 2, overlapThreshold: 0.5)
    let boxes = TensorType(.float32, [1, 6, 4])
    #expect(throws: ShapeError.self) { try op.inferOutputs([boxes, TensorType(.float32, [1, 1, 5])]) }
    #expect(throws: ShapeError.self) { try op.inferOutputs([boxes, TensorType(.float32, [2, 1, 6])]) }
    #expect(throws: ShapeError.self) {
      try op.inferOutputs([TensorType(.float32, [1, 6, 5]), TensorType(.float32, [1, 1, 6])])
    }
  }
}
