internal import CEspalierKernels
internal import Synchronization

/// What all threads of a session share during a frame. Lives at a fixed address; the calling thread changes
/// it only between frames.
struct FrameState {
  /// No deadline is set.
  static let noDeadline = UInt64.max

  let calls: UnsafeMutableBufferPointer<ScheduledCall>
  /// For each call where each thread's items begin, then their number.
  let bounds: UnsafePointer<UInt32>
  let threads: UInt32
  /// One block for each thread.
  let scratch: UnsafeMutableRawPointer
  let scratchStride: Int
  let spinsPerBarrier: Int
  /// Monotonic nanoseconds after which no further work is begun.
  var deadline = FrameState.noDeadline
  /// Threads that had arrived at barriers before the frame, all frames together.
  var arrivalsBefore: UInt32 = 0
  /// Where the nanoseconds of each call go, if anybody asked.
  var timings: UnsafeMutablePointer<UInt64>?
}

/// Words that threads exchange, each on a cache line of its own.
struct Signals {
  static let byteCount = 5 * 128
  private let base: UnsafeMutableRawPointer

  /// - Parameter base: `byteCount` zero bytes at a 64-byte boundary, which outlive every thread.
  init(_ base: UnsafeMutableRawPointer) { self.base = base }

  /// The number of frames begun; workers sleep on it.
  var frame: UnsafeMutablePointer<Atomic<UInt32>> { word(0) }
  /// Arrivals at barriers; never reset, wraps around.
  var arrivals: UnsafeMutablePointer<Atomic<UInt32>> { word(1) }
  /// Workers that sleep or are about to.
  var sleepers: UnsafeMutablePointer<Atomic<UInt32>> { word(2) }
  /// Not 0: workers end.
  var stop: UnsafeMutablePointer<Atomic<UInt32>> { word(3) }
  /// Not 0: the deadline has passed, no further work is begun.
  var cancelled: UnsafeMutablePointer<Atomic<UInt32>> { word(4) }

  private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
    (base + index * 128).assumingMemoryBound(to: Atomic<UInt32>.self)
  }
}

/// One thread's walk through the calls of a frame.
struct FrameLoop {
  let state: UnsafeMutablePointer<FrameState>
  let signals: Signals
  let thread: UInt32

  /// Runs this thread's share of every call and arrives at the frame's last barrier; the calling thread
  /// (thread 0) also waits there for the others.
  func run() {
    let scratch = state.pointee.scratch + Int(thread) * state.pointee.scratchStride
    let calls = state.pointee.calls
    var bounds = state.pointee.bounds + Int(thread)
    var target = state.pointee.arrivalsBefore
    var clock = thread == 0 && state.pointee.timings != nil ? espalier_clock_nanoseconds() : 0
    for index in calls.indices {
      let call = UnsafePointer(calls.baseAddress.unsafelyUnwrapped + index)
      if call.pointee.waits {
        target &+= state.pointee.threads
        arrive()
        wait(for: target)
      }
      if index > 0 { note(call: index - 1, &clock) }
      if bounds[0] < bounds[1] { execute(call, bounds[0], bounds[1], scratch) }
      bounds += Int(state.pointee.threads) + 1
    }
    target &+= state.pointee.threads
    arrive()
    if thread == 0 {
      wait(for: target)
      if calls.count > 0 { note(call: calls.count - 1, &clock) }
    }
  }

  /// Runs every call on this thread alone, without barriers, and tells after each.
  @inline(__always)
  func runAlone(_ observe: (Int) -> Void) {
    let calls = state.pointee.calls
    var clock = state.pointee.timings != nil ? espalier_clock_nanoseconds() : 0
    for index in calls.indices {
      let call = UnsafePointer(calls.baseAddress.unsafelyUnwrapped + index)
      execute(call, 0, call.pointee.items, state.pointee.scratch)
      note(call: index, &clock)
      observe(index)
    }
  }

  /// Computes items `first..<end`, in pieces between which the deadline is looked at if there is one.
  @inline(__always)
  private func execute(
    _ call: UnsafePointer<ScheduledCall>, _ first: UInt32, _ end: UInt32,
    _ scratch: UnsafeMutableRawPointer
  ) {
    // `call` is the first field, so that the kernel's structure has the same address.
    let resolved = UnsafeRawPointer(call).assumingMemoryBound(to: espalier_call.self)
    guard state.pointee.deadline != FrameState.noDeadline else {
      if first < end { call.pointee.kernel(resolved, first, end, scratch) }
      return
    }
    var position = first
    while position < end, !isCancelled() {
      let next = min(end, position &+ min(call.pointee.itemsPerCheckpoint, end &- position))
      call.pointee.kernel(resolved, position, next, scratch)
      position = next
    }
  }

  private func isCancelled() -> Bool {
    if signals.cancelled.pointee.load(ordering: .relaxed) != 0 { return true }
    guard espalier_clock_nanoseconds() >= state.pointee.deadline else { return false }
    signals.cancelled.pointee.store(1, ordering: .relaxed)
    return true
  }

  @inline(__always)
  private func note(call: Int, _ clock: inout UInt64) {
    guard thread == 0, let timings = state.pointee.timings else { return }
    let now = espalier_clock_nanoseconds()
    timings[call] = now &- clock
    clock = now
  }

  @inline(__always)
  private func arrive() {
    if state.pointee.threads > 1 {
      signals.arrivals.pointee.wrappingAdd(1, ordering: .acquiringAndReleasing)
    }
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
