internal import EspalierRuntime

/// What became of frames that had a deadline.
struct DeadlineReport: Encodable {
  struct Frame: Encodable {
    let outcome: String
    /// Absent unless the frame was late.
    let late_ms: Double?
    /// The layer that was not computed to its end; absent unless the frame was cancelled.
    let cancelled_at: String?
    let cancelled_call: Int?
    /// Absent unless the frame was skipped.
    let reason: String?
    let level: Int
    let model_ms: Double
    let overhead_ms: Double
    let age_ms: Double?
    let sequence_gap: UInt64
  }

  let deadline_ms: Double
  let counts: VerdictCounts
  let verdicts: [Frame]

  init(_ deadline: MillisecondsArgument, _ verdicts: [FrameVerdict], _ model: Model) {
    deadline_ms = deadline.value
    counts = VerdictCounts(verdicts)
    self.verdicts = verdicts.map { Frame($0, model) }
  }

  func show() {
    for (index, verdict) in verdicts.enumerated() { print("frame \(index): \(verdict.text)") }
    print(
      """
      \(verdicts.count) frames within \(Format.milliseconds(deadline_ms)): \(counts.text)
      """)
  }
}

extension DeadlineReport.Frame {
  fileprivate init(_ verdict: FrameVerdict, _ model: Model) {
    var (late, call, skip): (Double?, Int?, String?) = (nil, nil, nil)
    switch verdict.outcome {
    case .met: outcome = "met"
    case .late(let nanoseconds):
      outcome = "late"
      late = Double(nanoseconds) / 1e6
    case .cancelled(let index):
      outcome = "cancelled"
      call = index
    case .skipped(let reason):
      outcome = "skipped"
      skip = "\(reason)"
    }
    (late_ms, cancelled_call, reason) = (late, call, skip)
    cancelled_at = call.map { model.calls[$0].name }
    level = verdict.level
    model_ms = Double(verdict.modelNanoseconds) / 1e6
    overhead_ms = Double(verdict.overheadNanoseconds) / 1e6
    age_ms = verdict.ageNanoseconds.map { Double($0) / 1e6 }
    sequence_gap = verdict.sequenceGap
  }

  fileprivate var text: String {
    let what =
      if let late_ms {
        "late by \(Format.milliseconds(late_ms))"
      } else if let cancelled_at {
        "cancelled at \(cancelled_at)"
      } else {
        reason.map { "skipped: \($0)" } ?? outcome
      }
    return """
      \(what); \(Format.milliseconds(model_ms)) in the model, \(Format.milliseconds(overhead_ms)) around it
      """
  }
}
