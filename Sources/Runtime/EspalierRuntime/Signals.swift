internal import Synchronization

/// Words that threads exchange, each on cache lines of its own.
struct Signals: @unchecked Sendable {
  static let byteCount = 9 * 128 + Session.threadLimit * 128
  /// No call of the frame was left unfinished. Swift 6.3 takes atomic minima of unsigned numbers as if they had a
  /// sign, so this is the largest number that both ways agree on.
  static let allFinished = UInt32(Int32.max)
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
  /// The first call, in order, that some thread has left unfinished because the deadline had passed; then no
  /// further work is begun. Holds something only in frames with a deadline.
  var unfinished: UnsafeMutablePointer<Atomic<UInt32>> { word(4) }
  /// Workers that wait for frames or compute them.
  var present: UnsafeMutablePointer<Atomic<UInt32>> { word(5) }

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

  /// When a thread last arrived at a barrier, in monotonic nanoseconds, where waiting is measured.
  func arrivalTime(ofThread thread: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 8 * 128 + thread * 128 + 16).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
    (base + index * 128).assumingMemoryBound(to: Atomic<UInt32>.self)
  }
}
