internal import ArgumentParser

/// What happens to frames that come while one is being computed.
enum CameraMode: String, ExpressibleByArgument, CaseIterable, Encodable, Sendable {
  /// The newest waits, those before it are dropped.
  case drop
  /// They wait in their order, as long as there is room.
  case queue
}

/// When a camera's frames are due.
///
/// Frame k is due at `start + k / rate` on absolute time, rounded to a nanosecond, so that no error adds up.
struct CameraPacing: Equatable, Sendable {
  /// Frames a second, above 0.
  let rate: Double
  /// Nanoseconds at which the first frame is due.
  let start: UInt64

  func due(_ index: Int) -> UInt64 { start + UInt64((Double(index) * 1e9 / rate).rounded()) }
}

/// When the next frame begins.
enum Pace: Equatable, Sendable {
  case backToBack
  /// Nanoseconds between the end of a frame and the beginning of the next.
  case idle(UInt64)
  /// - Parameter waiting: The most frames that wait in a queue.
  case camera(rate: Double, CameraMode, waiting: Int)
}
