internal import Foundation

/// What can be said about a latency distribution from the frames that were measured.
struct LatencyStatistics {
  /// Milliseconds, ascending.
  let sorted: [Double]

  /// - Precondition: There is at least one time.
  init(_ times: [Double]) {
    precondition(!times.isEmpty)
    sorted = times.sorted()
  }

  var minimum: Double { sorted[0] }
  var maximum: Double { sorted[sorted.count - 1] }
  var mean: Double { sorted.reduce(0, +) / Double(sorted.count) }

  var median: Double {
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The nearest-rank percentile of the sample: no claim about frames that were not measured.
  func percentile(_ fraction: Double) -> Double {
    let rank = (fraction * Double(sorted.count)).rounded(.up)
    return sorted[min(sorted.count - 1, max(0, Int(rank) - 1))]
  }

  /// A time that, with 99 % confidence, at most `1 − fraction` of all frames exceed; nil where too few frames
  /// were measured to claim any.
  ///
  /// The greatest measured time is left out (one hiccup of the machine is no percentile), so p90 needs 64
  /// frames, p99 662 and p99.9 6,636.
  ///
  /// Source: MLPerf Inference, "Early stopping": with n frames, k of them above the bound, the claim is wrong
  /// with probability P(Binomial(n, 1 − fraction) ≤ k).
  func bound(_ fraction: Double) -> Double? {
    var (exceeding, probability) = (0, 0.0)
    let count = sorted.count
    let late = 1 - fraction
    var logTerm = Double(count) * log(fraction)
    while exceeding < count {
      probability += exp(logTerm)
      if probability > 0.01 { break }
      logTerm += log(Double(count - exceeding) / Double(exceeding + 1) * late / fraction)
      exceeding += 1
    }
    // `exceeding` is the first k at which the claim would be too weak.
    return exceeding >= 2 ? sorted[count - exceeding] : nil
  }

  /// The least number of frames from which on `bound` claims anything.
  static func framesNeeded(for fraction: Double) -> Int {
    // P(Binomial(n, 1 − fraction) ≤ 1), which falls as n grows.
    func isEnough(_ count: Int) -> Bool {
      let n = Double(count)
      return exp(n * log(fraction)) * (1 + n * (1 - fraction) / fraction) <= 0.01
    }
    var (tooFew, enough) = (1, 2)
    while !isEnough(enough) { (tooFew, enough) = (enough, enough * 2) }
    while enough - tooFew > 1 {
      let middle = (tooFew + enough) / 2
      if isEnough(middle) { enough = middle } else { tooFew = middle }
    }
    return enough
  }
}
