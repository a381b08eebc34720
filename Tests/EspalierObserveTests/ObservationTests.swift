import EspalierObserve
import Testing

@Suite("Reductions") struct ReductionTests {
  @Test func `follow their definitions and leave out what is no number`() {
    let reduced = ReducedTensor([3, -4, 0, .nan, 0, 1, .infinity, 0])
    #expect(reduced[.min] == -4)
    #expect(reduced[.max] == 3)
    #expect(reduced[.mean] == 0)
    #expect(abs(reduced[.std] - (26.0 / 6).squareRoot()) < 1e-12)
    #expect(reduced[.l1] == 8)
    #expect(abs(reduced[.l2] - 26.0.squareRoot()) < 1e-12)
    #expect(reduced[.zeros] == 0.5)
    #expect(reduced[.notFinite] == 2)
  }

  @Test func `are kept as numbers, of which only those are taken back that a tensor can have`() {
    for elements in [[3, -4, 0, .nan, 1, .infinity], [Float.nan], [0.1, -0.0], []] as [[Float]] {
      let reduced = ReducedTensor(elements)
      #expect(ReducedTensor(reduced.numbers[...], elementCount: elements.count) == reduced)
      #expect(ReducedTensor(reduced.numbers[...], elementCount: elements.count + 1) == nil)
      for place in 0..<ReducedTensor.numberCount where place < 3 || !elements.isEmpty {
        for wrong in [-7, 0.5, .nan, 1e300, .infinity, -.infinity] where place < 3 || wrong.isNaN {
          var numbers = reduced.numbers
          numbers[place] = wrong
          #expect(ReducedTensor(numbers[...], elementCount: elements.count) == nil, "\(place) \(wrong)")
        }
      }
    }
  }

  @Test func `of nothing are 0`() {
    for reduction in Reduction.allCases { #expect(ReducedTensor([Float]())[reduction] == 0) }
  }
}

@Suite("Observed tensors") struct ObservedTensorTests {
  private func tensor(
    _ collection: TensorCollection, _ shape: [Int], bound: Float? = nil, _ frames: [[Float]]
  ) -> ObservedTensor {
    var tensor = ObservedTensor(name: "t", collection: collection, shape: shape, bound: bound)
    for frame in frames { tensor.add(frame) }
    for frame in frames { tensor.count(frame) }
    return tensor
  }

  private func rules(_ tensor: ObservedTensor) -> [ObservationRule] {
    ObservationRule.findings([tensor]).map(\.rule)
  }

  @Test func `keep a series for each reduction, ranges of channels and a histogram over all frames`() {
    let seen = tensor(.activations, [1, 2, 1, 2], [[1, 2, -3, 4], [5, 0, 0, 7]])
    #expect(seen.series(.max) == [4, 7])
    #expect(seen.channelRanges.map(\.least) == [0, -3])
    #expect(seen.channelRanges.map(\.largest) == [5, 7])
    #expect(seen.histogram?.total == 8)
    #expect(seen.histogram?.least == -3 && seen.histogram?.largest == 7)
  }

  /// Zeros of both signs, as the range then depends on their order, and a frame without a finite element.
  @Test(arguments: 0...5) func `joined are what one is that saw all frames`(cut: Int) {
    let frames: [[Float]] = [
      [-0.0, 1, 0, 6], [0, -0.0, -0.0, 2], [.nan, .infinity, .nan, .nan], [0.5, 6, 0, -0.0], [0, 0, 0, 6],
    ]
    let whole = tensor(.activations, [1, 2, 1, 2], bound: 6, frames)
    var (joined, next) = (ObservedTensor(whole), ObservedTensor(whole))
    for frame in frames[..<cut] { joined.add(frame) }
    for frame in frames[cut...] { next.add(frame) }
    joined.join(next)
    func bits(_ tensor: ObservedTensor) -> [UInt32] {
      tensor.channelRanges.flatMap { [$0.least.bitPattern, $0.largest.bitPattern] }
    }
    #expect(joined.frames == whole.frames && bits(joined) == bits(whole))
    #expect(joined.atBound == whole.atBound)
    for frame in frames { joined.count(frame) }
    #expect(joined.histogram == whole.histogram)
  }

  @Test func `a range that is wider than any number is counted`() {
    let seen = tensor(.activations, [1, 1, 1, 2], [[-3e38, 3e38], [.greatestFiniteMagnitude, 0]])
    #expect(seen.histogram?.total == 4)
  }

  @Test func `a filter is dead whose channel is 0 in all frames, not in some`() {
    let seen = tensor(.activations, [1, 3, 1, 2], [[0, 0, 0, 0, 1, 0], [0, 0, 2, 0, 0, 0]])
    let findings = ObservationRule.findings([seen])
    #expect(findings.map(\.rule) == [.deadFilter])
    #expect(findings.first?.message == "1 of 3 channels are always 0: 0")
  }

  @Test func `weights have their filters along the first axis`() {
    #expect(rules(tensor(.weights, [2, 2, 1, 1], [[1, 2, 0, 0]])) == [.deadFilter])
    #expect(rules(tensor(.weights, [2, 2, 1, 1], [[1, 0, 2, 0]])) == [])
  }

  @Test func `an activation saturates where most elements stand at its bound`() {
    #expect(rules(tensor(.activations, [1, 1, 4], bound: 6, [[6, 6, 5.999, 1]])) == [.saturation])
    #expect(rules(tensor(.activations, [1, 1, 4], bound: 6, [[6, 6, 2, 1]])) == [])
  }

  @Test func `an output is constant that is the same for all frames of several`() {
    #expect(rules(tensor(.outputs, [1, 2], [[1, 2], [1, 2], [1, 2]])) == [.constantOutput])
    #expect(rules(tensor(.outputs, [1, 2], [[1, 2], [1, 2.5]])) == [])
    #expect(rules(tensor(.outputs, [1, 2], [[1, 2]])) == [])
    #expect(rules(tensor(.activations, [1, 2], [[1, 2], [1, 2]])) == [])
  }

  @Test func `numbers explode, vanish and are none`() {
    #expect(rules(tensor(.gradients, [1, 2], [[1e7, 0]])) == [.exploding])
    #expect(rules(tensor(.gradients, [1, 2], [[1e-9, 0]])) == [.vanishing])
    let broken = ObservationRule.findings([tensor(.outputs, [1, 2], [[.nan, 1], [1, 2]])])
    #expect(broken.map(\.rule) == [.notFinite])
    #expect(broken.first?.message == "1 elements are NaN or infinite, in 1 of 2 frames")
  }
}

@Suite("Patterns of names") struct NamePatternTests {
  @Test(arguments: [
    ("conv*", "conv1", true), ("conv*", "x/conv1", false), ("*conv*", "x/conv1/y", true), ("*", "", true),
    ("a*b*c", "aXbYc", true), ("a*b*c", "aXbYcZ", false), ("*ab", "aab", true), ("", "", true),
    ("", "a", false),
    ("a.b", "axb", false),
  ])
  func `a star stands for anything`(pattern: String, name: String, matches: Bool) {
    #expect(NamePatterns([pattern]).matches(name) == matches)
  }

  @Test func `no pattern lets every name through, several let through what one does`() {
    #expect(NamePatterns([]).matches("x"))
    #expect(NamePatterns(["a", "x"]).matches("x"))
    #expect(!NamePatterns(["a", "b"]).matches("x"))
  }
}

extension ObservedTensor {
  /// The same tensor without frames.
  fileprivate init(_ other: ObservedTensor) {
    self.init(name: other.name, collection: other.collection, shape: other.shape, bound: other.bound)
  }
}
