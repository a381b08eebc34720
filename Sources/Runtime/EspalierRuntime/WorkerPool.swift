internal import CEspalierKernels
internal import Synchronization

/// The worker threads of one session: woken once a frame, spinning within it, asleep between frames.
final class WorkerPool: @unchecked Sendable {
  /// What a worker is told when it starts; outlives the worker.
  private struct Worker {
    let loop: FrameLoop
    let spinInNanoseconds: UInt64
  }

  /// What the threads work on: it must not end before they have.
  private let owned: (CallTable, arena: SystemMemory, scratch: SystemMemory)
  private let state: UnsafeMutablePointer<FrameState>
  private let signals: Signals
  private let signalMemory: SystemMemory
  private let workers: UnsafeMutableBufferPointer<Worker>
  /// The threads themselves; no worker looks at them.
  private let handles: UnsafeMutableBufferPointer<UInt64>
  private var startedCount = 0

  /// Makes a pool whose threads are still to be started; nil when there is no memory.
  init?(
    _ frame: FrameState, policy: ThreadPolicy,
    keeping owned: (CallTable, arena: SystemMemory, scratch: SystemMemory)
  ) {
    guard let signalMemory = SystemMemory(byteCount: Signals.byteCount) else { return nil }
    signals = Signals(signalMemory.base)
    self.signalMemory = signalMemory
    self.owned = owned
    state = .allocate(capacity: 1)
    state.initialize(to: frame)
    workers = .allocate(capacity: Int(frame.threads) - 1)
    handles = .allocate(capacity: Int(frame.threads) - 1)
    handles.initialize(repeating: 0)
    let spin = UInt64(max(0, policy.spinBetweenFramesInMicroseconds)) * 1000
    for index in workers.indices {
      let loop = FrameLoop(state: state, signals: signals, thread: UInt32(index) + 1)
      workers.initializeElement(at: index, to: Worker(loop: loop, spinInNanoseconds: spin))
    }
  }

  /// Starts the threads beside the calling one; those that started before an error end with the pool.
  ///
  /// - Throws: `threadRefused` where the system refuses a thread, its core or its priority.
  func start(_ policy: ThreadPolicy) throws(SessionError) {
    for index in workers.indices { try start(index, policy: policy) }
  }

  deinit {
    stop()
    workers.deallocate()
    handles.deallocate()
    state.deallocate()
  }

  /// Runs one frame on all threads, or on the calling thread alone where no call is shared.
  ///
  /// - Parameter usesWorkers: Whether any call of the frame is shared.
  func run(usesWorkers: Bool, deadline: UInt64, timings: UnsafeMutablePointer<UInt64>?) {
    state.pointee.deadline = deadline
    state.pointee.timings = timings
    if deadline != FrameState.noDeadline { signals.cancelled.pointee.store(0, ordering: .relaxed) }
    let saved = espalier_float_mode_enter()
    let loop = FrameLoop(state: state, signals: signals, thread: 0)
    if usesWorkers {
      state.pointee.arrivalsBefore = signals.arrivals.pointee.load(ordering: .acquiring)
      beginFrame()
      loop.run()
    } else {
      loop.runAlone { _ in }
    }
    espalier_float_mode_leave(saved)
  }

  /// Runs one frame on the calling thread, telling after each call; same bits as `run`.
  func runAlone(_ observe: (Int) -> Void) {
    state.pointee.deadline = FrameState.noDeadline
    let saved = espalier_float_mode_enter()
    FrameLoop(state: state, signals: signals, thread: 0).runAlone(observe)
    espalier_float_mode_leave(saved)
  }

  /// Publishes the frame and wakes whoever sleeps. Either this thread sees the sleeper's count, or the
  /// sleeper's futex sees the new frame: both are sequentially consistent.
  private func beginFrame() {
    signals.frame.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if signals.sleepers.pointee.load(ordering: .sequentiallyConsistent) > 0 {
      espalier_futex_wake_all(signals.frame)
    }
  }

  private func start(_ index: Int, policy: ThreadPolicy) throws(SessionError) {
    let core = policy.cores.isEmpty ? -1 : policy.cores[index % policy.cores.count]
    let worker = workers.baseAddress.unsafelyUnwrapped + index
    let code = espalier_thread_start(
      &handles[index], { context in WorkerPool.work(context) }, worker, Int32(clamping: core),
      Int32(clamping: policy.priority))
    guard code == 0 else { throw .threadRefused(index: index + 1, code: code) }
    startedCount += 1
  }

  /// Ends and joins every worker; nothing may be running.
  private func stop() {
    guard startedCount > 0 else { return }
    signals.stop.pointee.store(1, ordering: .releasing)
    beginFrame()
    for index in 0..<startedCount { espalier_thread_join(handles[index]) }
  }

  /// A worker's life.
  private static func work(_ context: UnsafeMutableRawPointer?) {
    guard let worker = context?.assumingMemoryBound(to: Worker.self).pointee else { return }
    let signals = worker.loop.signals
    _ = espalier_float_mode_enter()
    var frame: UInt32 = 0
    while true {
      awaitFrame(after: frame, signals, spinInNanoseconds: worker.spinInNanoseconds)
      frame &+= 1
      if signals.stop.pointee.load(ordering: .acquiring) != 0 { return }
      worker.loop.run()
    }
  }

  /// Spins for a while, then sleeps, until a frame after `frame` begins.
  private static func awaitFrame(after frame: UInt32, _ signals: Signals, spinInNanoseconds: UInt64) {
    let start = espalier_clock_nanoseconds()
    while espalier_clock_nanoseconds() &- start < spinInNanoseconds {
      for _ in 0..<32 {
        if signals.frame.pointee.load(ordering: .acquiring) != frame { return }
        espalier_pause()
      }
    }
    signals.sleepers.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while signals.frame.pointee.load(ordering: .sequentiallyConsistent) == frame {
      espalier_futex_wait(signals.frame, frame)
    }
    signals.sleepers.pointee.wrappingSubtract(1, ordering: .sequentiallyConsistent)
  }
}
