internal import CEspalierKernels
internal import Synchronization

/// What all threads of a session share during a frame. Lives at a fixed address; the calling thread changes
/// it only between frames.
struct FrameState {
  /// No deadline is set.
  static let noDeadline = UInt64.max

  var calls: UnsafeMutableBufferPointer<ScheduledCall>
  /// For each call where each thread's items begin, then their number.
  var bounds: UnsafePointer<UInt32>
  let threads: UInt32
  /// One block for each thread.
  let scratch: UnsafeMutableRawPointer
  let scratchStride: Int
  let spinsPerBarrier: Int
  /// The calls of the frame, and how often every thread arrives at a barrier, the one behind the last included.
  var level: LevelSchedule
  /// Monotonic nanoseconds after which no further work is begun.
  var deadline = FrameState.noDeadline
  /// Threads that had arrived at barriers before the frame, all frames together.
  var arrivalsBefore: UInt32 = 0
  /// Where the nanoseconds of each call go, if anybody asked.
  var timings: UnsafeMutablePointer<UInt64>?
  /// Where the nanoseconds go that the calling thread waited at barriers, if anybody asked: first until the last thread
  /// arrived, then from there on.
  var waiting: UnsafeMutablePointer<UInt64>?
  /// Whether the time between two looks at the deadline is measured.
  var measuresPieces = false
}

/// One thread's walk through the calls of a frame.
struct FrameLoop: @unchecked Sendable {
  let state: UnsafeMutablePointer<FrameState>
  let signals: Signals
  let thread: UInt32

  /// Runs this thread's share of every call and arrives at the frame's last barrier; the calling thread
  /// (thread 0) also waits there for the others.
  ///
  /// Who sees that the deadline has passed notes its call and arrives at all barriers that are left at once. A
  /// thread that gets through a barrier by that also sees the note, and begins nothing more.
  func run() {
    let scratch = state.pointee.scratch + Int(thread) * state.pointee.scratchStride
    let (calls, threads) = (state.pointee.calls, state.pointee.threads)
    let (range, barriers) = (state.pointee.level.calls, state.pointee.level.barriers)
    let before = state.pointee.arrivalsBefore
    let hasDeadline = state.pointee.deadline != FrameState.noDeadline
    var bounds = state.pointee.bounds + range.lowerBound * (Int(threads) + 1) + Int(thread)
    var arrived: UInt32 = 0
    var clock = thread == 0 && state.pointee.timings != nil ? espalier_clock_nanoseconds() : 0
    for index in range {
      let call = UnsafePointer(calls.baseAddress.unsafelyUnwrapped + index)
      if call.pointee.waits {
        arrived &+= 1
        noteArrival()
        arrive(1)
        meet(before &+ arrived &* threads)
        if hasDeadline, isOver { break }
      }
      if index > range.lowerBound { note(call: index - 1, &clock) }
      if bounds[0] < bounds[1], !execute(call, index, bounds[0], bounds[1], scratch) { break }
      bounds += Int(threads) + 1
    }
    noteArrival()
    arrive(barriers &- arrived)
    if thread == 0 {
      meet(before &+ barriers &* threads)
      if !range.isEmpty { note(call: range.upperBound - 1, &clock) }
    }
  }

  /// Runs every call on this thread alone, without barriers, and tells after each.
  @inline(__always)
  func runAlone(_ observe: (Int) -> Void) {
    let calls = state.pointee.calls
    var clock = state.pointee.timings != nil ? espalier_clock_nanoseconds() : 0
    for index in state.pointee.level.calls {
      let call = UnsafePointer(calls.baseAddress.unsafelyUnwrapped + index)
      guard execute(call, index, 0, call.pointee.items, state.pointee.scratch) else { return }
      note(call: index, &clock)
      observe(index)
    }
  }

