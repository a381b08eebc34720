internal import CEspalierKernels
internal import Synchronization

/// The worker threads of one session: woken once a frame, spinning within it, asleep between frames.
final class WorkerPool: @unchecked Sendable {
  /// When what happened in a frame, in monotonic nanoseconds.
  struct FrameTimes {
    var firstKernel: UInt64 = 0
    var lastKernel: UInt64 = 0
    /// The first call that was left unfinished; nil where there is none.
    var unfinishedCall: Int?
  }

  /// What the threads work on: it must not end before they have.
  private var table: CallTable
  private let owned: (arena: SystemMemory, scratch: SystemMemory)
  private let state: UnsafeMutablePointer<FrameState>
  let signals: Signals
  let signalMemory: SystemMemory
  private let policy: ThreadPolicy
  /// One for each started worker, at an address that does not change.
  private let lives: UnsafeMutableBufferPointer<WorkerLife>
  /// The threads themselves; no worker looks at them.
  private let handles: UnsafeMutableBufferPointer<UInt64>
  private var startedCount = 0
  /// Where the workers may run, and the one of these that they keep off: the calling thread's in the last frame.
  private var allowedCores = espalier_core_set()
  private let keepsApart: Bool
  private var avoidedCore: Int32 = -1
  private var madeCount = 0

  /// Makes a pool whose threads are still to be started; nil when there is no memory.
  init?(
    _ frame: FrameState, policy: ThreadPolicy,
    table: CallTable, keeping owned: (arena: SystemMemory, scratch: SystemMemory)
  ) {
    guard let signalMemory = SystemMemory(byteCount: Signals.byteCount) else { return nil }
    signals = Signals(signalMemory.base)
    self.signalMemory = signalMemory
    (self.table, self.owned) = (table, owned)
    self.policy = policy
    keepsApart = policy.keepsApart(threads: Int(frame.threads))
    espalier_core_set_read(&allowedCores)
    state = .allocate(capacity: 1)
    state.initialize(to: frame)
    lives = .allocate(capacity: Int(frame.threads) - 1)
    handles = .allocate(capacity: Int(frame.threads) - 1)
    handles.initialize(repeating: 0)
    for index in lives.indices { lives.initializeElement(at: index, to: life(ofThread: index + 1)) }
  }

  /// Starts the threads beside the calling one; those that started before an error end with the pool.
  ///
  /// - Throws: `threadRefused` where the system refuses a thread, its core or its priority.
  func start() throws(SessionError) {
    guard policy.workers == .started else { return }
    for index in lives.indices { try start(index) }
  }

  deinit {
    stop()
    _ = lives.deinitialize()
    lives.deallocate()
    handles.deallocate()
    state.deallocate()
  }

  /// The next worker for the caller to run; nil where there are enough, or the pool has its own.
  func makeWorker() -> SessionWorker? {
    guard policy.workers == .fromCaller, madeCount < lives.count else { return nil }
    madeCount += 1
    return SessionWorker(lives[madeCount - 1])
  }

  /// How many workers wait for frames.
  var presentCount: Int { Int(signals.present.pointee.load(ordering: .acquiring)) }

  var threads: Int { Int(state.pointee.threads) }

  /// Changes the calls of the frames that follow, between two frames; waits for workers only where they are others.
  ///
  /// - Parameter table: For as many threads as the pool has.
  func use(_ table: CallTable) {
    guard table !== self.table else { return }
    awaitNobodyInside()
    state.pointee.work = FrameWork(table)
    self.table = table
    table.forgetClaims()
  }

  /// Waits until no worker looks at the calls of frames that are over. One that the system kept from running may still.
  private func awaitNobodyInside() {
    publish(FrameWord.closed(after: signals.frame.pointee.load(ordering: .relaxed)))
    var rounds = 0
    while signals.inside.pointee.load(ordering: .sequentiallyConsistent) != 0 {
      rounds += 1
      FrameLoop.pause(round: rounds, spins: state.pointee.spinsPerBarrier)
    }
  }

  /// Runs one frame on all threads, or on the calling thread alone where no call is shared or workers are missing.
  ///
  /// - Parameters:
  ///   - timings: Gets the nanoseconds of each call.
  ///   - waiting: Gets those that the calling thread waited at barriers: until the last one arrived, and from there on.
  func run(
    _ level: LevelSchedule, timings: UnsafeMutablePointer<UInt64>?,
    waiting: UnsafeMutablePointer<UInt64>? = nil
  ) {
    waiting?.update(repeating: 0, count: 2)
    state.pointee.waiting = threads > 1 ? waiting : nil
    defer { state.pointee.waiting = nil }
    state.pointee.timings = timings
    let saved = espalier_float_mode_enter()
    runCalls(
      level,
      FrameLimits(deadline: FrameState.noDeadline, measuresArrivals: state.pointee.waiting != nil))
    espalier_float_mode_leave(saved)
  }

