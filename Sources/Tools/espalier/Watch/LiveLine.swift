internal import EspalierRuntime
internal import Foundation
internal import Histogram

/// Latencies and rates of the frames so far, in memory that does not grow with them.
struct PipelineStatistics {
  /// Microseconds from pictures to their results.
  private var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
  private(set) var counts = VerdictCounts()
  private(set) var boxCount = 0
  private(set) var framesWithBoxes = 0
  private let start = ContinuousClock.now
  private(set) var seconds = 0.0
  /// Frames and seconds of the last whole second or more.
  private var window = (frames: 0, since: 0.0)
  private(set) var rate = 0.0

  var frameCount: Int { counts.met + counts.late + counts.cancelled + counts.skipped }
  /// Frames without results in time.
  var misses: Int { frameCount - counts.met }

  mutating func add(_ verdict: FrameVerdict, _ findings: Findings, milliseconds: Double) {
    counts.add(verdict)
    if verdict.isComplete { histogram.record(UInt64(milliseconds * 1_000)) }
    boxCount += findings.boxes.count
    if !findings.boxes.isEmpty { framesWithBoxes += 1 }
    seconds = (ContinuousClock.now - start).milliseconds / 1_000
    window.frames += 1
    let span = seconds - window.since
    if span >= 1 || frameCount == window.frames {
      rate = span > 0 ? Double(window.frames) / span : 0
      if span >= 1 { window = (0, seconds) }
    }
  }

  /// Milliseconds that so many of 100 frames with results stayed within, as far as there were such frames.
  func percentile(_ percent: Double) -> Double? {
    histogram.totalCount == 0 ? nil : Double(histogram.valueAtPercentile(percent)) / 1_000
  }

  var latency: String {
    guard let median = percentile(50), let tail = percentile(99) else { return "no results" }
    return "p50 \(Format.milliseconds(median)), p99 \(Format.milliseconds(tail))"
  }
}

/// How it goes, on standard error: a line that changes where a person looks, else a line every five seconds.
struct LiveLine {
  private var shown = ContinuousClock.now
  private var isShown = false

  mutating func update(_ statistics: PipelineStatistics) {
    let now = ContinuousClock.now
    guard now - shown > .milliseconds(Console.isInteractive ? 200 : 5_000) else { return }
    shown = now
    let text = """
      \(statistics.frameCount) frames, \(Format.fixed(statistics.rate, 1)) a second, \(statistics.latency), \
      \(statistics.misses) missed\(statistics.counts.missing > 0 ? ", \(statistics.counts.missing) never seen" : "")
      """
    guard Console.isInteractive else { return Console.note(text) }
    isShown = true
    FileHandle.standardError.write(Data("\r\(text)\u{1B}[K".utf8))
  }

  /// Takes the line away.
  func finish() {
    if isShown { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
  }
}
