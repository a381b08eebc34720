internal import CMeasure
internal import CVideo
internal import EspalierRuntime
internal import Foundation

/// Plays another source as a camera gives frames: a thread reads them and puts each into a mailbox when it is due.
/// Whoever takes them gets the newest; those that nobody took in time are missing in the count.
final class PacedSource: FrameSource, @unchecked Sendable {
  let rate: Double
  private let source: any FrameSource
  private let pacing: CameraPacing
  private let isOver = DispatchSemaphore(value: 0)
  /// Made by the feeding thread for the first frame, before `hasBegun` is signaled.
  private var mailbox: FrameMailbox?
  private var shape = espalier_video_frame()
  private let hasBegun = DispatchSemaphore(value: 0)
  private var isBegun = false
  /// Set by the feeding thread before it closes the mailbox.
  private var failure: (any Error)?

  init(_ source: any FrameSource, rate: Double) {
    self.source = source
    self.rate = rate
    pacing = CameraPacing(rate: rate, start: measure_clock() + 50_000_000)
  }

  /// Starts the camera, on the first call.
  private func begin() {
    guard !isBegun else { return }
    isBegun = true
    let thread = Thread { [self] in
      do { try feed() } catch { failure = error }
      mailbox?.close()
      hasBegun.signal()
      isOver.signal()
    }
    thread.name = "camera"
    thread.start()
    hasBegun.wait()
  }

  func next() throws -> SourceFrame? {
    begin()
    guard let mailbox else {
      if let failure { throw failure }
      return nil
    }
    guard espalier_interruption_noted() == 0, let taken = mailbox.take() else {
      mailbox.close()
      isOver.wait()
      isOver.signal()
      if let failure { throw failure }
      return nil
    }
    var frame = shape
    // Nobody writes to a buffer that was taken.
    let bytes = UnsafeMutablePointer(mutating: taken.bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
    guard let bytes else { return nil }
    PackedPlanes(format: frame.format, width: frame.width, height: frame.height).place(&frame, at: bytes)
    frame.sequence = taken.stamp.sequence ?? 0
    frame.time_nanoseconds = pacing.due(Int(frame.sequence)) - pacing.start
    return SourceFrame(pixels: frame, captured: taken.stamp.captured)
  }

  private func feed() throws {
    measure_wake_on_time()
    var index = 0
    while let frame = try source.next() {
      let planes = PackedPlanes(
        format: frame.pixels.format, width: frame.pixels.width, height: frame.pixels.height)
      let mailbox = try self.mailbox ?? start(frame, byteCount: planes.byteCount)
      guard frame.pixels.width == shape.width, frame.pixels.height == shape.height,
        frame.pixels.format == shape.format
      else {
        throw CommandError(
          """
          --camera: frame \(index) is \(frame.pixels.width)x\(frame.pixels.height), those before it \
          \(shape.width)x\(shape.height); a camera does not change
          """)
      }
      guard let room = mailbox.reserve(), let base = room.baseAddress else { return }
      planes.copy(frame.pixels, to: base.assumingMemoryBound(to: UInt8.self))
      guard isDue(pacing.due(index), mailbox) else { return }
      let due = MonotonicInstant(nanoseconds: pacing.due(index))
      guard mailbox.publish(FrameStamp(sequence: UInt64(index), captured: due)) else { return }
      index += 1
    }
  }

  private func start(_ frame: SourceFrame, byteCount: Int) throws -> FrameMailbox {
    let made = try FrameMailbox(byteCount: byteCount + PackedPlanes.padding)
    shape = frame.pixels
    mailbox = made
    hasBegun.signal()
    return made
  }

  /// Sleeps until then.
  ///
  /// - Returns: False where the camera was ended; that is looked at twenty times a second.
  private func isDue(_ due: UInt64, _ mailbox: FrameMailbox) -> Bool {
    while !mailbox.isClosed, espalier_interruption_noted() == 0 {
      let now = measure_clock()
      if now >= due { return true }
      measure_sleep_until(min(due, now + 50_000_000))
    }
    return false
  }
}
