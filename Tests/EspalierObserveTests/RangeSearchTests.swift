import EspalierObserve
import Testing

@Suite("The range that 8 bits shall cover") struct RangeSearchTests {
  private static let methods: [RangeMethod] = [.minMax, .percentile(0.999), .meanSquaredError, .divergence]

  private func histogram(_ numbers: [Float]) -> Histogram {
    var histogram = Histogram(least: min(numbers.min() ?? 0, 0), largest: max(numbers.max() ?? 0, 0))
    histogram.add(numbers)
    return histogram
  }

  /// The mean squared error of rounding to 256 steps of a range, by the definition.
  private func error(_ numbers: [Float], _ range: (least: Float, largest: Float)) -> Double {
    let scale = (range.largest - range.least) / 255
    return numbers.reduce(0) { sum, number in
      let step = (number - range.least) / scale
      let found = range.least + min(max(step.rounded(), 0), 255) * scale
      return sum + Double((found - number) * (found - number))
    } / Double(numbers.count)
  }

  @Test(arguments: methods) func `of evenly spread numbers is nearly all of them`(method: RangeMethod) {
    let numbers = (0...20_000).map { Float($0) / 10_000 - 1 }
    let range = method.range(of: [histogram(numbers)])
    #expect(range.least >= -1.001 && range.least <= -0.96)
    #expect(range.largest <= 1.001 && range.largest >= 0.96)
  }

  @Test(arguments: methods) func `holds 0 even where no number is near it`(method: RangeMethod) {
    let above = method.range(of: [histogram((0...999).map { 5 + Float($0) / 1_000 })])
    #expect(above.least == 0 && above.largest > 5)
    let below = method.range(of: [histogram((0...999).map { -5 - Float($0) / 1_000 })])
    #expect(below.largest == 0 && below.least < -5)
  }

  @Test(arguments: methods) func `of a constant holds it and 0`(method: RangeMethod) {
    #expect(method.range(of: [histogram([3, 3, 3])]).largest >= 2.9)
    let nothing = method.range(of: [histogram([0, 0])])
    #expect(nothing.least == 0 && nothing.largest == 0)
  }

  @Test func `by minMax is the least and the largest number`() {
    let range = RangeMethod.minMax.range(of: [histogram([-0.25, 1, 8])])
    #expect(range.least == -0.25 && range.largest == 8)
  }

  /// One per cent of 0…1 is cut off at the upper end; the lower end is 0 anyway.
  @Test func `by percentile leaves the same share out at both ends`() {
    let numbers = (0..<100_000).map { Float($0) / 100_000 }
    let range = RangeMethod.percentile(0.98).range(of: [histogram(numbers)])
    #expect(range.least == 0)
    #expect(abs(range.largest - 0.99) < 0.001)
  }

  @Test func `by least divergence lets go of a number that is far from all others`() {
    var random = Gauss(seed: 3)
    let numbers = (0..<50_000).map { _ in random.next() } + [200]
    let range = RangeMethod.divergence.range(of: [histogram(numbers)])
    #expect(range.largest < 60)
    #expect(range.least < -2)
  }

  /// With the range's end at R the far number costs (200 - R)² / N and rounding (R + 5)² / (12 · 255²): least
  /// where both fall equally, at R = 187 for N = 50,000. Steps of the search are 6 apart.
  @Test func `by least squared error weighs a number that is far from all others`() {
    var random = Gauss(seed: 3)
    let numbers = (0..<50_000).map { _ in random.next() } + [200]
    let range = RangeMethod.meanSquaredError.range(of: [histogram(numbers)])
    #expect(abs(range.largest - 187) <= 6)
  }

  @Test func `by least squared error has less error than any tenth of the whole`() {
    var random = Gauss(seed: 4)
    // Half of the numbers are exactly 0, as behind a rectifier; some are ten times as large as the others.
    let numbers = (0..<40_000).map { index in max(0, random.next()) * (index % 100 == 0 ? 10 : 1) }
    let whole = histogram(numbers)
    let found = error(numbers, RangeMethod.meanSquaredError.range(of: [whole]))
    for tenth in 1...10 {
      let rival = (least: Float(0), largest: whole.largest * Float(tenth) / 10)
      #expect(found <= error(numbers, rival) * 1.05)
    }
  }

  @Test func `by least squared error counts what a function makes of the numbers`() {
    // x / (1 + exp(-x)) is nearly 0 from -10 down: steps spent there are lost.
    let numbers = (0..<66_000).map { Float($0) / 1_000 - 60 }
    func silu(_ x: Float) -> Float {
      // Halving keeps the exponential within a product of eight squares, without a library.
      let part = 1 - x / 256 + x * x / 131_072
      var power = part
      for _ in 0..<8 { power *= power }
      return x / (1 + power)
    }
    let plain = RangeMethod.meanSquaredError.range(of: [histogram(numbers)])
    let through = RangeMethod.meanSquaredError.range(of: [histogram(numbers)], through: silu)
    #expect(plain.least < -50)
    #expect(through.least > -20 && through.largest > 5.5)
  }

  @Test(arguments: methods) func `of equal groups is that of one`(method: RangeMethod) {
    var random = Gauss(seed: 5)
    let own = histogram((0..<10_000).map { _ in random.next() })
    let (one, two) = (method.range(of: [own]), method.range(of: [own, own]))
    #expect(one.least == two.least && one.largest == two.largest)
  }

  /// A bright group 20 times as strong would take all steps for itself if errors were not relative.
  @Test func `of unequal groups is the better for the one that is worse off`() {
    var random = Gauss(seed: 6)
    let dim = (0..<5_000).map { _ in max(0, random.next()) }
    let bright = (0..<50_000).map { _ in max(0, random.next()) * 20 }
    let largest = bright.max() ?? 0
    var (first, second) = (Histogram(least: 0, largest: largest), Histogram(least: 0, largest: largest))
    first.add(dim)
    second.add(bright)
    let method = RangeMethod.meanSquaredError
    let (pooled, fair) = (method.range(of: [histogram(dim + bright)]), method.range(of: [first, second]))
    #expect(fair.largest < pooled.largest)
    #expect(error(dim, fair) < error(dim, pooled))
    #expect(RangeMethod.minMax.range(of: [first, second]).largest == largest)
  }
}

@Suite("A histogram") struct HistogramTests {
  @Test func `counts every finite number once, the largest too`() {
    var histogram = Histogram(least: -1, largest: 1)
    histogram.add([-1, -0.5, 0, 0, 0.5, 1, .nan, .infinity])
    #expect(histogram.total == 6)
    #expect(histogram.zeroCount == 2)
    #expect(histogram.counts[0] == 1)
    #expect(histogram.counts[Histogram.binCount - 1] == 1)
    #expect(histogram.counts[Histogram.binCount / 2] == 2)
  }

  @Test func `counts what lies outside at its ends`() {
    var histogram = Histogram(least: 0, largest: 1)
    histogram.add([-5, 5, 5])
    #expect(histogram.counts[0] == 1)
    #expect(histogram.counts[Histogram.binCount - 1] == 2)
  }

  @Test func `of one place counts everything there`() {
    var histogram = Histogram(least: 2, largest: 2)
    histogram.add([2, 2])
    #expect(histogram.counts[0] == 2)
  }
}

/// Nearly normally distributed numbers: the sum of twelve even ones.
struct Gauss {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> Float {
    (0..<12).reduce(Float(-6)) { sum, _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return sum + Float(state >> 40) * 0x1p-24
    }
  }
}
