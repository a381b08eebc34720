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
  /// were measured to claim any: p90 needs 64 frames, p99 662 and p99.9 6,636.
  ///
  /// Source: MLPerf Inference, "Early stopping"; see `EarlyStopping`.
  func bound(_ fraction: Double) -> Double? {
    guard let discards = EarlyStopping.discards(for: fraction, frames: sorted.count) else { return nil }
    return sorted[sorted.count - 1 - discards]
  }
}
