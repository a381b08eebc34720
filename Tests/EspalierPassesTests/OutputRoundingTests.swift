import EspalierGraph
import Testing

@testable import EspalierPasses

@Suite("Rounding weights by what their inputs have in common") struct OutputRoundingTests {
  /// Seeded noise in -1...1.
  private static func noise(_ count: Int, seed: UInt64) -> [Float] {
    Tensor.random(TensorType(.float32, [max(count, 1)]), seed: seed).floats
  }

  /// Inputs that share most of what they show, as neighboring pixels do.
  private static func correlated(samples: Int, size: Int) -> [Float] {
    let (common, own) = (noise(samples, seed: 1), noise(samples * size, seed: 2))
    return (0..<samples * size).map { common[$0 / size] + 0.3 * own[$0] + 0.5 }
  }

  private static func moments(_ rows: [Float], size: Int) -> SecondMoments {
    var moments = SecondMoments(size: size)
    rows.withUnsafeBufferPointer { rows in
      if let start = rows.baseAddress { moments.add(start, count: rows.count / size, stride: size) }
    }
    return moments
  }

  /// The mean square of `Σ (w - s q) x` over rows, by its definition.
  private static func error(_ weights: [Float], _ elements: [Double], _ scale: Float, _ rows: [Float])
    -> Double
  {
    let size = weights.count
    var sum = 0.0
    for row in 0..<rows.count / size {
      var difference = 0.0
      for index in 0..<size {
        let gap = Double(weights[index]) - elements[index] * Double(scale)
        difference += gap * Double(rows[row * size + index])
      }
      sum += difference * difference
    }
    return sum / Double(rows.count / size)
  }

  /// Sizes below, at and above the 16 columns that are summed at once.
  @Test(arguments: [1, 2, 9, 16, 17, 35]) func `second moments are mean products`(size: Int) {
    let rows = Self.noise(7 * size, seed: 5)
    let found = Self.moments(rows, size: size)
    for i in 0..<size {
      for j in 0..<size {
        let exact = (0..<7).reduce(0.0) { $0 + Double(rows[$1 * size + i]) * Double(rows[$1 * size + j]) } / 7
        #expect(abs(found[i, j] - exact) < 1e-5)
      }
    }
  }

  @Test(arguments: [9, 40, 144]) func `disturbs the output far less than the nearest elements do`(size: Int) {
    let rows = Self.correlated(samples: 2_000, size: size)
    let rounding = OutputRounding(Self.moments(rows, size: size))
    let scale: Float = 1 / 127
    var (before, after) = (0.0, 0.0)
    for seed in 11..<19 {
      let weights = Self.noise(size, seed: UInt64(seed))
      let nearest = weights.map { Double(($0 / scale).rounded(.toNearestOrEven)) }
      let found = rounding.elements(of: weights[...], scale: scale, limit: 127)
      #expect(found.allSatisfy { -127...127 ~= $0 && $0 == $0.rounded() })
      before += Self.error(weights, nearest, scale, rows)
      after += Self.error(weights, found, scale, rows)
    }
    #expect(after < 0.3 * before)
  }

  @Test func `takes the nearest elements where inputs have nothing in common`() {
    let size = 4
    // Each input alone, in turn.
    let rows = (0..<400 * size).map { Float($0 / size % size == $0 % size ? 1 : 0) }
    let rounding = OutputRounding(Self.moments(rows, size: size))
    let weights: [Float] = [0.26, -0.74, 0.5, -1]
    #expect(rounding.elements(of: weights[...], scale: 0.25, limit: 4) == [1, -3, 2, -4])
  }

  @Test func `keeps elements inside the limit`() {
    let rounding = OutputRounding(Self.moments(Self.correlated(samples: 100, size: 20), size: 20))
    let found = rounding.elements(of: Self.noise(20, seed: 3)[...], scale: 0.05, limit: 7)
    #expect(found.allSatisfy { -7...7 ~= $0 })
  }

  @Test func `rounds inputs that were silent, or never seen`() {
    let weights: [Float] = [1, -0.5, 0.25]
    for samples in [0, 5] {
      let rows = [Float](repeating: 0, count: 3 * samples)
      let found = OutputRounding(Self.moments(rows, size: 3)).elements(
        of: weights[...], scale: 0.25, limit: 127)
      #expect(found == [4, -2, 1])
    }
  }

  @Test func `the scale follows the elements`() {
    let rows = Self.correlated(samples: 2_000, size: 24)
    let part = OutputRounding.Part(first: 0, rounding: OutputRounding(Self.moments(rows, size: 24)))
    let weights = Self.noise(24, seed: 21)
    let importance = [Float](repeating: 1, count: 24)
    let plain = WeightQuantizer().quantize(weights, outputs: 1, importance: importance)
    let found = WeightQuantizer().quantize(weights, outputs: 1, importance: importance, rounding: [part])
    let (before, after) = (
      Self.error(weights, plain.elements.map(Double.init), plain.scales[0], rows),
      Self.error(weights, found.elements.map(Double.init), found.scales[0], rows)
    )
    #expect(after < 0.5 * before)
  }
}