  /// Computes items `first..<end`, in pieces between which the deadline is looked at if there is one.
  ///
  /// - Returns: False where the deadline has passed and something of the call was left.
  @inline(__always)
  private func execute(
    _ call: UnsafePointer<ScheduledCall>, _ index: Int, _ first: UInt32, _ end: UInt32,
    _ scratch: UnsafeMutableRawPointer
  ) -> Bool {
    // `call` is the first field, so that the kernel's structure has the same address.
    let resolved = UnsafeRawPointer(call).assumingMemoryBound(to: espalier_call.self)
    guard state.pointee.deadline != FrameState.noDeadline else {
      if first < end { call.pointee.kernel(resolved, first, end, scratch) }
      return true
    }
    var position = first
    while position < end {
      guard mayBegin(call: index) else { return false }
      let next = min(end, position &+ min(call.pointee.itemsPerCheckpoint, end &- position))
      let start = state.pointee.measuresPieces ? espalier_clock_nanoseconds() : 0
      call.pointee.kernel(resolved, position, next, scratch)
      if state.pointee.measuresPieces { note(piece: espalier_clock_nanoseconds() &- start) }
      position = next
    }
    return true
  }

  /// Whether some thread has left work because the deadline had passed.
  private var isOver: Bool {
    signals.unfinished.pointee.load(ordering: .relaxed) != Signals.allFinished
  }

  /// Whether there is time for another piece of a call; where there is not, the call is noted as unfinished.
  private func mayBegin(call: Int) -> Bool {
    if !isOver, espalier_clock_nanoseconds() < state.pointee.deadline { return true }
    signals.unfinished.pointee.min(UInt32(truncatingIfNeeded: call), ordering: .relaxed)
    return false
  }

  private func note(piece nanoseconds: UInt64) {
    let longest = signals.longestPiece(ofThread: Int(thread))
    if nanoseconds > longest.pointee.load(ordering: .relaxed) {
      longest.pointee.store(nanoseconds, ordering: .relaxed)
    }
  }

  @inline(__always)
  private func note(call: Int, _ clock: inout UInt64) {
    guard thread == 0, let timings = state.pointee.timings else { return }
    let now = espalier_clock_nanoseconds()
    timings[call - state.pointee.level.calls.lowerBound] = now &- clock
    clock = now
  }

  @inline(__always)
  private func arrive(_ count: UInt32) {
    if state.pointee.threads > 1 {
      signals.arrivals.pointee.wrappingAdd(count, ordering: .acquiringAndReleasing)
    }
  }

  /// Says when this thread arrived, where waiting is measured.
  @inline(__always)
  private func noteArrival() {
    guard state.pointee.waiting != nil else { return }
    signals.arrivalTime(ofThread: Int(thread)).pointee.store(espalier_clock_nanoseconds(), ordering: .relaxed)
  }

  /// Waits as `wait` does; the calling thread notes how long, where that is measured.
  @inline(__always)
  private func meet(_ target: UInt32) {
    wait(for: target)
    guard thread == 0, let waiting = state.pointee.waiting else { return }
    let now = espalier_clock_nanoseconds()
    let own = signals.arrivalTime(ofThread: 0).pointee.load(ordering: .relaxed)
    var last = own
    for other in 1..<Int(state.pointee.threads) {
      last = max(last, signals.arrivalTime(ofThread: other).pointee.load(ordering: .relaxed))
    }
    // Another thread may already be at the next barrier.
    last = min(last, now)
    waiting[0] &+= last &- own
    waiting[1] &+= now &- last
  }

  /// Waits until `target` arrivals have been counted: spins, then yields, then sleeps in short steps, so that
  /// a thread that shares this core gets to run whatever its priority is.
  @inline(__always)
  private func wait(for target: UInt32) {
    guard state.pointee.threads > 1 else { return }
    var rounds = 0
    while Int32(bitPattern: signals.arrivals.pointee.load(ordering: .acquiring) &- target) < 0 {
      rounds += 1
      if rounds < state.pointee.spinsPerBarrier {
        espalier_pause()
      } else if rounds < state.pointee.spinsPerBarrier + 1000 {
        espalier_thread_yield()
      } else {
        espalier_thread_sleep(50)
      }
    }
  }
}
