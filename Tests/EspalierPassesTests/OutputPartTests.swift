import EspalierPasses
import Testing

@Suite("Parts of outputs") struct OutputPartTests {
  // Three places of [object, x, class, class].
  private static let object = OutputPart.Lattice(output: 0, first: 0, stride: 4, count: 1, step: 1)
  private static let box = OutputPart.Lattice(output: 0, first: 1, stride: 4, count: 1, step: 1)
  private static let classes = OutputPart.Lattice(output: 0, first: 2, stride: 4, count: 2, step: 1)
  private static let frame: [[Float]] = [[1, 8, 0.5, 0.25, 0, -3, 1, 1, 0.5, 4, 0, 1]]

  @Test("places count as much as an object is likely there") func likelihoods() {
    let parts = [
      OutputPart(places: 3, elements: Self.object),
      OutputPart(places: 3, elements: Self.box, likelihoods: [Self.object, Self.classes]),
    ]
    let importance = OutputScale(parts, frames: [Self.frame]).importance(of: Self.frame)[0]
    // Deviations of the objects from 0.5 are 0.5, 0.5 and 0; of the boxes, which count 0.5, 0 and 0.5, from 6: 2 and 2.
    #expect(importance == [2, 0.125, 0, 0, 2, 0, 0, 0, 2, 0.125, 0, 0])
  }

  @Test("numbers of one place are compared with the mean of their own kind") func kinds() {
    let parts = [OutputPart(places: 3, elements: Self.classes)]
    let importance = OutputScale(parts, frames: [Self.frame]).importance(of: Self.frame)[0]
    // Both classes: 0.5, 1, 0 about 0.5 and 0.25, 1, 1 about 0.75.
    let energy: Float = 0.5 + 0.375
    #expect(importance.map { ($0 * energy * 1e5).rounded() / 1e5 } == [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1])
  }

  @Test("what never varies counts much, and no more than a number can say") func constants() {
    let frame: [[Float]] = [[Float](repeating: 0.5, count: 12)]
    let scale = OutputScale([OutputPart(places: 3, elements: Self.object)], frames: [frame])
    let isFinite = scale.importance(of: frame)[0].allSatisfy { $0.isFinite }
    #expect(isFinite)
    #expect(scale.distance(from: frame, to: frame) == 0)
  }

  @Test("as far as its deviations from the mean is 1 for each part, over all frames") func distance() {
    var numbers: UInt32 = 7
    let frames: [[[Float]]] = (0..<5).map { _ in
      [
        (0..<12).map { _ in
          numbers = numbers &* 1_664_525 &+ 1_013_904_223
          return Float(numbers >> 8) / Float(1 << 24)
        }
      ]
    }
    let parts = [OutputPart(places: 3, elements: Self.object), OutputPart(places: 3, elements: Self.box)]
    let scale = OutputScale(parts, frames: frames)
    func mean(_ kind: Int) -> Float {
      frames.reduce(0) { sum, frame in sum + (0..<3).reduce(0) { $0 + frame[0][4 * $1 + kind] } } / 15
    }
    let means = [mean(0), mean(1)]
    let sum = frames.reduce(0.0) { sum, frame in
      let other = frame[0].indices.map { $0 % 4 < 2 ? means[$0 % 4] : frame[0][$0] + 100 }
      return sum + scale.distance(from: frame, to: [other])
    }
    #expect(abs(sum / 5 - 2) < 1e-4)
    #expect(scale.distance(from: frames[0], to: frames[0]) == 0)
  }
}
