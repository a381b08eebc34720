import EspalierRuntime

#if canImport(Glibc)
  import Glibc
#endif

func exit(status: Int32) -> Never { exit(status) }

/// One line of the table: one pack.
struct Row {
  static let header = """
    microseconds. stated: longest time between two looks at the deadline, measured before; overshoot: from the
    deadline to the end of a cancelled call; next: complete frames directly behind a cancelled one, and how many
    of them had other bits than an undisturbed frame.
    pack                    threads  frames  median     met  late  cancelled  skipped  wrong   stated  overshoot p50   p99    max    next  differ
    """

  let path: String
  let threads: Int
  let frames: Int
  var stated: UInt64 = 0
  var median: UInt64 = 0
  var counters = SessionCounters()
  private var met = 0
  private var late = 0
  private var skipped = 0
  private var wrong = 0
  private var overshoots: [UInt64] = []
  private var next = 0
  private var different = 0

  init(path: String, threads: Int, frames: Int) {
    self.path = path
    self.threads = threads
    self.frames = frames
  }

  mutating func note(_ frame: TimedFrame, isAfterCancelled: Bool) {
    switch frame.verdict.outcome {
    case .met: met += 1
    case .late: late += 1
    case .cancelled: overshoots.append(frame.overshoot)
    case .skipped: skipped += 1
    }
    if !frame.isRight { wrong += 1 }
    guard isAfterCancelled, frame.verdict.isComplete else { return }
    next += 1
    if !frame.isIdentical { different += 1 }
  }

  var passes: Bool {
    let counted =
      counters.late == UInt64(late) && counters.cancelled == UInt64(overshoots.count)
      && counters.skipped == UInt64(skipped)
    return counted && wrong == 0 && different == 0 && next > 0 && !overshoots.isEmpty
      && percentile(0.99) <= stated + DeadlineBenchmarks.allowance
  }

  /// The nearest rank of all cancelled frames.
  private func percentile(_ fraction: Double) -> UInt64 {
    guard !overshoots.isEmpty else { return 0 }
    let sorted = overshoots.sorted()
    return sorted[min(sorted.count - 1, Int((fraction * Double(sorted.count)).rounded(.up)) - 1)]
  }

  var text: String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let columns: [(String, Int)] = [
      ("\(threads)", 31 - max(23, name.count)), ("\(frames)", 8), (micro(median), 8), ("\(met)", 8),
      ("\(late)", 6), ("\(overshoots.count)", 11), ("\(skipped)", 9), ("\(wrong)", 7), (micro(stated), 9),
      (micro(percentile(0.5)), 15), (micro(percentile(0.99)), 6), (micro(overshoots.max() ?? 0), 7),
      ("\(next)", 8), ("\(different)", 8),
    ]
    let cells = columns.map { String(repeating: " ", count: max(1, $1 - $0.count)) + $0 }.joined()
    let padded = name + String(repeating: " ", count: max(0, 23 - name.count))
    return padded + cells + (passes ? "" : "  MISSED")
  }

  private func micro(_ nanoseconds: UInt64) -> String { "\((nanoseconds + 500) / 1000)" }
}
