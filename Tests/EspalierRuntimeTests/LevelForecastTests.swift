import Testing

@testable import EspalierRuntime

@Suite("A forecast of the levels' times") struct LevelForecastTests {
  private let forecast = LevelForecast(multiplyAdds: [100, 50, 25])

  @Test func `takes the largest level while nothing is known`() {
    #expect(forecast.level(within: 1, of: 0...2) == 0)
    #expect(forecast.p99(of: 0) == nil)
  }

  @Test func `takes the largest level that fits`() {
    measure(1_000_000, 600_000, 300_000)
    for _ in 0..<100 { forecast.note(1_000_000, of: 0) }
    for (left, level) in [
      (2_000_000, 0), (1_100_000, 0), (900_000, 1), (650_000, 1), (500_000, 2), (1_000, 2),
    ] {
      #expect(forecast.level(within: UInt64(left), of: 0...2) == level, "\(left)")
    }
    #expect(forecast.level(within: 2_000_000, of: 1...2) == 1)
    #expect(forecast.level(within: 1_000, of: 0...1) == 1)
  }

  /// The bucket's upper edge: never less than what was seen, and at most 1/32 more.
  @Test(arguments: [0.3, 0.5, 0.99, 1, 1.01, 1.7, 3, 9, 40]) func `is a bound, and near`(slowdown: Double)
    throws
  {
    measure(1_000_000, 600_000, 300_000)
    for _ in 0..<1_000 { forecast.note(UInt64(600_000 * slowdown), of: 1) }
    let bound = Double(try #require(forecast.p99(of: 0)))
    #expect(bound >= 1_000_000 * slowdown * 0.999_999)
    #expect(bound <= 1_000_000 * slowdown * (1 + 1.01 / 32))
  }

  @Test func `leaves one frame of a hundred out of account, not two`() throws {
    measure(1_000_000, 600_000, 300_000)
    for index in 0..<400 { forecast.note(index % 101 == 50 ? 5_000_000 : 1_000_000, of: 0) }
    #expect(try #require(forecast.p99(of: 0)) < 1_100_000)
    for index in 0..<400 { forecast.note(index % 50 == 25 ? 5_000_000 : 1_000_000, of: 0) }
    #expect(try #require(forecast.p99(of: 0)) >= 5_000_000)
  }

  /// While a load makes everything slow, small levels run; their times tell when the large one fits again.
  @Test func `comes back to a level that it had left`() {
    measure(1_000_000, 600_000, 300_000)
    for _ in 0..<600 { forecast.note(4_000_000, of: 0) }
    #expect(forecast.level(within: 2_000_000, of: 0...2) == 2)
    var frames = 0
    while forecast.level(within: 2_000_000, of: 0...2) != 0, frames < 10_000 {
      forecast.note(300_000, of: 2)
      frames += 1
    }
    #expect(frames < 1_500)
    #expect(frames > 100)
  }

  @Test func `guesses from multiply-adds where a level was never run`() throws {
    forecast.note(1_000_000, of: 0)
    #expect(try #require(forecast.p99(of: 2)) >= 250_000)
    #expect(try #require(forecast.p99(of: 2)) < 260_000)
  }

  @Test func `takes any number`() {
    measure(0, 1, 2)
    for time in [0, 1, .max] as [UInt64] { forecast.note(time, of: 0) }
    #expect(forecast.level(within: .max, of: 0...2) == 0)
    #expect(forecast.level(within: 0, of: 0...2) == 2)
  }

  private func measure(_ times: UInt64...) {
    for (level, time) in times.enumerated() { forecast.setOwnTime(time, of: level) }
  }
}
