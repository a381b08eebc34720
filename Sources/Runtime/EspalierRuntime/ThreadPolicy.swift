internal import CEspalierKernels

/// How a session's worker threads wait and where they run. The calling thread is left as it is.
public struct ThreadPolicy: Sendable, Equatable {
  /// How long workers spin for the next frame before they sleep. Waking a sleeper takes 15 to 50
  /// microseconds, spinning takes a core.
  public var spinBetweenFramesInMicroseconds = 50
  /// How often a thread looks at a barrier before it lets others run.
  public var spinsPerBarrier = 4000
  /// Cores for the workers, in turn; empty leaves the choice to the system.
  public var cores: [Int] = []
  /// Real-time priority (`SCHED_FIFO`) of the workers; 0 inherits the caller's scheduling.
  public var priority = 0

  public init() {}

  /// Where threads must share cores, whoever spins keeps the one that is waited for from running.
  func spinsPerBarrier(threads: Int) -> Int {
    threads > Int(espalier_core_count()) ? min(spinsPerBarrier, 16) : max(1, spinsPerBarrier)
  }
}
