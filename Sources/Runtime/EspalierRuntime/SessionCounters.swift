internal import Synchronization

/// What became of a session's frames so far, those without a deadline included; warm-up frames do not count.
public struct SessionCounters: Sendable, Equatable, BitwiseCopyable {
  public var met: UInt64 = 0
  public var late: UInt64 = 0
  public var cancelled: UInt64 = 0
  public var skipped: UInt64 = 0
  /// Frames that a smaller network than the whole one was run for, whatever came of them.
  public var degraded: UInt64 = 0
  /// Frames that were missing by their sequence numbers.
  public var missing: UInt64 = 0

  /// Every frame has one outcome.
  public var frames: UInt64 { met + late + cancelled + skipped }

  public init() {}
}

/// Reads a session's counters from any thread, at any time, without making anybody wait. May outlive the session.
public final class SessionMonitor: Sendable {
  private let signals: Signals
  private let memory: SystemMemory

  init(_ memory: SystemMemory) {
    self.memory = memory
    signals = Signals(memory.base)
  }

  /// Each number is right by itself; a frame that ends at this moment may show in some of them alone.
  public var counters: SessionCounters { signals.counters }
}

extension Signals {
  /// What one thread counts and all may read.
  enum Counter: Int { case met, late, cancelled, skipped, degraded, missing }

  /// Only the thread that runs frames may call this.
  func count(_ counter: Counter, _ amount: UInt64 = 1) {
    let word = counterWord(counter)
    word.pointee.store(word.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
  }

  var counters: SessionCounters {
    func value(_ counter: Counter) -> UInt64 { counterWord(counter).pointee.load(ordering: .relaxed) }
    var counters = SessionCounters()
    counters.met = value(.met)
    counters.late = value(.late)
    counters.cancelled = value(.cancelled)
    counters.skipped = value(.skipped)
    counters.degraded = value(.degraded)
    counters.missing = value(.missing)
    return counters
  }

  /// Counts one frame.
  func count(_ verdict: FrameVerdict) {
    switch verdict.outcome {
    case .met: count(.met)
    case .late: count(.late)
    case .cancelled: count(.cancelled)
    case .skipped: count(.skipped)
    }
    if verdict.isDegraded { count(.degraded) }
    if verdict.sequenceGap > 0 { count(.missing, verdict.sequenceGap) }
  }
}
