import EspalierRuntime
import Testing

@Suite("A mailbox of frames") struct MailboxTests {
  /// What a mailbox must do, by the definition, for frames that are known by their numbers.
  private struct Definition {
    let capacity: Int?
    var waiting: [UInt64] = []
    var dropped: UInt64 = 0

    var hasRoom: Bool { capacity.map { waiting.count < $0 } ?? true }

    mutating func publish(_ number: UInt64) {
      if capacity == nil, !waiting.isEmpty {
        waiting.removeAll()
        dropped += 1
      }
      waiting.append(number)
    }
  }

  /// A mailbox beside its definition.
  private final class Pair {
    let mailbox: FrameMailbox
    var definition: Definition
    private var next: UInt64 = 0
    private var room: UnsafeMutableRawBufferPointer?
    private var inFlight: (frame: FrameMailbox.Frame, number: UInt64)?

    init(_ mode: FrameMailbox.Mode) throws {
      mailbox = try FrameMailbox(byteCount: 72, mode: mode)
      if case .queue(let capacity) = mode {
        definition = Definition(capacity: capacity)
      } else {
        definition = Definition(capacity: nil)
      }
    }

    /// The producer's first half: a buffer, filled; where there is none the frame is lost.
    func reserve() {
      room = mailbox.reserve()
      #expect((room != nil) == definition.hasRoom)
      if !definition.hasRoom { definition.dropped += 1 }
      room?.copyBytes(from: [UInt8](repeating: UInt8(next), count: 72))
    }

    /// Its second half.
    func publish() {
      #expect(mailbox.publish() == (room != nil))
      if room != nil { definition.publish(next) }
      room = nil
      next += 1
    }

    func take() {
      let frame = mailbox.take(timeoutNanoseconds: 0)
      let number = definition.waiting.isEmpty ? nil : definition.waiting.removeFirst()
      #expect(frame?.stamp.sequence == number)
      if let frame, let number { inFlight = (frame, number) }
    }

    /// The frame in flight must stay as it is whatever the producer does.
    func check() {
      if let inFlight { #expect(inFlight.frame.bytes.allSatisfy { $0 == UInt8(inFlight.number) }) }
      #expect(mailbox.counters.dropped == definition.dropped)
    }
  }

  /// Every order in which four frames of a producer, in two steps each, and five looks of a consumer can come.
  @Test(arguments: [FrameMailbox.Mode.latest, .queue(capacity: 1), .queue(capacity: 2), .queue(capacity: 3)])
  func `does what the definition says in every order of steps`(mode: FrameMailbox.Mode) throws {
    var orders = 0
    for bits in 0..<(1 << 13) where bits.nonzeroBitCount == 5 {
      let pair = try Pair(mode)
      var isReserved = false
      for step in 0..<13 {
        if bits >> step & 1 == 1 {
          pair.take()
        } else {
          if isReserved { pair.publish() } else { pair.reserve() }
          isReserved.toggle()
        }
        pair.check()
      }
      orders += 1
    }
    #expect(orders == 1287)
  }

  @Test func `keeps numbers and times that the producer gives, and fills in what it leaves out`() throws {
    let mailbox = try FrameMailbox(byteCount: 4, mode: .queue(capacity: 2))
    let given = FrameStamp(sequence: 77, captured: MonotonicInstant(nanoseconds: 5))
    [UInt8](repeating: 1, count: 4).withUnsafeBytes { bytes in
      #expect(mailbox.offer(bytes, stamp: given))
      #expect(mailbox.offer(bytes))
      #expect(!mailbox.offer(bytes), "the queue is full")
    }
    #expect(mailbox.take()?.stamp == given)
    let before = MonotonicInstant.now
    let filled = try #require(mailbox.take()?.stamp)
    let captured = try #require(filled.captured)
    #expect(filled.sequence == 1 && captured <= before)
    #expect(mailbox.reserve() != nil && mailbox.publish())
    #expect(mailbox.take()?.stamp.sequence == 3, "the refused frame has a number, too")
    #expect(mailbox.counters == MailboxCounters(published: 3, dropped: 1, taken: 3))
  }

  @Test func `publishes nothing that was not reserved, or is of another size`() throws {
    let mailbox = try FrameMailbox(byteCount: 4)
    #expect(!mailbox.publish())
    #expect([UInt8](repeating: 1, count: 3).withUnsafeBytes { !mailbox.offer($0) })
    #expect(mailbox.take(timeoutNanoseconds: 0) == nil)
    #expect(mailbox.counters == MailboxCounters())
  }

  @Test func `gives aligned buffers of the size of a frame`() throws {
    let mailbox = try FrameMailbox(byteCount: 100, mode: .queue(capacity: 3))
    for _ in 0..<3 {
      let room = try #require(mailbox.reserve())
      #expect(room.count == 100 && UInt(bitPattern: room.baseAddress) % 64 == 0)
      mailbox.publish()
    }
    let frame = try #require(mailbox.take())
    #expect(frame.bytes.count == 100 && frame.elements.count == 25)
  }

  @Test func `gives up waiting when the time is over, on both sides`() throws {
    let mailbox = try FrameMailbox(byteCount: 4, mode: .queue(capacity: 1))
    let start = MonotonicInstant.now
    #expect(mailbox.take(timeoutNanoseconds: 3_000_000) == nil)
    #expect(MonotonicInstant.now >= start.advanced(byNanoseconds: 3_000_000))
    #expect(mailbox.reserve() != nil && mailbox.publish())
    let full = MonotonicInstant.now
    #expect(mailbox.reserve(timeoutNanoseconds: 3_000_000) == nil)
    #expect(MonotonicInstant.now >= full.advanced(byNanoseconds: 3_000_000))
    #expect(mailbox.counters.dropped == 1)
  }

  @Test func `hands out what waits when it is closed, then nothing`() throws {
    let mailbox = try FrameMailbox(byteCount: 4, mode: .queue(capacity: 3))
    for _ in 0..<2 { #expect(mailbox.reserve() != nil && mailbox.publish()) }
    #expect(mailbox.reserve() != nil)
    mailbox.close()
    #expect(mailbox.isClosed && !mailbox.publish() && mailbox.reserve() == nil)
    #expect(mailbox.take()?.stamp.sequence == 0)
    #expect(mailbox.take()?.stamp.sequence == 1)
    #expect(mailbox.take() == nil)
    #expect(mailbox.counters.dropped == 0)
  }

  @Test(arguments: [0, -1, 1025]) func `refuses impossible capacities`(capacity: Int) {
    #expect(throws: MailboxError.capacity(capacity, limit: 1024)) {
      _ = try FrameMailbox(byteCount: 4, mode: .queue(capacity: capacity))
    }
  }

  @Test func `refuses frames that no memory holds`() {
    #expect(throws: MailboxError.self) { _ = try FrameMailbox(byteCount: Int.max / 4, mode: .latest) }
    #expect(throws: MailboxError.self) { _ = try FrameMailbox(byteCount: -1) }
  }
}
