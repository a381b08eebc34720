internal import CEspalierKernels

/// Why a session could not be made or a frame could not be run.
public enum SessionError: Error, Equatable, Sendable {
  case threadCount(Int, limit: Int)
  case outOfMemory(byteCount: Int)
  /// The system refused a worker thread, its core or its priority; `code` is its `errno`.
  case threadRefused(index: Int, code: Int32)
  /// The number of buffers differs from the model's.
  case portCount(Direction, expected: Int, found: Int)
  case missingBuffer(Direction, index: Int)
  /// A buffer has another number of elements than the model's input or output.
  case elementCount(Direction, index: Int, expected: Int, found: Int)
  /// Room for fewer call timings than the model has calls.
  case timingCount(expected: Int, found: Int)
  /// The model has no input or output of the index.
  case portIndex(Direction, count: Int, found: Int)
  /// The picture of an input, or what is said of pictures for it, cannot be used.
  case picture(index: Int, PictureFault)
  /// The pack names no tensors to watch.
  case nothingToWatch
  /// The interval is negative, or a threshold has no meaning.
  case watchRules

  /// Into the model or out of it.
  public enum Direction: Sendable, Equatable {
    case input
    case output
  }
}

extension SessionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .threadCount(let found, let limit):
      "a session runs on 1 to \(limit) threads, not on \(found)"
    case .outOfMemory(let byteCount):
      "no memory for \(byteCount) bytes"
    case .threadRefused(let index, let code):
      """
      cannot start worker thread \(index): \(unsafe String(cString: espalier_error_reason(code))); \
      check the thread policy's cores and priority
      """
    case .portCount(let direction, let expected, let found):
      "the model has \(expected) \(direction.name)s, the call gives \(found)"
    case .missingBuffer(let direction, let index):
      "\(direction.name) \(index) has no buffer"
    case .elementCount(let direction, let index, let expected, let found):
      "\(direction.name) \(index) has \(expected) elements, the buffer \(found)"
    case .portIndex(let direction, let count, let found):
      "the model has \(count) \(direction.name)s, there is no \(direction.name) \(found)"
    case .picture(let index, let fault):
      "input \(index): \(fault.description)"
    case .nothingToWatch:
      "the pack names no tensors to watch; compile it with --watch"
    case .watchRules:
      """
      frames are watched every 1, 2, … frames; alarms need 1 … window of at most 64 frames, thresholds of at least \
      0 and a spread factor of at least 1
      """
    case .timingCount(let expected, let found):
      "the model has \(expected) calls, the timings have room for \(found)"
    }
  }
}

extension SessionError.Direction {
  var name: String { self == .input ? "input" : "output" }
}