  /// Runs one frame and begins nothing after `deadline`.
  ///
  /// - Parameter measuresPieces: Whether the longest time between two looks at the deadline is noted.
  func run(_ level: LevelSchedule, deadline: UInt64, measuresPieces: Bool = false) -> FrameTimes {
    state.pointee.timings = nil
    signals.unfinished.pointee.store(Signals.allFinished, ordering: .relaxed)
    let saved = espalier_float_mode_enter()
    var times = FrameTimes()
    times.firstKernel = espalier_clock_nanoseconds()
    runCalls(level, FrameLimits(deadline: deadline, measuresPieces: measuresPieces))
    times.lastKernel = espalier_clock_nanoseconds()
    espalier_float_mode_leave(saved)
    let unfinished = signals.unfinished.pointee.load(ordering: .relaxed)
    if unfinished != Signals.allFinished { times.unfinishedCall = Int(unfinished) }
    return times
  }

  /// Runs one frame on the calling thread, telling after each call; same bits as `run`.
  func runAlone(_ level: LevelSchedule, _ observe: (Int) -> Void) {
    state.pointee.timings = nil
    let saved = espalier_float_mode_enter()
    FrameLoop(state: state, signals: signals, thread: 0)
      .runAlone(level, FrameLimits(deadline: FrameState.noDeadline), observe)
    espalier_float_mode_leave(saved)
  }

  private func runCalls(_ level: LevelSchedule, _ limits: FrameLimits) {
    let loop = FrameLoop(state: state, signals: signals, thread: 0)
    guard level.usesWorkers, policy.workers == .started || presentCount == lives.count else {
      return loop.runAlone(level, limits) { _ in }
    }
    if keepsApart { keepWorkersApart() }
    loop.run(frame: beginFrame(level, limits))
  }

  /// Takes the workers off the core that this thread is on, if they may be there. Systems like to wake a thread on the
  /// core of the one that wakes it; there the two would wait for each other at every barrier, while another core idles.
  private func keepWorkersApart() {
    let core = espalier_core_self()
    guard core >= 0, core != avoidedCore else { return }
    for index in 0..<startedCount {
      let number = signals.identity(ofThread: index + 1).pointee.load(ordering: .acquiring)
      guard number != 0 else { return }
      _ = espalier_thread_avoid(Int32(truncatingIfNeeded: number & 0xFFFF_FFFF), &allowedCores, core)
    }
    avoidedCore = core
  }

  /// Publishes the frame and wakes whoever sleeps. A worker that still looks at the frame before may see limits that are
  /// not its own, but is given no work.
  ///
  /// - Returns: The frame's word.
  private func beginFrame(_ level: LevelSchedule, _ limits: FrameLimits) -> UInt32 {
    let before = signals.completed.pointee.load(ordering: .acquiring)
    signals.completedBefore.pointee.store(before, ordering: .relaxed)
    signals.measures.pointee.store(limits.measures, ordering: .relaxed)
    signals.deadline.pointee.store(limits.deadline, ordering: .relaxed)
    let last = signals.frame.pointee.load(ordering: .relaxed)
    var word = FrameWord.next(after: last, level: level.index)
    if word < last {
      // Words repeat from here on: 2^28 frames ago some may have been claimed under them.
      awaitNobodyInside()
      table.forgetClaims()
      word = FrameWord.next(after: signals.frame.pointee.load(ordering: .relaxed), level: level.index)
    }
    publish(word)
    return word
  }

  /// Either this thread sees the sleeper's count, or the sleeper's futex sees the new word: both are sequentially
  /// consistent.
  private func publish(_ word: UInt32) {
    signals.frame.pointee.store(word, ordering: .sequentiallyConsistent)
    if !FrameWord.isClosed(word) || signals.stop.pointee.load(ordering: .relaxed) != 0 { wakeSleepers() }
  }

  private func wakeSleepers() {
    if signals.sleepers.pointee.load(ordering: .sequentiallyConsistent) > 0 {
      espalier_futex_wake_all(signals.frame)
    }
  }

  private func life(ofThread thread: Int) -> WorkerLife {
    WorkerLife(
      loop: FrameLoop(state: state, signals: signals, thread: UInt32(thread)),
      spinInNanoseconds: policy.spinInNanoseconds, memory: signalMemory)
  }

  private func start(_ index: Int) throws(SessionError) {
    let core = policy.cores.isEmpty ? -1 : policy.cores[index % policy.cores.count]
    let code = espalier_thread_start(
      &handles[index], { context in context?.assumingMemoryBound(to: WorkerLife.self).pointee.live() },
      lives.baseAddress.unsafelyUnwrapped + index, Int32(clamping: core), policy.policyNumber,
      Int32(clamping: policy.priority))
    guard code == 0 else { throw .threadRefused(index: index + 1, code: code) }
    startedCount += 1
  }

  /// Ends every worker and joins those that were started here; nothing may be running.
  private func stop() {
    guard startedCount > 0 || madeCount > 0 else { return }
    signals.stop.pointee.store(1, ordering: .releasing)
    // Those on threads of the caller's may still be on their way out of the last frame.
    awaitNobodyInside()
    for index in 0..<startedCount { espalier_thread_join(handles[index]) }
  }
}
