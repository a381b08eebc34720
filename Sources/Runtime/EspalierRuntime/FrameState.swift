/// What all threads of a session share. Lives at a fixed address; the calling thread changes what workers look at only
/// while none is inside (`Signals.inside`).
struct FrameState {
  /// No deadline is set.
  static let noDeadline = UInt64.max

  /// What frames go through.
  var work: FrameWork
  let threads: UInt32
  /// One block for each thread.
  let scratch: UnsafeMutableRawPointer
  let scratchStride: Int
  let spinsPerBarrier: Int
  /// Where the nanoseconds of each call go, if anybody asked; the calling thread's alone.
  var timings: UnsafeMutablePointer<UInt64>?
  /// Where the nanoseconds go that the calling thread waited at barriers, if anybody asked: first until the last thread
  /// had completed its work, then from there on.
  var waiting: UnsafeMutablePointer<UInt64>?
}

/// Where the calls of a table lie, for every thread.
struct FrameWork {
  let calls: UnsafeMutableBufferPointer<ScheduledCall>
  /// For each call where each thread's items begin, then their number.
  let bounds: UnsafePointer<UInt32>
  /// For each call and thread a `ClaimWord`.
  let claims: UnsafeMutableRawPointer
  let levels: UnsafeMutableBufferPointer<LevelSchedule>

  init(_ table: CallTable) {
    (calls, bounds) = (table.calls, UnsafePointer(table.bounds.baseAddress.unsafelyUnwrapped))
    (claims, levels) = (table.claims, table.levels)
  }
}

/// When a frame ends, and what is measured of it.
struct FrameLimits {
  private static let piecesBit: UInt32 = 1
  private static let arrivalsBit: UInt32 = 2

  /// Monotonic nanoseconds.
  let deadline: UInt64
  /// What is measured, in bits.
  let measures: UInt32

  init(deadline: UInt64, measures: UInt32) { (self.deadline, self.measures) = (deadline, measures) }

  init(deadline: UInt64, measuresPieces: Bool = false, measuresArrivals: Bool = false) {
    self.deadline = deadline
    measures =
      (measuresPieces ? FrameLimits.piecesBit : 0) | (measuresArrivals ? FrameLimits.arrivalsBit : 0)
  }

  var hasDeadline: Bool { deadline != FrameState.noDeadline }
  /// Whether the longest time between two looks at the deadline is measured.
  var measuresPieces: Bool { measures & FrameLimits.piecesBit != 0 }
  /// Whether it is noted when each thread has completed its work.
  var measuresArrivals: Bool { measures & FrameLimits.arrivalsBit != 0 }
}
