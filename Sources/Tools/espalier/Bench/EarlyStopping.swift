internal import Foundation

/// Decides, frame by frame, whether a share of all frames keeps a limit, with 99 % confidence.
///
/// With n frames, d of them late, the claim "at most 1 − p of all frames are late" is made where
/// P(Binomial(n, 1 − p) ≤ d + 1) ≤ 0.01. One more than was seen, so that it may be asked after every frame: who is
/// exactly at the limit passes at any of the questions up to 6 late frames with a probability of 0.94 % at most
/// (p50 to p99.9), computed from the binomial distribution by recursion over n.
///
/// Source: MLPerf Inference, "Early stopping", whose tables name 662, 838, 1,157 and 1,874 frames for 0, 1, 3 and
/// 8 discards at p99, and 6,636, 8,403, 11,601 and 18,779 at p99.9.
struct EarlyStopping: Sendable {
  enum Outcome: Sendable { case met, missed, undecided }

  /// As many frames may be late before the question is given up.
  static let mostDiscards = 6
  private static let error = 0.01

  let fraction: Double
  /// Milliseconds that a frame may take.
  let limit: Double
  private(set) var frames = 0
  private(set) var late = 0
  /// How many frames the claim needs with as many late ones as there are.
  private var needed: Int

  init(fraction: Double, limit: Double) {
    (self.fraction, self.limit) = (fraction, limit)
    needed = Self.framesNeeded(for: fraction)
  }

  init(_ level: ServiceLevel) { self.init(fraction: level.fraction, limit: level.milliseconds) }

  mutating func add(_ milliseconds: Double) {
    frames += 1
    guard milliseconds > limit else { return }
    late += 1
    if late <= Self.mostDiscards { needed = Self.framesNeeded(for: fraction, discards: late) }
  }

  /// What more frames would not change; nil: go on.
  var decision: Outcome? {
    if late > Self.mostDiscards { return verdict }
    return frames >= needed ? .met : nil
  }

  /// What can be said of the frames so far, whoever decided how many they are.
  var verdict: Outcome {
    if let discards = Self.discards(for: fraction, frames: frames), late <= discards { return .met }
    // P(Binomial(n, 1 − p) ≥ late): how likely as many are where the limit is just kept.
    let chance = 1 - Self.probability(ofAtMost: late - 1, frames: frames, late: 1 - fraction)
    return late > 0 && chance <= Self.error ? .missed : .undecided
  }

  // MARK: - Counts

  /// The least number of frames from which on anything is claimed with `discards` late ones.
  static func framesNeeded(for fraction: Double, discards: Int = 0) -> Int {
    func isEnough(_ count: Int) -> Bool {
      probability(ofAtMost: discards + 1, frames: count, late: 1 - fraction) <= error
    }
    var (tooFew, enough) = (1, 2)
    while !isEnough(enough) { (tooFew, enough) = (enough, enough * 2) }
    while enough - tooFew > 1 {
      let middle = (tooFew + enough) / 2
      if isEnough(middle) { enough = middle } else { tooFew = middle }
    }
    return enough
  }

  /// How many of `frames` may be late; nil where they are too few for any claim.
  static func discards(for fraction: Double, frames: Int) -> Int? {
    var (most, sum) = (-1, 0.0)
    for (count, term) in terms(frames: frames, late: 1 - fraction) {
      sum += term
      if sum > error { break }
      most = count
    }
    return most >= 1 ? most - 1 : nil
  }

  /// P(Binomial(frames, late) ≤ most).
  static func probability(ofAtMost most: Int, frames: Int, late: Double) -> Double {
    var sum = 0.0
    for (count, term) in terms(frames: frames, late: late) {
      if count > most { break }
      sum += term
    }
    return min(1, sum)
  }

  /// P(Binomial(frames, late) = 0), = 1, …, by logarithms, so that a million frames are no less than none.
  private static func terms(frames: Int, late: Double) -> some Sequence<(count: Int, term: Double)> {
    let first = (count: 0, log: Double(frames) * log1p(-late))
    return sequence(first: first) { last in
      guard last.count < frames else { return nil }
      let ratio = Double(frames - last.count) / Double(last.count + 1) * late / (1 - late)
      return (last.count + 1, last.log + log(ratio))
    }.lazy.map { ($0.count, exp($0.log)) }
  }
}
