import Testing

@testable import EspalierPrune

/// Expected values: SciPy 1.17.1, `beta.ppf` and `binom.cdf`.
@Suite("Bounds of a probability") struct ClopperPearsonTests {
  struct Case {
    var events: Int
    var trials: Int
    /// `beta.ppf(.95, k + 1, n - k)`, `beta.ppf(.025, k, n - k + 1)`, `beta.ppf(.975, k + 1, n - k)`
    var bound: Double
    var low: Double
    var high: Double
  }

  static let cases = [
    Case(events: 0, trials: 1, bound: 0.95, low: 0, high: 0.975),
    Case(events: 0, trials: 10, bound: 0.2588655508930522, low: 0, high: 0.3084971078187607),
    Case(
      events: 1, trials: 10, bound: 0.39416330243650466, low: 0.0025285785444617848,
      high: 0.4450161170281954),
    Case(
      events: 5, trials: 10, bound: 0.7775588989918706, low: 0.18708602844739855, high: 0.8129139715526015),
    Case(events: 10, trials: 10, bound: 1, low: 0.6915028921812392, high: 1),
    Case(events: 0, trials: 488, bound: 0.006119991734018057, low: 0, high: 0.007530680468333),
    Case(
      events: 3, trials: 488, bound: 0.015811402718568277, low: 0.0012695694445779258,
      high: 0.01785983570121499),
    Case(
      events: 110, trials: 488, bound: 0.2587472903004812, low: 0.1890710119864039,
      high: 0.2651133143238028),
    Case(
      events: 487, trials: 488, bound: 0.9998948963139689, low: 0.988636033989476, high: 0.9999481205917169),
    Case(
      events: 17, trials: 100_000, bound: 0.00025498146451994653, low: 9.903428379688562e-05,
      high: 0.000272172561193328),
    Case(
      events: 50_000, trials: 100_000, bound: 0.5026057177397165, low: 0.4968960624918004,
      high: 0.5031039375081996),
  ]

  @Test(arguments: cases) func `are those of the beta distribution`(_ case: Case) {
    let (events, trials) = (`case`.events, `case`.trials)
    #expect(abs(ClopperPearson.upperBound(events: events, trials: trials) - `case`.bound) < 1e-10)
    let interval = ClopperPearson.interval(events: events, trials: trials)
    #expect(abs(interval.lowerBound - `case`.low) < 1e-10)
    #expect(abs(interval.upperBound - `case`.high) < 1e-10)
  }

  @Test(arguments: [
    (0, 10, 0.1, 0.34867844009999993), (3, 10, 0.3, 0.6496107184000002),
    (40, 100, 0.5, 0.028443966820490444), (1_000, 100_000, 0.01, 0.508409473351433),
    (99_990, 100_000, 0.9999, 0.5420765413843014),
  ])
  func `add up the binomial distribution`(events: Int, trials: Int, probability: Double, expected: Double) {
    let tail = ClopperPearson.tail(upTo: events, trials: trials, probability: probability)
    #expect(abs(tail - expected) < 1e-9 * expected)
  }
}
