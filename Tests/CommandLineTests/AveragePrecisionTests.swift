import Testing

@testable import espalier

/// A box from x0 to x1 over the whole height.
private func bar(_ x0: Float, _ x1: Float, score: Float = 1, category: Int = 0) -> Box {
  Box(category: category, score: score, left: x0, top: 0, right: x1, bottom: 1)
}

private func expected(_ boxes: Box...) -> [ExpectedBox] { boxes.map { ExpectedBox(box: $0) } }

/// All values are worked out by hand from the definition.
@Suite("Average precision") struct AveragePrecisionTests {
  @Test func `is the mean of the best precision at or beyond each of 101 recalls`() {
    var measured = AveragePrecision()
    // A hit, a miss, a hit: precisions 1, 1/2, 2/3 at recalls 1/2, 1/2, 1.
    measured.add(
      found: [bar(0, 0.1, score: 0.9), bar(0.4, 0.5, score: 0.8), bar(0.8, 0.9, score: 0.7)],
      expected: expected(bar(0, 0.1), bar(0.8, 0.9)))
    let one = measured.classes[0]
    #expect(abs(one.at50 - (51 + 50 * 2.0 / 3) / 101) < 1e-12)
    #expect(one.expected == 2)
  }

  @Test func `counts a box from the overlaps on that it reaches`() {
    var measured = AveragePrecision()
    measured.add(found: [bar(0, 0.62, score: 0.9)], expected: expected(bar(0, 1)))
    // 0.5, 0.55 and 0.6 of ten thresholds.
    #expect(measured.classes[0].precisions == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    #expect(abs(measured.classes[0].mean - 0.3) < 1e-12)
  }

  @Test func `gives each expected box one partner, the likeliest that overlaps it`() {
    var measured = AveragePrecision()
    measured.add(
      found: [bar(0, 0.5, score: 0.4), bar(0, 0.5, score: 0.9)],
      expected: expected(bar(0, 0.5), bar(0.6, 1)))
    // Recall 1/2 at precision 1, then a miss: 51 of 101 recalls are reached.
    #expect(abs(measured.classes[0].at50 - 51.0 / 101) < 1e-12)
  }

  @Test func `ranks boxes of all frames together`() {
    var measured = AveragePrecision()
    measured.add(found: [bar(0, 0.1, score: 0.9)], expected: [])
    measured.add(found: [bar(0, 0.1, score: 0.8)], expected: expected(bar(0, 0.1)))
    #expect(abs(measured.classes[0].at50 - 0.5) < 1e-12)
  }

  @Test func `neither counts nor punishes boxes on a crowd`() {
    var measured = AveragePrecision()
    let crowd = ExpectedBox(box: bar(0.5, 1), isCrowd: true)
    measured.add(
      found: [bar(0.6, 0.7, score: 0.9), bar(0.8, 0.9, score: 0.85), bar(0, 0.1, score: 0.8)],
      expected: [crowd] + expected(bar(0, 0.1)))
    #expect(
      measured.classes == [
        AveragePrecision.Class(category: 0, expected: 1, precisions: Array(repeating: 1, count: 10))
      ])
  }

  @Test func `keeps classes apart, and leaves out those that nothing is expected of`() {
    var measured = AveragePrecision()
    measured.add(
      found: [bar(0, 0.1, score: 0.9, category: 2), bar(0, 0.1, score: 0.8, category: 5)],
      expected: expected(bar(0, 0.1, category: 5), bar(0, 0.1, category: 7)))
    #expect(measured.classes.map(\.category) == [5, 7])
    #expect(measured.classes.map(\.at50) == [1, 0])
  }

  @Test func `looks at the likeliest 100 boxes of a class and frame`() {
    var measured = AveragePrecision()
    let misses = (0..<100).map { _ in bar(0.5, 0.6, score: 0.9) }
    measured.add(found: misses + [bar(0, 0.1, score: 0.1)], expected: expected(bar(0, 0.1)))
    #expect(measured.classes[0].at50 == 0)
  }

  @Test func `F1 pairs boxes of one class that share half`() {
    var agreement = BoxAgreement()
    agreement.add(
      found: [bar(0, 0.1, score: 0.5), bar(0, 0.1, score: 0.9), bar(0.8, 0.9, category: 1)],
      expected: [bar(0, 0.1), bar(0.8, 0.9)])
    let all = agreement.counts(onlyExpected: false)
    #expect(all == BoxAgreement.Counts(found: 3, expected: 2, partners: 1))
    #expect(abs(all.f1 - 2.0 / 5) < 1e-12)
    // Class 1 is nowhere expected.
    #expect(agreement.counts(onlyExpected: true).found == 2)
    #expect(BoxAgreement().counts(onlyExpected: true).f1 == 1)
  }
}

@Suite("Non-maximum suppression") struct SuppressionTests {
  /// What a decoder leaves of boxes of two classes, which a network gives as corners.
  private func kept(_ boxes: [Box], overlap: Float) throws -> [Box] {
    let shapes = [[1, boxes.count, 4], [1, boxes.count, 3]]
    let ports = DetectorPorts(path: "x", width: 9, height: 9, shapes: shapes)
    let decoder = try BoxDecoder(
      BoxFormat.corners.results(ports, priors: nil), ports, least: 0, overlap: overlap)
    let corners = boxes.flatMap { [$0.left, $0.top, $0.right, $0.bottom] }
    let scores = boxes.flatMap { box in (-1..<2).map { $0 == box.category ? box.score : 0 } }
    return try decoder.boxes([corners, scores])
  }

  @Test func `keeps the likelier of two boxes of one class that overlap too much`() throws {
    let boxes = [bar(0, 0.5, score: 0.5), bar(0, 0.5, score: 0.9), bar(0, 0.5, score: 0.4, category: 1)]
    #expect(try kept(boxes, overlap: 0.45) == [boxes[1], boxes[2]])
  }

  @Test func `keeps boxes that overlap just enough, the first of equals`() throws {
    // 1/3 of both is common.
    let boxes = [bar(0, 0.5, score: 0.5), bar(0.25, 0.75, score: 0.5), bar(0, 0.5, score: 0.5)]
    #expect(try kept(boxes, overlap: 0.4) == [boxes[0], boxes[1]])
    #expect(try kept(boxes, overlap: 0.3) == [boxes[0]])
  }
}
