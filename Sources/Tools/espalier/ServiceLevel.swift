internal import ArgumentParser

/// `25ms@p99.9`: a bar that a share of all frames must keep.
struct ServiceLevel: ExpressibleByArgument, Equatable {
  let milliseconds: Double
  /// In 0.5..<1: the share of frames that are to take no longer.
  let fraction: Double
  /// As it was written.
  let text: String

  init?(argument: String) {
    let parts = argument.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, let milliseconds = Self.milliseconds(parts[0]), parts[1].hasPrefix("p"),
      let percent = Double(parts[1].dropFirst()), (50...99.999).contains(percent)
    else { return nil }
    self.milliseconds = milliseconds
    fraction = percent / 100
    text = argument
  }

  /// `8ms`, `900us`, `1s`: a number above 0 with its unit.
  static func milliseconds(_ text: Substring) -> Double? {
    for (unit, factor) in [("ms", 1.0), ("us", 1e-3), ("µs", 1e-3), ("s", 1e3)] where text.hasSuffix(unit) {
      guard let value = Double(text.dropLast(unit.count)), value > 0, value.isFinite else { return nil }
      return value * factor
    }
    return nil
  }

  /// Judges measured frames.
  func verdict(_ statistics: LatencyStatistics) -> Verdict {
    let bound = statistics.bound(fraction)
    return Verdict(
      slo: text, limit_ms: milliseconds, bound_ms: bound,
      frames_needed: LatencyStatistics.framesNeeded(for: fraction),
      met: bound.map { $0 <= milliseconds } ?? false)
  }

  /// What the measured frames say about the bar.
  struct Verdict: Encodable {
    let slo: String
    let limit_ms: Double
    /// Absent where too few frames were timed.
    let bound_ms: Double?
    let frames_needed: Int
    let met: Bool

    /// What is wrong; nil where the bar is kept.
    func complaint(count: Int) -> String? {
      guard let bound_ms else {
        return """
          --slo \(slo) cannot be judged: \(count) frames were timed and \(frames_needed) are needed; \
          give --iterations \(frames_needed) or more
          """
      }
      return met
        ? nil
        : "--slo \(slo) is missed: with 99 % confidence no less than \(Format.milliseconds(bound_ms)) holds"
    }
  }
}
