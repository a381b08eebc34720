internal import EspalierMedia
internal import EspalierRuntime
internal import Histogram

/// Files of every frame's times.
enum FrameFiles {
  private static let columns = [
    "frame", "due_ns", "start_ns", "end_ns", "latency_ns", "age_ns", "cpu_ns", "dropped",
    "involuntary_switches", "voluntary_switches", "minor_faults", "major_faults", "allocations",
    "deadline_ns", "outcome", "late_ns", "call", "level", "model_ns", "overhead_ns", "verdict_age_ns",
    "sequence_gap",
  ]

  /// Writes nanoseconds on the monotonic clock, and what the session said of each frame: JSON, one object a frame, or
  /// CSV, as the path's ending says.
  ///
  /// - Throws: `MediaError`.
  static func write(_ samples: [FrameSample], to path: String) throws {
    let bytes = path.hasSuffix(".csv") ? Array(csv(samples).utf8) : Array(json(samples).utf8)
    try Files.write(bytes, to: path)
  }

  static func csv(_ samples: [FrameSample]) -> String {
    var text = columns.joined(separator: ",") + "\n"
    for sample in samples { text += values(sample).joined(separator: ",") + "\n" }
    return text
  }

  /// `latencyMs` stands beside ours for scripts that read trtexec's file.
  static func json(_ samples: [FrameSample]) -> String {
    let rows = samples.map { sample in
      let fields = zip(columns, values(sample)).compactMap { name, value -> String? in
        value.isEmpty ? nil : "\"\(name)\":" + (name == "outcome" ? "\"\(value)\"" : value)
      }
      return "{" + (fields + ["\"latencyMs\":\(sample.milliseconds)"]).joined(separator: ",") + "}"
    }
    return "[\n" + rows.joined(separator: ",\n") + "\n]\n"
  }

  /// Empty where there is nothing to say: no deadline, no call at which the frame was cancelled, no known age.
  private static func values(_ sample: FrameSample) -> [String] {
    let (counters, verdict) = (sample.counters, sample.verdict)
    var (late, call): (UInt64, Int?) = (0, nil)
    if case .late(let nanoseconds) = verdict.outcome { late = nanoseconds }
    if case .cancelled(let index) = verdict.outcome { call = index }
    let numbers = [
      sample.index, Int(sample.due), Int(sample.start), Int(sample.end), Int(sample.end - sample.start),
      Int(sample.end - sample.due), Int(sample.processor), sample.dropped, counters.involuntarySwitches,
      counters.voluntarySwitches, counters.minorFaults, counters.majorFaults, counters.allocations,
    ]
    return numbers.map(String.init) + [
      sample.deadline == 0 ? "" : "\(sample.deadline)", verdict.name, "\(late)", call.map(String.init) ?? "",
      "\(verdict.level)", "\(verdict.modelNanoseconds)", "\(verdict.overheadNanoseconds)",
      verdict.ageNanoseconds.map { "\($0)" } ?? "", "\(verdict.sequenceGap)",
    ]
  }

  /// The percentiles of an HDR histogram with three significant digits, as HdrHistogram's own tools write and plot
  /// them: value in milliseconds, percentile, count so far, 1 / (1 − percentile).
  ///
  /// - Parameter times: Milliseconds of each frame.
  static func hgrm(_ times: [Double]) -> String {
    var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    for time in times { _ = histogram.record(UInt64(max(1, (time * 1e6).rounded()))) }
    var text = ""
    histogram.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1e6)
    return text
  }
}
