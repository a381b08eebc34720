internal import ArgumentParser

/// `25ms@p99.9`: a bar that a share of all frames must keep.
struct ServiceLevel: ExpressibleByArgument, Equatable, Sendable {
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
    self.init(milliseconds: milliseconds, fraction: percent / 100, text: argument)
  }

  init(milliseconds: Double, fraction: Double, text: String) {
    (self.milliseconds, self.fraction, self.text) = (milliseconds, fraction, text)
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
  ///
  /// - Parameter times: Milliseconds of each; infinite where a frame has no outputs.
  func verdict(_ times: [Double]) -> Verdict {
    var judge = EarlyStopping(self)
    for time in times { judge.add(time) }
    let needed = EarlyStopping.framesNeeded(
      for: fraction, discards: min(judge.late, EarlyStopping.mostDiscards))
    return Verdict(
      slo: text, limit_ms: milliseconds, bound_ms: Self.bound(times, fraction),
      frames_needed: needed, late: judge.late, outcome: judge.verdict)
  }

  private static func bound(_ times: [Double], _ fraction: Double) -> Double? {
    let finite = times.filter(\.isFinite)
    guard !finite.isEmpty else { return nil }
    return LatencyStatistics(finite, incomplete: times.count - finite.count).bound(fraction)
  }

  /// What the measured frames say about the bar.
  struct Verdict: Encodable {
    let slo: String
    let limit_ms: Double
    /// A time that holds with 99 % confidence; absent where too few frames were timed.
    let bound_ms: Double?
    /// For a claim with as many late frames as there were.
    let frames_needed: Int
    /// Frames above the limit.
    let late: Int
    let outcome: EarlyStopping.Outcome

    var met: Bool { outcome == .met }

    private enum CodingKeys: CodingKey { case slo, limit_ms, bound_ms, frames_needed, late, outcome, met }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(slo, forKey: .slo)
      try container.encode(limit_ms, forKey: .limit_ms)
      try container.encodeIfPresent(bound_ms, forKey: .bound_ms)
      try container.encode(frames_needed, forKey: .frames_needed)
      try container.encode(late, forKey: .late)
      try container.encode("\(outcome)", forKey: .outcome)
      try container.encode(met, forKey: .met)
    }

    /// What is wrong; nil where the bar is kept.
    func complaint(count: Int) -> String? {
      let share = "\(late) of \(count) frames took longer than \(Format.milliseconds(limit_ms))"
      switch outcome {
      case .met: return nil
      case .missed: return "--slo \(slo) is missed: \(share)"
      case .undecided where late > EarlyStopping.mostDiscards:
        return "--slo \(slo) is not shown to be kept: \(share), more than 99 % confidence allows"
      case .undecided:
        return """
          --slo \(slo) cannot be judged: \(count) frames were timed, \(late) of them late, and \(frames_needed) \
          are needed; leave --iterations out, or give --iterations \(frames_needed) or more
          """
      }
    }
  }
}
