internal import CMeasure
internal import EspalierRuntime
internal import Foundation

/// A camera: a thread that puts frames into a mailbox when they are due.
///
/// Frames are numbered from 0 and stamped with the time at which they were due, whenever the thread came to it. They go
/// round: after the last frame comes the first again. The thread may use every core that the process may.
final class CameraFeed: @unchecked Sendable {
  let mode: CameraMode
  /// The most frames that wait in a queue.
  let capacity: Int
  private let pacing: CameraPacing
  private let mailbox: FrameMailbox
  private let frames: [InputFrames]
  private let layout: InputLayout
  private let cores: [Int32]
  private let isOver = DispatchSemaphore(value: 0)
  /// Read after `end` alone.
  private var givenCount = 0

  /// Begins at once to wait for the first frame.
  ///
  /// - Parameters:
  ///   - capacity: How many frames may wait in a queue.
  ///   - cores: Where the thread may run; the caller's own, where there are none.
  /// - Throws: `MailboxError`.
  init(
    _ frames: [InputFrames], layout: InputLayout, pacing: CameraPacing, mode: CameraMode, capacity: Int,
    cores: [Int]
  ) throws {
    mailbox = try FrameMailbox(
      byteCount: layout.byteCount, mode: mode == .drop ? .latest : .queue(capacity: capacity))
    (self.frames, self.layout, self.pacing, self.mode) = (frames, layout, pacing, mode)
    (self.capacity, self.cores) = (capacity, cores.map { Int32(clamping: $0) })
    let thread = Thread { [self] in
      give()
      isOver.signal()
    }
    thread.name = "camera"
    thread.start()
  }

  /// The next frame, as soon as there is one; valid until the next call or the end.
  func take() -> FrameMailbox.Frame? { mailbox.take() }

  /// Ends the camera. Once, and behind the last `take`.
  ///
  /// - Returns: How many frames came due, and what became of those that reached the mailbox.
  func end() -> (given: Int, MailboxCounters) {
    mailbox.close()
    isOver.wait()
    return (givenCount, mailbox.counters)
  }

  private func give() {
    measure_wake_on_time()
    if !cores.isEmpty { _ = measure_use_cores(cores, Int32(cores.count)) }
    let count = frames.first?.frameCount ?? 1
    while isDue(pacing.due(givenCount)) {
      if let room = mailbox.reserve() {
        layout.write(frames, frame: givenCount % count, to: room)
        let due = MonotonicInstant(nanoseconds: pacing.due(givenCount))
        guard mailbox.publish(FrameStamp(sequence: UInt64(givenCount), captured: due)) else { return }
      } else if mailbox.isClosed {
        return
      }
      givenCount += 1
    }
  }

  /// Sleeps until then.
  ///
  /// - Returns: False where the camera was ended; that is looked at twenty times a second.
  private func isDue(_ due: UInt64) -> Bool {
    while !mailbox.isClosed {
      let now = measure_clock()
      if now >= due { return true }
      measure_sleep_until(min(due, now + 50_000_000))
    }
    return false
  }
}
