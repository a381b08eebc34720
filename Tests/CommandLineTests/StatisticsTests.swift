import Testing

@testable import espalier

@Suite("Latency statistics") struct LatencyStatisticsTests {
  @Test func `the median of an even count lies between the middle two`() {
    #expect(LatencyStatistics([4, 1, 3, 2]).median == 2.5)
    #expect(LatencyStatistics([5, 1, 3]).median == 3)
  }

  @Test func `percentiles are nearest ranks of the sample`() {
    let statistics = LatencyStatistics((1...100).map(Double.init))
    #expect(statistics.percentile(0.9) == 90)
    #expect(statistics.percentile(0.99) == 99)
    #expect(LatencyStatistics([7]).percentile(0.999) == 7)
  }

  /// MLPerf Inference's early-stopping table names 64, 662 and 6,636 frames.
  @Test(arguments: [(0.9, 64), (0.99, 662), (0.999, 6636)])
  func `a percentile is claimed from the least number of frames on that carries it`(
    fraction: Double, count: Int
  ) {
    let times = (1...count).map(Double.init)
    #expect(LatencyStatistics(times).bound(fraction) == Double(count))
    #expect(LatencyStatistics(Array(times.dropLast())).bound(fraction) == nil)
  }

  /// P(Binomial(2000, 0.01) ≤ 10) = 0.0106 and P(… ≤ 9) = 0.0049 by scipy.stats.binom.cdf: 9 − 1 may lie above.
  @Test func `with more frames more of them may exceed the bound`() {
    #expect(LatencyStatistics((1...2000).map(Double.init)).bound(0.99) == 1992)
  }

  @Test func `a million frames are counted without overflow`() {
    let bound = LatencyStatistics((0..<1_000_000).map(Double.init)).bound(0.5) ?? 0
    // The median's bound lies 2.33 standard deviations (500 frames each) above the middle.
    #expect(abs(bound - 501_163) < 10)
  }
}

@Suite("Agreement of values") struct AgreementTests {
  @Test func `equal values agree exactly`() {
    var agreement = Agreement()
    agreement.add([1, -2, 3], reference: [1, -2, 3])
    #expect(agreement.cosine == 1)
    #expect(agreement.signalToNoise == .infinity)
    #expect((agreement.maximumError, agreement.relativeError) == (0, 0))
  }

  @Test func `errors are measured against the reference`() {
    var agreement = Agreement()
    agreement.add([3, 4], reference: [3, 0])
    // cos = 9 / (5 · 3), SNR = 9 / 16, error 4 against 3.
    #expect(abs(agreement.cosine - 0.6) < 1e-12)
    #expect(agreement.signalToNoise == 9.0 / 16)
    #expect(agreement.maximumError == 4)
    #expect(agreement.relativeError == 4.0 / 3)
  }

  @Test func `zeros agree with zeros alone`() {
    var agreement = Agreement()
    agreement.add([0, 0], reference: [0, 0])
    #expect(agreement.cosine == 1)
    agreement.add([1], reference: [0])
    #expect(agreement.cosine == 0)
  }

  @Test func `a number where the reference has none is no agreement`() {
    var agreement = Agreement()
    agreement.add([.nan, .infinity], reference: [.nan, .infinity])
    #expect(agreement.cosine == 1)
    agreement.add([1, 2], reference: [1, .nan])
    #expect(agreement.cosine == 0)
    #expect(agreement.relativeError == .infinity)
  }
}

@Suite("Numbers as people read them") struct FormatTests {
  @Test(arguments: [(0.0, "0.00"), (1.005, "1.00"), (-2.5, "-2.50"), (99.999, "100.00"), (0.004, "0.00")])
  func `decimals are rounded and filled`(value: Double, text: String) {
    #expect(Format.fixed(value, 2) == text)
  }

  @Test(arguments: [(1.23456e-7, "1.23e-7"), (0.0, "0"), (12.3456, "12.3456"), (-3.0e9, "-3.00e9")])
  func `significant digits stay at every size`(value: Double, text: String) {
    #expect(Format.significant(value) == text)
  }

  @Test func `columns line up and rows end without spaces`() {
    var table = Table([("name", .left), ("ms", .right)])
    table.add(["a", "10"])
    table.add(["long", ""])
    #expect(table.text == "name  ms\na     10\nlong")
  }
}
