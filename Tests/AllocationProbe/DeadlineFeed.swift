import EspalierRuntime

/// Frames that pass through a mailbox and get deadlines from nothing to plenty.
final class DeadlineFeed {
  private let mailbox: FrameMailbox
  private let queue: FrameMailbox
  private var frame: UInt64 = 0

  init() throws {
    mailbox = try FrameMailbox(byteCount: 4096)
    queue = try FrameMailbox(byteCount: 4096, mode: .queue(capacity: 2))
  }

  private var span: UInt64 {
    switch frame % 5 {
    case 0: 0
    case 1: 1_000
    case 2: 50_000
    case 3: 200_000
    default: 1_000_000_000
    }
  }

  /// Publishes two frames, of which the newer one wins, takes it, and runs the stream against a deadline.
  func runFrame(_ stream: inout Stream) throws {
    for feed in 0..<3 {
      guard let room = (feed < 2 ? mailbox : queue).reserve() else { continue }
      room[0] = 1
      (feed < 2 ? mailbox : queue).publish()
    }
    frame += 1
    guard let taken = mailbox.take(timeoutNanoseconds: 0), queue.take() != nil else { return }
    _ = try stream.run(deadline: .after(nanoseconds: span), stamp: taken.stamp)
  }
}
