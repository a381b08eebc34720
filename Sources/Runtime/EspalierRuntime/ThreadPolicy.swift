internal import CEspalierKernels

/// How a session's worker threads wait, where they run, and whose they are.
///
/// The calling thread is left as it is, unless `callingCore` or `placesCallingThread` says otherwise; then
/// `Session.prepare` changes the thread that calls it, for good.
public struct ThreadPolicy: Sendable, Equatable {
  /// Who starts the workers.
  public enum Workers: Sendable, Equatable {
    case started
    /// The caller: it makes `threads - 1` workers by `Session.makeWorker` and calls `run` of each on a thread of
    /// its own. Until all of them run, frames are computed on the calling thread alone, to the same bits.
    case fromCaller
  }

  /// How threads with a priority share cores with others of the same priority.
  public enum Scheduling: Sendable, Equatable {
    /// `SCHED_FIFO`: a thread keeps its core until it waits.
    case fifo
    /// `SCHED_RR`: in turns.
    case roundRobin
  }

  public var workers = Workers.started
  /// How long workers spin for the next frame before they sleep; `spinForever`: they never do. Waking a sleeper
  /// takes 15 to 50 microseconds, spinning takes a core.
  public var spinBetweenFramesInMicroseconds = 50
  /// How often a thread looks whether others are done with what it needs before it lets others run.
  public var spinsPerBarrier = 4000
  /// Cores for the workers, in turn; empty leaves the choice to the system, but keeps started workers off the core
  /// that the calling thread is on, as long as there is one for each thread.
  public var cores: [Int] = []
  /// Real-time priority of the workers; 0 inherits the caller's scheduling.
  public var priority = 0
  /// What `priority` means where it is not 0.
  public var scheduling = Scheduling.fifo
  /// The core of the thread that calls `prepare`; nil leaves it where it is.
  public var callingCore: Int?
  /// Whether `priority` and `scheduling` are also for the thread that calls `prepare`.
  public var placesCallingThread = false

  /// For `spinBetweenFramesInMicroseconds`.
  public static let spinForever = Int.max

  public init() {}

  /// Where threads must share cores, whoever spins keeps the one that is waited for from running.
  func spinsPerBarrier(threads: Int) -> Int {
    threads > Int(espalier_core_count()) ? min(spinsPerBarrier, 16) : max(1, spinsPerBarrier)
  }

  /// Whether the pool keeps its workers off the calling thread's core.
  func keepsApart(threads: Int) -> Bool {
    workers == .started && cores.isEmpty && threads > 1 && threads <= Int(espalier_core_count())
  }

  var spinInNanoseconds: UInt64 {
    let (nanoseconds, overflow) = UInt64(max(0, spinBetweenFramesInMicroseconds))
      .multipliedReportingOverflow(by: 1000)
    return overflow ? .max : nanoseconds
  }

  /// Linux's number of `scheduling`.
  var policyNumber: Int32 {
    Int32(scheduling == .fifo ? espalier_policy_fifo : espalier_policy_round_robin)
  }
}
