internal import EspalierRuntime

/// How many frames had which outcome.
struct VerdictCounts: Encodable, Equatable, Sendable {
  var met = 0
  var late = 0
  var cancelled = 0
  var skipped = 0
  /// Frames that a smaller network than the whole one was begun for, whatever came of them.
  var degraded = 0
  /// Frames that were missing by their sequence numbers.
  var missing = 0

  init() {}

  init(_ verdicts: some Sequence<FrameVerdict>) {
    for verdict in verdicts { add(verdict) }
  }

  mutating func add(_ verdict: FrameVerdict) {
    switch verdict.outcome {
    case .met: met += 1
    case .late: late += 1
    case .cancelled: cancelled += 1
    case .skipped: skipped += 1
    }
    if verdict.isDegraded { degraded += 1 }
    missing += Int(clamping: verdict.sequenceGap)
  }

  init(_ counters: SessionCounters) {
    met = Int(clamping: counters.met)
    late = Int(clamping: counters.late)
    cancelled = Int(clamping: counters.cancelled)
    skipped = Int(clamping: counters.skipped)
    degraded = Int(clamping: counters.degraded)
    missing = Int(clamping: counters.missing)
  }

  static func - (a: VerdictCounts, b: VerdictCounts) -> VerdictCounts {
    var difference = VerdictCounts()
    difference.met = a.met - b.met
    difference.late = a.late - b.late
    difference.cancelled = a.cancelled - b.cancelled
    difference.skipped = a.skipped - b.skipped
    difference.degraded = a.degraded - b.degraded
    difference.missing = a.missing - b.missing
    return difference
  }

  var text: String { "\(met) met, \(late) late, \(cancelled) cancelled, \(skipped) skipped" }
}

extension FrameVerdict {
  /// `met`, `late`, `cancelled` or `skipped`.
  var name: String {
    switch outcome {
    case .met: "met"
    case .late: "late"
    case .cancelled: "cancelled"
    case .skipped: "skipped"
    }
  }
}
