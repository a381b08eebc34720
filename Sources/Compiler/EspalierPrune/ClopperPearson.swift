internal import EspalierObserve

/// What a number of events among independent trials says about their probability, exactly: no normal
/// approximation.
///
/// Source: Clopper & Pearson 1934.
public enum ClopperPearson {
  /// The largest probability with which so few events, or fewer, come about in more than `1 - confidence` of all
  /// cases: above the true one with this confidence.
  ///
  /// - Precondition: `events` is in `0...trials`, `trials` > 0.
  public static func upperBound(events: Int, trials: Int, confidence: Double = 0.95) -> Double {
    precondition(trials > 0 && (0...trials).contains(events) && (0..<1).contains(confidence))
    guard events < trials else { return 1 }
    return bisect { tail(upTo: events, trials: trials, probability: $0) > 1 - confidence }
  }

  /// Likewise, below the true one with this confidence.
  public static func lowerBound(events: Int, trials: Int, confidence: Double = 0.95) -> Double {
    1 - upperBound(events: trials - events, trials: trials, confidence: confidence)
  }

  /// The interval that holds the true probability with this confidence, half of the doubt on either side.
  public static func interval(
    events: Int, trials: Int, confidence: Double = 0.95
  ) -> ClosedRange<Double> {
    let side = (1 + confidence) / 2
    return lowerBound(
      events: events, trials: trials, confidence: side)...upperBound(
        events: events, trials: trials, confidence: side)
  }

  /// Where a condition that holds at 0 and not at 1 changes.
  private static func bisect(_ holds: (Double) -> Bool) -> Double {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if middle == low || middle == high { break }
      if holds(middle) { low = middle } else { high = middle }
    }
    return high
  }

  /// The probability of at most `events` of `trials`.
  static func tail(upTo events: Int, trials: Int, probability: Double) -> Double {
    guard probability > 0 else { return 1 }
    guard probability < 1 else { return events == trials ? 1 : 0 }
    // From the likeliest of the terms downwards: each is its neighbor times a ratio.
    let odds = probability / (1 - probability)
    let top = min(events, Int(Double(trials + 1) * probability))
    var sum = 1.0
    var term = 1.0
    for k in stride(from: top, to: 0, by: -1) {
      term *= Double(k) / (Double(trials - k + 1) * odds)
      sum += term
      if term < 1e-18 * sum { break }
    }
    term = 1
    for k in top..<events {
      term *= Double(trials - k) / Double(k + 1) * odds
      sum += term
      if term < 1e-18 * sum { break }
    }
    return (logarithmOfTerm(top, trials, probability) + sum.logarithm).exponential
  }

  private static func logarithmOfTerm(_ events: Int, _ trials: Int, _ probability: Double) -> Double {
    let few = min(events, trials - events)
    var ways = 0.0
    for k in 0..<few { ways += (Double(trials - k) / Double(k + 1)).logarithm }
    return ways + Double(events) * probability.logarithm
      + Double(trials - events) * (1 - probability).logarithm
  }
}
