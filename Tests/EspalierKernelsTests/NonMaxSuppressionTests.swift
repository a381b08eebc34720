import CEspalierKernels
import EspalierKernels
import Testing

@Suite("Non-maximum suppression") struct NonMaxSuppressionKernelTests {
  private struct Case {
    var batch = 2
    var classes = 3
    var boxes = 40
    var limit = 6
    var centers = false
    var scoreThreshold: Float?

    var rows: Int { batch * classes * limit }

    func parameters(boxes from: TestView, scores: TestView, rows to: TestView) -> NonMaxSuppressionParameters
    {
      NonMaxSuppressionParameters(
        batch: Int32(batch), classes: Int32(classes), boxes: Int32(boxes), limit: Int32(limit),
        centers: centers ? 1 : 0, has_score_threshold: scoreThreshold == nil ? 0 : 1,
        overlap_threshold: 0.25, score_threshold: scoreThreshold ?? 0, box_base: Int32(from.base),
        box_stride_n: Int32(from.stride[0]), box_stride: Int32(from.stride[1]),
        coordinate_stride: Int32(from.stride[2]), score_base: Int32(scores.base),
        score_stride_n: Int32(scores.stride[0]), score_stride_class: Int32(scores.stride[1]),
        score_stride: Int32(scores.stride[2]), output_base: Int32(to.base), row_stride: Int32(to.stride[0]),
        column_stride: Int32(to.stride[1]))
    }
  }

  /// Intersection over union of two boxes, top, left, bottom, right.
  private func overlap(_ a: [Float], _ b: [Float]) -> Float {
    let height = min(a[2], b[2]) - max(a[0], b[0])
    let width = min(a[3], b[3]) - max(a[1], b[1])
    guard height > 0, width > 0 else { return 0 }
    let shared = width * height
    return shared / ((a[3] - a[1]) * (a[2] - a[0]) + (b[3] - b[1]) * (b[2] - b[0]) - shared)
  }

  /// The rows by the definition: of those left the likeliest is taken, and what overlaps it is struck out.
  private func rows(
    _ shape: Case, box: (Int, Int) -> [Float], score: (Int, Int, Int) -> Float
  ) -> [[Float]] {
    var rows: [[Float]] = []
    for image in 0..<shape.batch {
      for number in 0..<shape.classes {
        var left = (0..<shape.boxes).filter { index in
          shape.scoreThreshold.map { score(image, number, index) > $0 } ?? true
        }
        var taken = 0
        while taken < shape.limit, let first = left.first {
          let best = left.reduce(first) { score(image, number, $1) > score(image, number, $0) ? $1 : $0 }
          rows.append([Float(image), Float(number), Float(best)])
          taken += 1
          left.removeAll { $0 == best || overlap(box(image, $0), box(image, best)) > 0.25 }
        }
      }
    }
    return rows
  }

  @Test(arguments: [false, true], [nil, 0.5 as Float?])
  func `takes what the definition takes, from any views`(centers: Bool, threshold: Float?) throws {
    var generator = SeededGenerator(state: 65)
    for _ in 0..<20 {
      let shape = Case(
        batch: Int.random(in: 1...2, using: &generator), classes: Int.random(in: 1...3, using: &generator),
        boxes: generator.pick([1, 2, 17, 60]), limit: 1, centers: centers, scoreThreshold: threshold)
      try hold(
        Case(
          batch: shape.batch, classes: shape.classes, boxes: shape.boxes,
          limit: Int.random(in: 1...shape.boxes, using: &generator), centers: centers,
          scoreThreshold: threshold), &generator)
    }
  }

  private func hold(_ shape: Case, _ generator: inout SeededGenerator) throws {
    let from = TestView(random: [shape.batch, shape.boxes, 4], broadcast: false, using: &generator)
    let scores = TestView(
      random: [shape.batch, shape.classes, shape.boxes], broadcast: false, using: &generator)
    let to = TestView(random: [shape.rows, 3], broadcast: false, using: &generator)
    let x = generator.floats(from.elementCount, in: 0.5...3)
    // few different scores: many are equal
    let s = generator.floats(scores.elementCount, in: 0...1).map { ($0 * 20).rounded() / 20 }
    let before = generator.floats(to.elementCount)
    let found = rows(
      shape,
      box: { image, box in
        let b = (0..<4).map { x[from.offset([image, box, $0])] }
        return shape.centers
          ? [b[1] - b[3] / 2, b[0] - b[2] / 2, b[1] + b[3] / 2, b[0] + b[2] / 2]
          : [min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3])]
      }, score: { s[scores.offset([$0, $1, $2])] })
    var expected = before
    forEachIndex([shape.rows, 3]) { index in
      expected[to.offset(index)] = index[0] < found.count ? found[index[0]][index[1]] : -1
    }
    let p = shape.parameters(boxes: from, scores: scores, rows: to)
    let y = try GuardedCall(p, [.floats(x), .floats(s), .floats(before)]).run(espalier_isa_scalar)[2]
    #expect(y == expected, "\(shape)")
  }

  @Test func `survives boxes and scores that are no numbers`() throws {
    let shape = Case(batch: 1, classes: 1, boxes: 5, limit: 5)
    let (from, scores, to) = (
      TestView(contiguous: [1, 5, 4]), TestView(contiguous: [1, 1, 5]), TestView(contiguous: [5, 3])
    )
    let x: [Float] = [
      .nan, 0, 1, 1, -.infinity, -.infinity, .infinity, .infinity, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1,
    ]
    let y = try GuardedCall(
      shape.parameters(boxes: from, scores: scores, rows: to),
      [.floats(x), .floats([.nan, 0.5, .infinity, 0.7, 0.6]), .floats([Float](repeating: 9, count: 15))]
    ).run(espalier_isa_scalar)[2]
    // The last two cover each other; nothing else shares an area that is a number.
    #expect(y == [0, 0, 2, 0, 0, 3, 0, 0, 1, 0, 0, 0, -1, -1, -1])
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 66)
    let shape = Case()
    let (from, scores, to) = (
      TestView(contiguous: [shape.batch, shape.boxes, 4]),
      TestView(contiguous: [shape.batch, shape.classes, shape.boxes]), TestView(contiguous: [shape.rows, 3])
    )
    let call = GuardedCall(
      shape.parameters(boxes: from, scores: scores, rows: to),
      [
        .floats(generator.floats(from.elementCount)), .floats(generator.floats(scores.elementCount)),
        .floats(generator.floats(to.elementCount)),
      ])
    let outcome = call.underTest.surviveMutations(count: 1500, using: &generator) {
      Double($0.batch) * Double($0.classes) * Double($0.boxes)
    }
    #expect(outcome.refused > 300 && outcome.ran > 60, "\(outcome)")
  }
}
