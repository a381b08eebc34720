internal import CEspalierKernels
internal import Synchronization

/// Hands frames from the one thread that receives them to the one thread that computes them.
///
/// All memory is there from the beginning. Nobody waits for a lock, and no system call is made but to wake a
/// side that sleeps. The producer reserves a buffer, fills it and publishes it; the consumer takes it and may
/// read it until it takes the next one. Any thread may close the mailbox and read its counters.
public final class FrameMailbox: @unchecked Sendable {
  /// What happens to a frame that comes before the one ahead of it was taken.
  public enum Mode: Sendable, Equatable {
    /// One frame waits: the newest. The one that it replaces is dropped and counted.
    case latest
    /// So many frames wait, in order; while they do, the producer gets no buffer.
    case queue(capacity: Int)
  }

  /// A frame that was taken.
  public struct Frame {
    /// Valid until the next frame is taken or the mailbox ends.
    public let bytes: UnsafeRawBufferPointer
    /// Number and age; the mailbox has filled in what the producer left out.
    public let stamp: FrameStamp

    /// The bytes as float32.
    public var elements: UnsafeBufferPointer<Float> { bytes.assumingMemoryBound(to: Float.self) }
  }

  /// The most frames that may wait.
  public static let capacityLimit = 1024

  public let byteCount: Int
  public let mode: Mode
  private let slots: MailboxSlots

  /// - Parameter byteCount: Of one frame.
  /// - Throws: `capacity` or `outOfMemory`.
  public convenience init(byteCount: Int, mode: Mode = .latest) throws(MailboxError) {
    if case .queue(let capacity) = mode, !(1...FrameMailbox.capacityLimit ~= capacity) {
      throw .capacity(capacity, limit: FrameMailbox.capacityLimit)
    }
    guard byteCount >= 0, let slots = MailboxSlots(byteCount: byteCount, mode: mode) else {
      throw .outOfMemory(byteCount: byteCount)
    }
    self.init(byteCount, mode, slots)
  }

  private init(_ byteCount: Int, _ mode: Mode, _ slots: MailboxSlots) {
    self.byteCount = byteCount
    self.mode = mode
    self.slots = slots
  }

  // MARK: The producer, one thread at a time

  /// A buffer to write the next frame to; the same one again until `publish`. Its old content is undefined.
  ///
  /// - Parameter timeoutNanoseconds: How long to wait while the queue is full.
  /// - Returns: Nil where the mailbox is closed, or the queue is still full; the frame then counts as dropped.
  public func reserve(timeoutNanoseconds: UInt64 = 0) -> UnsafeMutableRawBufferPointer? {
    let isFree = slots.room.wait(nanoseconds: timeoutNanoseconds) { slots.isClosed || slots.hasRoom }
    guard isFree, !slots.isClosed else {
      if !slots.isClosed { slots.noteRefusal() }
      return nil
    }
    slots.producer.pointee.isReserved = true
    return UnsafeMutableRawBufferPointer(start: slots.address(slots.writeSlot), count: byteCount)
  }

  /// Hands the reserved buffer to the consumer.
  ///
  /// - Parameter stamp: What is known of the frame. Without a sequence number it gets the number of frames that
  ///   were published or refused before it; without a time, now.
  /// - Returns: False where no buffer is reserved or the mailbox is closed; nothing happens then.
  @discardableResult
  public func publish(_ stamp: FrameStamp = FrameStamp()) -> Bool {
    guard slots.producer.pointee.isReserved, !slots.isClosed else { return false }
    slots.publish(stamp)
    slots.arrival.signal()
    return true
  }

  /// Copies a frame of `byteCount` bytes and publishes it.
  ///
  /// - Returns: False where the mailbox is closed or the queue is full, or the frame has another size.
  @discardableResult
  public func offer(_ frame: UnsafeRawBufferPointer, stamp: FrameStamp = FrameStamp()) -> Bool {
    guard frame.count == byteCount, let room = reserve() else { return false }
    room.copyMemory(from: frame)
    return publish(stamp)
  }

  // MARK: The consumer, one thread at a time

  /// The next frame; gives the one that was taken before it back.
  ///
  /// - Parameter timeoutNanoseconds: How long to wait for one; 0: not at all.
  /// - Returns: Nil where none came in time, or the mailbox is closed and empty.
  public func take(timeoutNanoseconds: UInt64 = .max) -> Frame? {
    _ = slots.arrival.wait(nanoseconds: timeoutNanoseconds) { slots.hasFrame || slots.isClosed }
    guard let slot = slots.take() else { return nil }
    slots.room.signal()
    return Frame(
      bytes: UnsafeRawBufferPointer(start: slots.address(slot), count: byteCount), stamp: slots.stamp(slot))
  }

  // MARK: Any thread

  /// Ends the waiting of both sides. Frames that wait may still be taken; none is accepted any more.
  public func close() { slots.close() }

  public var isClosed: Bool { slots.isClosed }

  public var counters: MailboxCounters { slots.counters }
}

/// What became of a mailbox's frames so far.
public struct MailboxCounters: Sendable, Equatable, BitwiseCopyable {
  /// Handed over by the producer.
  public var published: UInt64 = 0
  /// Replaced by a newer one before anybody took them, or refused because the queue was full.
  public var dropped: UInt64 = 0
  /// Taken by the consumer.
  public var taken: UInt64 = 0

  public init(published: UInt64 = 0, dropped: UInt64 = 0, taken: UInt64 = 0) {
    self.published = published
    self.dropped = dropped
    self.taken = taken
  }
}

/// Why a mailbox could not be made.
public enum MailboxError: Error, Equatable, Sendable, CustomStringConvertible {
  case capacity(Int, limit: Int)
  case outOfMemory(byteCount: Int)

  public var description: String {
    switch self {
    case .capacity(let found, let limit): "a queue holds 1 to \(limit) frames, not \(found)"
    case .outOfMemory(let byteCount): "no memory for frames of \(byteCount) bytes"
    }
  }
}
