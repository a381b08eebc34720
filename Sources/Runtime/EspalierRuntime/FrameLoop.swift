internal import CEspalierKernels
internal import Synchronization

/// One thread's walk through the calls of a frame.
///
/// Every thread begins with its own share of a call, and takes what nobody has begun of others' before it waits for
/// them. So a thread that the system keeps from running holds up no more than the piece that it was computing, and a
/// frame needs no other thread than the calling one. Who computes an item does not change its bits.
struct FrameLoop: @unchecked Sendable {
  let state: UnsafeMutablePointer<FrameState>
  let signals: Signals
  let thread: UInt32

  /// How often a thread looks whether others are done before it takes of their work: while they run, they mostly are.
  private static let looksBeforeHelping = 32

  /// What a thread knows of the frame that it computes.
  private struct Walk {
    let frame: UInt32
    let before: UInt32
    let limits: FrameLimits
    /// Items that this thread has completed and not reported.
    var unreported: UInt32 = 0
  }

  /// Takes part in a frame until nothing of it is left to take; the calling thread (thread 0) also waits until
  /// everything is completed.
  ///
  /// Once the deadline has passed items are given out as before, but no longer computed.
  func run(frame: UInt32) {
    let level = state.pointee.work.levels[FrameWord.level(frame)]
    var walk = Walk(
      frame: frame, before: signals.completedBefore.pointee.load(ordering: .relaxed),
      limits: FrameLimits(
        deadline: signals.deadline.pointee.load(ordering: .relaxed),
        measures: signals.measures.pointee.load(ordering: .relaxed)))
    var clock = thread == 0 && state.pointee.timings != nil ? espalier_clock_nanoseconds() : 0
    var phase = level.calls.lowerBound
    for index in level.calls {
      let call = UnsafePointer(state.pointee.work.calls.baseAddress.unsafelyUnwrapped + index)
      if call.pointee.waits {
        guard meet(call.pointee.itemsBefore, phase..<index, &walk) else { return }
        phase = index
      }
      if index > level.calls.lowerBound { note(call: index - 1, of: level, &clock) }
      if call.pointee.isClaimed {
        while take(of: call, index, share: Int(thread), &walk) {}
        report(&walk)
      } else if thread == 0 {
        compute(call, index, 0, call.pointee.items, walk.limits)
        walk.unreported &+= call.pointee.items
      }
    }
    if thread == 0 {
      _ = meet(level.items, phase..<level.calls.upperBound, &walk)
      if !level.calls.isEmpty { note(call: level.calls.upperBound - 1, of: level, &clock) }
    } else {
      help(phase..<level.calls.upperBound, &walk)
    }
  }

  /// Runs every call on this thread alone, without barriers, and tells after each.
  @inline(__always)
  func runAlone(_ level: LevelSchedule, _ limits: FrameLimits, _ observe: (Int) -> Void) {
    var clock = state.pointee.timings != nil ? espalier_clock_nanoseconds() : 0
    for index in level.calls {
      let call = UnsafePointer(state.pointee.work.calls.baseAddress.unsafelyUnwrapped + index)
      guard compute(call, index, 0, call.pointee.items, limits) else { return }
      note(call: index, of: level, &clock)
      observe(index)
    }
  }

  /// Computes the next piece of a thread's share that nobody has begun.
  ///
  /// - Returns: False where there is none, or the frame is over.
  @inline(__always)
  private func take(
    of call: UnsafePointer<ScheduledCall>, _ index: Int, share: Int, _ walk: inout Walk
  ) -> Bool {
    let threads = Int(state.pointee.threads)
    let bounds = state.pointee.work.bounds + index * (threads + 1) + share
    let (first, end) = (bounds[0], bounds[1])
    guard first < end else { return false }
    let word = (state.pointee.work.claims + (index * threads + share) * CallTable.claimStride)
      .assumingMemoryBound(to: ClaimWord.self)
    var seen = word.pointee.load(ordering: .relaxed)
    while true {
      var begin = UInt32(truncatingIfNeeded: seen)
      if UInt32(truncatingIfNeeded: seen >> 32) != walk.frame {
        // Another frame's: an earlier one's, unless this one is over.
        guard signals.frame.pointee.load(ordering: .acquiring) == walk.frame else { return false }
        begin = first
      }
      guard begin < end else { return false }
      // What is no longer computed is given out at once.
      let next = isOver(walk.limits) ? end : begin &+ min(call.pointee.itemsPerClaim, end &- begin)
      let (isTaken, found) = word.pointee.compareExchange(
        expected: seen, desired: UInt64(walk.frame) << 32 | UInt64(next), ordering: .relaxed)
      guard isTaken else {
        seen = found
        continue
      }
      compute(call, index, begin, next, walk.limits)
      walk.unreported &+= next &- begin
      return true
    }
  }

  /// Computes what nobody has begun of calls that are independent of one another.
  @inline(never)
  private func help(_ calls: Range<Int>, _ walk: inout Walk) {
    let threads = Int(state.pointee.threads)
    for index in calls {
      let call = UnsafePointer(state.pointee.work.calls.baseAddress.unsafelyUnwrapped + index)
      guard call.pointee.isClaimed else { continue }
      for step in 1..<threads {
        let share = (Int(thread) + step) % threads
        while take(of: call, index, share: share, &walk) { report(&walk) }
      }
    }
  }

