@testable import EspalierObserve
import PlanFixtures
import Testing

@Suite("A sum without rounding") struct ExactSumTests {
  private func sum(_ numbers: some Sequence<Double>) -> ExactSum {
    numbers.reduce(into: ExactSum()) { $0.add($1) }
  }

  @Test(
    arguments: [
      ([], 0), ([1e100, 1, -1e100], 1), ([0.1, 0.2, 0.3, -0.6], 2.7755575615628914e-17),
      // Half way between two neighbors, exactly, a little above and a little below.
      ([1, 0x1p-53], 1), ([1, 0x1p-53, 0x1p-200], 1 + 0x1p-52), ([1 + 0x1p-52, 0x1p-53], 1 + 0x1p-51),
      ([1 + 0x1p-52, 0x1p-53, -0x1p-200], 1 + 0x1p-52), ([-1, -0x1p-53, -0x1p-200], -1 - 0x1p-52),
      ([5, -5], 0), ([-0.0], 0),
    ] as [([Double], Double)])
  func `is the nearest number to the sum`(numbers: [Double], expected: Double) {
    #expect(sum(numbers).value == expected)
    #expect(sum(numbers.reversed()).value == expected)
  }

  @Test func `does not depend on order or parts`() {
    var random = SeededGenerator(seed: 5)
    var numbers = (0..<500).map { _ in
      Double(Float.random(in: -1...1, using: &random)) * Double(1 << Int.random(in: 0...60, using: &random))
    }
    let (whole, parts) = (sum(numbers).value, sum(numbers).canonicalParts)
    #expect(sum(parts).canonicalParts == parts && parts.last == whole)
    for _ in 0..<20 {
      numbers.shuffle(using: &random)
      let cut = Int.random(in: 0...500, using: &random)
      var joined = sum(numbers[..<cut])
      for part in sum(numbers[cut...]).parts { joined.add(part) }
      #expect(joined.value == whole)
      #expect(joined.canonicalParts == parts)
    }
  }
}

@Suite("Statistics of a tensor, in parts") struct TensorStatisticsPartTests {
  @Test(arguments: [0, 1, 7, 20]) func `join to those of all frames`(cut: Int) {
    var random = SeededGenerator(seed: 9)
    let frames = (0..<20).map { _ in (0..<12).map { _ in Float.random(in: -3...3, using: &random) } }
    func statistics(_ frames: some Sequence<[Float]>) -> TensorStatistics {
      var statistics = TensorStatistics(channels: 3)
      for frame in frames {
        let isFinite = statistics.add(frame, inner: 4)
        #expect(isFinite)
      }
      return statistics
    }
    let whole = statistics(frames)
    var joined = statistics(frames[..<cut])
    joined.join(statistics(frames[cut...]))
    #expect(
      joined.channelMeans == whole.channelMeans && joined.channelMeanSquares == whole.channelMeanSquares)
    #expect(joined.least == whole.least && joined.largest == whole.largest)
    #expect(joined.channelLeast == whole.channelLeast && joined.channelLargest == whole.channelLargest)
    #expect(joined.frameCount == 20 && joined.elementCount == 12)
  }
}
