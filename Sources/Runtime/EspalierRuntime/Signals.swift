internal import Synchronization

/// Words that threads exchange, on cache lines of their own where several threads write.
struct Signals: @unchecked Sendable {
  static let byteCount = 9 * 128 + Session.threadLimit * 128
  /// No call of the frame was left unfinished. Swift 6.3 takes atomic minima of unsigned numbers as if they had a
  /// sign, so this is the largest number that both ways agree on.
  static let allFinished = UInt32(Int32.max)
  private let base: UnsafeMutableRawPointer

  /// - Parameter base: `byteCount` zero bytes at a 64-byte boundary, which outlive every thread.
  init(_ base: UnsafeMutableRawPointer) { self.base = base }

  /// The frame that was begun last: its number above the place of its level in the table (`FrameWord`); workers sleep on
  /// it.
  var frame: UnsafeMutablePointer<Atomic<UInt32>> { word(0) }
  /// What `completed` was before the frame.
  var completedBefore: UnsafeMutablePointer<Atomic<UInt32>> { half(0, 4) }
  /// What is measured in the frame (`FrameLimits.measures`).
  var measures: UnsafeMutablePointer<Atomic<UInt32>> { half(0, 8) }
  /// Monotonic nanoseconds after which no further work of the frame is begun.
  var deadline: UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 16).assumingMemoryBound(to: Atomic<UInt64>.self)
  }
  /// Items of calls that are computed, all frames together; never reset, wraps around.
  var completed: UnsafeMutablePointer<Atomic<UInt32>> { word(1) }
  /// Workers that sleep or are about to.
  var sleepers: UnsafeMutablePointer<Atomic<UInt32>> { word(2) }
  /// Not 0: workers end.
  var stop: UnsafeMutablePointer<Atomic<UInt32>> { word(3) }
  /// The first call, in order, that some thread has left unfinished because the deadline had passed; then no
  /// further work is begun. Holds something only in frames with a deadline.
  var unfinished: UnsafeMutablePointer<Atomic<UInt32>> { word(4) }
  /// Workers that wait for frames or compute them.
  var present: UnsafeMutablePointer<Atomic<UInt32>> { word(5) }

  /// Workers that may look at the session's calls.
  var inside: UnsafeMutablePointer<Atomic<UInt32>> { word(7) }

  func counterWord(_ counter: Counter) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 6 * 128 + counter.rawValue * 8).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// The system's number of a thread, and whether it flushes subnormal numbers in bit 32; 0: not there yet.
  func identity(ofThread thread: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 8 * 128 + thread * 128).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// The longest time, in nanoseconds, between two looks at the deadline, where it is measured.
  func longestPiece(ofThread thread: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 8 * 128 + thread * 128 + 8).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// When a thread last had something completed, in monotonic nanoseconds, where waiting is measured.
  func arrivalTime(ofThread thread: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 8 * 128 + thread * 128 + 16).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt32>> { half(index, 0) }

  private func half(_ index: Int, _ offset: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
    (base + index * 128 + offset).assumingMemoryBound(to: Atomic<UInt32>.self)
  }
}

/// What `Signals.frame` holds: which frame is computed, and through which level.
enum FrameWord {
  private static let levelBits: UInt32 = 4
  /// No frame, and none before the next one; a pack has fewer levels.
  private static let closedLevel: UInt32 = 15
  /// A word that no frame has.
  static let neverBegun = closedLevel

  /// A frame after `word`, through a level of the table.
  static func next(after word: UInt32, level: Int) -> UInt32 {
    ((word >> levelBits) &+ 1) << levelBits | UInt32(level)
  }

  /// What stands between two frames where workers must stay away.
  static func closed(after word: UInt32) -> UInt32 { next(after: word, level: Int(closedLevel)) }

  static func isClosed(_ word: UInt32) -> Bool { level(word) == Int(closedLevel) }

  static func level(_ word: UInt32) -> Int { Int(word & (1 << levelBits - 1)) }
}
