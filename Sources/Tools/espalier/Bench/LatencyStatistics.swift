/// What can be said about a latency distribution from the frames that were measured.
struct LatencyStatistics {
  /// Milliseconds of frames that have outputs, ascending.
  let sorted: [Double]
  /// Frames that have none: they took longer than any other.
  let incomplete: Int

  /// - Precondition: There is at least one time.
  init(_ times: [Double], incomplete: Int = 0) {
    precondition(!times.isEmpty)
    sorted = times.sorted()
    self.incomplete = incomplete
  }

  /// Of all frames.
  var count: Int { sorted.count + incomplete }

  var minimum: Double { sorted[0] }
  var maximum: Double { sorted[sorted.count - 1] }
  var mean: Double { sorted.reduce(0, +) / Double(sorted.count) }

  var median: Double {
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The nearest-rank percentile of the sample: no claim about frames that were not measured. Infinite where so many
  /// frames have no outputs.
  func percentile(_ fraction: Double) -> Double {
    let rank = max(1, Int((fraction * Double(count)).rounded(.up)))
    return rank > sorted.count ? .infinity : sorted[rank - 1]
  }

  /// A time that, with 99 % confidence, at most `1 − fraction` of all frames exceed; nil where too few frames
  /// were measured to claim any (p90 needs 64 frames, p99 662 and p99.9 6,636), or too few have outputs.
  ///
  /// Source: MLPerf Inference, "Early stopping"; see `EarlyStopping`.
  func bound(_ fraction: Double) -> Double? {
    guard let discards = EarlyStopping.discards(for: fraction, frames: count), discards >= incomplete,
      discards - incomplete < sorted.count
    else { return nil }
    return sorted[sorted.count - 1 - (discards - incomplete)]
  }
}
