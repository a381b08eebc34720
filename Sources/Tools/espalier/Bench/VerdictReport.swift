internal import EspalierRuntime

/// What became of the frames that were timed, and how much of their time was the model's.
struct VerdictReport: Encodable {
  struct Level: Encodable, Equatable {
    let level: Int
    /// Frames that were begun there.
    let frames: Int
  }

  /// From the frame's beginning, or from when the camera gave it; absent where there was none.
  let deadline_ms: Double?
  /// Counted frame by frame.
  let counts: VerdictCounts
  /// By the session's own counters, over the same frames.
  let session: VerdictCounts
  /// Only those of the pack that frames were begun at.
  let levels: [Level]
  /// How late the latest was; absent where none was.
  let late_max_ms: Double?
  /// Frames that were computed to the end: first kernel to last barrier, and the rest of the call. The bounds hold for
  /// 99 % of such frames with 99 % confidence; absent for fewer than 662.
  let model_median_ms: Double
  let model_p99_bound_ms: Double?
  let overhead_median_ms: Double
  let overhead_p99_bound_ms: Double?
  /// The median of each frame's overhead over its whole time.
  let overhead_share: Double

  /// - Precondition: A frame was computed to the end.
  init(_ times: FrameTimes, deadline: Double?) {
    deadline_ms = deadline
    counts = times.counts
    session = times.sessionCounts
    levels = Self.levels(times.samples.map(\.verdict))
    late_max_ms =
      times.samples.compactMap { sample -> Double? in
        guard case .late(let nanoseconds) = sample.verdict.outcome else { return nil }
        return Double(nanoseconds) / 1e6
      }.max()
    let verdicts = times.complete.map(\.verdict)
    let model = LatencyStatistics(verdicts.map { Double($0.modelNanoseconds) / 1e6 })
    let overhead = LatencyStatistics(verdicts.map { Double($0.overheadNanoseconds) / 1e6 })
    model_median_ms = model.median
    model_p99_bound_ms = model.bound(0.99)
    overhead_median_ms = overhead.median
    overhead_p99_bound_ms = overhead.bound(0.99)
    overhead_share =
      LatencyStatistics(
        verdicts.map {
          Double($0.overheadNanoseconds) / Double(max(1, $0.modelNanoseconds + $0.overheadNanoseconds))
        }
      ).median
  }

  static func levels(_ verdicts: [FrameVerdict]) -> [Level] {
    var counts: [Int: Int] = [:]
    for verdict in verdicts {
      if case .skipped = verdict.outcome { continue }
      counts[verdict.level, default: 0] += 1
    }
    return counts.sorted { $0.key < $1.key }.map { Level(level: $0.key, frames: $0.value) }
  }

  var text: String {
    var lines = deadline_ms.map { [Self.deadlineText($0, counts, late: late_max_ms, levels)] } ?? []
    func bound(_ value: Double?) -> String { value.map { ", p99 \(Format.milliseconds($0))" } ?? "" }
    lines.append(
      """
      Model: median \(Format.milliseconds(model_median_ms))\(bound(model_p99_bound_ms)); overhead of the runtime: \
      median \(Format.milliseconds(overhead_median_ms))\(bound(overhead_p99_bound_ms)) \
      (\(Format.fixed(overhead_share * 100, 2)) % of the frame)
      """)
    if session != counts { lines.append("The session's own counters differ: \(session.text)") }
    return lines.joined(separator: "\n")
  }

  static func deadlineText(
    _ deadline: Double, _ counts: VerdictCounts, late: Double?, _ levels: [Level]
  ) -> String {
    var text = "Deadline of \(Format.milliseconds(deadline)): \(counts.text)"
    if let late { text += "; at most \(Format.milliseconds(late)) late" }
    if levels.count > 1 || counts.degraded > 0 {
      text += "; " + levels.map { "level \($0.level): \($0.frames) frames" }.joined(separator: ", ")
    }
    return text
  }
}