  /// Computes items `first..<end`, in pieces between which the deadline is looked at if there is one.
  ///
  /// - Returns: False where the deadline has passed and something of the call was left.
  @inline(__always)
  @discardableResult
  private func compute(
    _ call: UnsafePointer<ScheduledCall>, _ index: Int, _ first: UInt32, _ end: UInt32, _ limits: FrameLimits
  ) -> Bool {
    // `call` is the first field, so that the kernel's structure has the same address.
    let resolved = UnsafeRawPointer(call).assumingMemoryBound(to: espalier_call.self)
    let scratch = state.pointee.scratch + Int(thread) * state.pointee.scratchStride
    guard limits.hasDeadline else {
      if first < end { call.pointee.kernel(resolved, first, end, scratch) }
      return true
    }
    var position = first
    while position < end {
      guard mayBegin(call: index, limits) else { return false }
      let next = position &+ min(call.pointee.itemsPerCheckpoint, end &- position)
      let start = limits.measuresPieces ? espalier_clock_nanoseconds() : 0
      call.pointee.kernel(resolved, position, next, scratch)
      if limits.measuresPieces { note(piece: espalier_clock_nanoseconds() &- start) }
      position = next
    }
    return true
  }

  /// Whether there is time for another piece of a call; where there is not, the call is noted as unfinished.
  private func mayBegin(call: Int, _ limits: FrameLimits) -> Bool {
    if !isOver(limits), espalier_clock_nanoseconds() < limits.deadline { return true }
    let call = UInt32(truncatingIfNeeded: call)
    // Calls behind the noted one need no word that all threads write.
    if call < signals.unfinished.pointee.load(ordering: .relaxed) {
      signals.unfinished.pointee.min(call, ordering: .relaxed)
    }
    return false
  }

  /// Whether some thread has left work because the deadline had passed.
  @inline(__always)
  private func isOver(_ limits: FrameLimits) -> Bool {
    limits.hasDeadline && signals.unfinished.pointee.load(ordering: .relaxed) != Signals.allFinished
  }

  private func note(piece nanoseconds: UInt64) {
    let longest = signals.longestPiece(ofThread: Int(thread))
    if nanoseconds > longest.pointee.load(ordering: .relaxed) {
      longest.pointee.store(nanoseconds, ordering: .relaxed)
    }
  }

  @inline(__always)
  private func note(call: Int, of level: LevelSchedule, _ clock: inout UInt64) {
    guard thread == 0, let timings = state.pointee.timings else { return }
    let now = espalier_clock_nanoseconds()
    timings[call - level.calls.lowerBound] = now &- clock
    clock = now
  }

  /// Lets the others know what this thread has completed, and when where that is measured.
  @inline(__always)
  private func report(_ walk: inout Walk) {
    guard walk.unreported != 0 else { return }
    if walk.limits.measuresArrivals { noteArrival() }
    signals.completed.pointee.wrappingAdd(walk.unreported, ordering: .acquiringAndReleasing)
    walk.unreported = 0
  }

  private func noteArrival() {
    signals.arrivalTime(ofThread: Int(thread)).pointee.store(espalier_clock_nanoseconds(), ordering: .relaxed)
  }

  /// Waits until so many items of the frame are completed, and helps with those of some calls; the calling thread notes
  /// how long, where that is measured.
  ///
  /// - Parameter calls: Those that are not known to be completed.
  /// - Returns: False where the frame is over and another has begun.
  @inline(__always)
  private func meet(_ items: UInt32, _ calls: Range<Int>, _ walk: inout Walk) -> Bool {
    report(&walk)
    let target = walk.before &+ items
    let begin = walk.limits.measuresArrivals ? espalier_clock_nanoseconds() : 0
    var rounds = 0
    while Int32(bitPattern: signals.completed.pointee.load(ordering: .acquiring) &- target) < 0 {
      rounds += 1
      if rounds == FrameLoop.looksBeforeHelping || rounds == 1 && isOver(walk.limits) { help(calls, &walk) }
      if rounds & 31 == 0, signals.frame.pointee.load(ordering: .relaxed) != walk.frame { return false }
      FrameLoop.pause(round: rounds, spins: state.pointee.spinsPerBarrier)
    }
    if thread == 0, let waiting = state.pointee.waiting { note(waiting, since: begin) }
    return true
  }

  /// Divides what the calling thread waited between the work of others and the rest.
  private func note(_ waiting: UnsafeMutablePointer<UInt64>, since begin: UInt64) {
    let now = espalier_clock_nanoseconds()
    var last = begin
    for other in 1..<Int(state.pointee.threads) {
      last = max(last, signals.arrivalTime(ofThread: other).pointee.load(ordering: .relaxed))
    }
    // Another thread may already have done some of what follows.
    last = min(last, now)
    waiting[0] &+= last &- begin
    waiting[1] &+= now &- last
  }

  /// Spins, then yields, then sleeps in short steps, so that a thread that shares this core gets to run whatever its
  /// priority is.
  @inline(__always)
  static func pause(round: Int, spins: Int) {
    if round < spins {
      espalier_pause()
    } else if round < spins + 1000 {
      espalier_thread_yield()
    } else {
      espalier_thread_sleep(50)
    }
  }
}
