internal import ArgumentParser

/// What happens to frames that come while one is being computed.
enum CameraMode: String, ExpressibleByArgument, CaseIterable, Encodable, Sendable {
  /// The newest waits, those before it are dropped: a mailbox of one.
  case drop
  /// All wait, in their order.
  case queue
}

/// Which frame of a camera comes next, and when: arithmetic on a clock that somebody else reads.
///
/// Frame k is due at `start + k / rate` on absolute time, rounded to a nanosecond, so that no error adds up.
struct CameraPacing: Sendable {
  struct Frame: Equatable, Sendable {
    /// Counted from 0, dropped ones too.
    let index: Int
    /// When the camera gives it, on the clock of `start`.
    let due: UInt64
    /// How many before it were never computed, since the last one that was.
    let dropped: Int
  }

  let rate: Double
  let mode: CameraMode
  let start: UInt64
  /// The frame after the last one that was taken.
  private var nextIndex = 0

  /// - Parameters:
  ///   - rate: Frames a second, above 0.
  ///   - start: Nanoseconds at which the first frame is due.
  init(rate: Double, mode: CameraMode, start: UInt64) {
    precondition(rate > 0)
    (self.rate, self.mode, self.start) = (rate, mode, start)
  }

  func due(_ index: Int) -> UInt64 { start + UInt64((Double(index) * 1e9 / rate).rounded()) }

  /// Takes the frame that is computed next.
  ///
  /// - Parameter now: Nanoseconds at which the computer is ready for it; where the frame is due later it waits.
  mutating func next(now: UInt64) -> Frame {
    var index = nextIndex
    if case .drop = mode, now > due(index) {
      index = max(index, Int(Double(now - start) * rate / 1e9))
      // Rounding may be off by one on either side.
      while due(index + 1) <= now { index += 1 }
      while index > nextIndex, due(index) > now { index -= 1 }
    }
    defer { nextIndex = index + 1 }
    return Frame(index: index, due: due(index), dropped: index - nextIndex)
  }
}

/// When the next frame begins.
enum Pace: Equatable, Sendable {
  case backToBack
  /// Nanoseconds between the end of a frame and the beginning of the next.
  case idle(UInt64)
  case camera(rate: Double, CameraMode)
}
