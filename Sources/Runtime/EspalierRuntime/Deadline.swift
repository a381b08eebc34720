internal import CEspalierKernels

/// A point of the monotonic clock (`CLOCK_MONOTONIC`), which never jumps and is the same for all processes.
public struct MonotonicInstant: Sendable, Equatable, Comparable, BitwiseCopyable {
  /// Nanoseconds since a beginning that nobody states; on Linux that of the system.
  public let nanoseconds: UInt64

  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  public static var now: MonotonicInstant { MonotonicInstant(nanoseconds: espalier_clock_nanoseconds()) }

  public func advanced(byNanoseconds nanoseconds: UInt64) -> MonotonicInstant {
    let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
    return MonotonicInstant(nanoseconds: overflow ? .max : sum)
  }

  public static func < (a: MonotonicInstant, b: MonotonicInstant) -> Bool { a.nanoseconds < b.nanoseconds }
}

/// When a frame's outputs must be there.
public enum Deadline: Sendable, Equatable, BitwiseCopyable {
  /// Whenever they are.
  case none
  case at(MonotonicInstant)
  /// This long after the call that runs the frame began.
  case after(nanoseconds: UInt64)

  /// This long after the call that runs the frame began; a negative duration counts as 0.
  public static func after(_ duration: Duration) -> Deadline {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0, attoseconds >= 0 else { return .after(nanoseconds: 0) }
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
    return .after(nanoseconds: overflow || carry ? .max : sum)
  }

  /// Nanoseconds of the monotonic clock for a call that began at `entry`; `FrameState.noDeadline` for none.
  func resolved(entry: UInt64) -> UInt64 {
    switch self {
    case .none: FrameState.noDeadline
    case .at(let instant): min(instant.nanoseconds, FrameState.noDeadline - 1)
    case .after(let nanoseconds):
      min(
        MonotonicInstant(nanoseconds: entry).advanced(byNanoseconds: nanoseconds).nanoseconds,
        FrameState.noDeadline - 1)
    }
  }
}

/// What the caller knows of a frame; a mailbox fills it in.
public struct FrameStamp: Sendable, Equatable, BitwiseCopyable {
  /// Counts the camera's frames, so that missing ones are noticed; nil: not numbered.
  public var sequence: UInt64?
  /// When the picture was taken; nil: unknown.
  public var captured: MonotonicInstant?

  public init(sequence: UInt64? = nil, captured: MonotonicInstant? = nil) {
    self.sequence = sequence
    self.captured = captured
  }
}
