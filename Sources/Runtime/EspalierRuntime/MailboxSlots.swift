internal import CEspalierKernels
internal import Synchronization

/// The buffers of a mailbox and who has which of them, without any waiting.
///
/// Where the latest frame wins there are three buffers: the producer's, the consumer's and the one that waits;
/// publishing and taking exchange one's own for the waiting one. A queue of n frames has n + 1 buffers, used in
/// turn: the producer stops when n wait, so that the one that was taken last stays untouched.
final class MailboxSlots: @unchecked Sendable {
  /// What only the producer looks at.
  struct Producer: BitwiseCopyable {
    var isReserved = false
    var slot: UInt32 = 0
  }

  /// In `waiting`: the buffer holds a frame that nobody has taken.
  private static let fresh: UInt32 = 1 << 16

  let arrival: MailboxEvent
  let room: MailboxEvent
  let producer: UnsafeMutablePointer<Producer>
  private let memory: SystemMemory
  private let capacity: Int?
  private let slotCount: Int
  private let stride: Int
  private let stamps: UnsafeMutableBufferPointer<FrameStamp>
  private let buffers: UnsafeMutableRawPointer
  /// Which buffer waits; used where the latest frame wins.
  private let waiting: UnsafeMutablePointer<Atomic<UInt32>>
  /// The consumer's buffer; used where the latest frame wins, by the consumer alone.
  private let consumerSlot: UnsafeMutablePointer<UInt32>
  private let published: UnsafeMutablePointer<Atomic<UInt64>>
  private let dropped: UnsafeMutablePointer<Atomic<UInt64>>
  private let taken: UnsafeMutablePointer<Atomic<UInt64>>
  private let closed: UnsafeMutablePointer<Atomic<UInt32>>

  /// Nil when there is no memory.
  convenience init?(byteCount: Int, mode: FrameMailbox.Mode) {
    var capacity: Int?
    if case .queue(let frames) = mode { capacity = frames }
    let slotCount = capacity.map { $0 + 1 } ?? 3
    guard byteCount <= Int.max / 2 / slotCount - 64 else { return nil }
    let stride = (byteCount + 63) / 64 * 64
    let bufferOffset = Self.bufferOffset(slotCount: slotCount)
    guard let memory = SystemMemory(byteCount: bufferOffset + slotCount * stride) else { return nil }
    self.init(memory, capacity: capacity, slotCount: slotCount, stride: stride)
  }

  private static let wordStride = 128
  /// Behind ten words.
  private static let stampOffset = 10 * wordStride

  private static func bufferOffset(slotCount: Int) -> Int {
    (stampOffset + slotCount * MemoryLayout<FrameStamp>.stride + 63) / 64 * 64
  }

  private init(_ memory: SystemMemory, capacity: Int?, slotCount: Int, stride: Int) {
    self.memory = memory
    self.capacity = capacity
    self.slotCount = slotCount
    self.stride = stride
    func word<Value: ~Copyable>(_ index: Int, _: Value.Type) -> UnsafeMutablePointer<Value> {
      (memory.base + index * Self.wordStride).bindMemory(to: Value.self, capacity: 1)
    }
    arrival = MailboxEvent(count: word(0, Atomic<UInt32>.self), sleepers: word(1, Atomic<UInt32>.self))
    room = MailboxEvent(count: word(2, Atomic<UInt32>.self), sleepers: word(3, Atomic<UInt32>.self))
    waiting = word(4, Atomic<UInt32>.self)
    published = word(5, Atomic<UInt64>.self)
    dropped = published + 1
    taken = word(6, Atomic<UInt64>.self)
    closed = word(7, Atomic<UInt32>.self)
    producer = word(8, Producer.self)
    consumerSlot = word(9, UInt32.self)
    stamps = UnsafeMutableBufferPointer(
      start: (memory.base + Self.stampOffset).bindMemory(to: FrameStamp.self, capacity: slotCount),
      count: slotCount)
    buffers = memory.base + Self.bufferOffset(slotCount: slotCount)
    stamps.initialize(repeating: FrameStamp())
    producer.initialize(to: Producer())
    waiting.pointee.store(1, ordering: .relaxed)
    consumerSlot.initialize(to: 2)
  }

  func address(_ slot: Int) -> UnsafeMutableRawPointer { buffers + slot * stride }

  func stamp(_ slot: Int) -> FrameStamp { stamps[slot] }

  var isClosed: Bool { closed.pointee.load(ordering: .acquiring) != 0 }

  func close() {
    closed.pointee.store(1, ordering: .releasing)
    arrival.signal()
    room.signal()
  }

  // MARK: The producer

  /// Whether there is a buffer for another frame.
  var hasRoom: Bool {
    guard let capacity else { return true }
    let count = published.pointee.load(ordering: .relaxed) &- taken.pointee.load(ordering: .acquiring)
    return count < UInt64(capacity)
  }

  var writeSlot: Int {
    capacity == nil
      ? Int(producer.pointee.slot)
      : Int(published.pointee.load(ordering: .relaxed) % UInt64(slotCount))
  }

  /// Counts a frame that found no room.
  func noteRefusal() { add(1, to: dropped) }

  /// Hands the producer's buffer over.
  func publish(_ stamp: FrameStamp) {
    let count = published.pointee.load(ordering: .relaxed)
    let slot = writeSlot
    stamps[slot] = FrameStamp(
      sequence: stamp.sequence ?? count &+ (capacity == nil ? 0 : dropped.pointee.load(ordering: .relaxed)),
      captured: stamp.captured ?? .now)
    producer.pointee.isReserved = false
    if capacity == nil {
      let old = waiting.pointee.exchange(UInt32(slot) | Self.fresh, ordering: .acquiringAndReleasing)
      producer.pointee.slot = old & ~Self.fresh
      if old & Self.fresh != 0 { add(1, to: dropped) }
    }
    published.pointee.store(count &+ 1, ordering: .releasing)
  }

  // MARK: The consumer

  /// Whether a frame waits.
  var hasFrame: Bool {
    capacity == nil
      ? waiting.pointee.load(ordering: .relaxed) & Self.fresh != 0
      : published.pointee.load(ordering: .acquiring) != taken.pointee.load(ordering: .relaxed)
  }

  /// The buffer of the frame that waits, nil where none does; gives the buffer before it back.
  func take() -> Int? {
    guard hasFrame else { return nil }
    let count = taken.pointee.load(ordering: .relaxed)
    var slot = Int(count % UInt64(slotCount))
    if capacity == nil {
      let old = waiting.pointee.exchange(consumerSlot.pointee, ordering: .acquiringAndReleasing)
      consumerSlot.pointee = old & ~Self.fresh
      slot = Int(old & ~Self.fresh)
    }
    taken.pointee.store(count &+ 1, ordering: .releasing)
    return slot
  }

  var counters: MailboxCounters {
    MailboxCounters(
      published: published.pointee.load(ordering: .relaxed),
      dropped: dropped.pointee.load(ordering: .relaxed), taken: taken.pointee.load(ordering: .relaxed))
  }

  /// Only one thread adds to a counter.
  private func add(_ amount: UInt64, to counter: UnsafeMutablePointer<Atomic<UInt64>>) {
    counter.pointee.store(counter.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
  }
}

/// Something that one side waits for and the other brings about.
struct MailboxEvent {
  /// How often it happened; the side that waits sleeps on it.
  let count: UnsafeMutablePointer<Atomic<UInt32>>
  let sleepers: UnsafeMutablePointer<Atomic<UInt32>>

  /// Wakes whoever sleeps. Either this thread sees the sleeper, or the sleeper's futex sees the new count: both
  /// are sequentially consistent.
  func signal() {
    count.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if sleepers.pointee.load(ordering: .sequentiallyConsistent) > 0 { espalier_futex_wake_all(count) }
  }

  /// Waits until `condition` holds, which every change of it must signal.
  ///
  /// - Returns: Whether it holds.
  @inline(__always)
  func wait(nanoseconds: UInt64, until condition: () -> Bool) -> Bool {
    if condition() { return true }
    guard nanoseconds > 0 else { return false }
    let end = MonotonicInstant.now.advanced(byNanoseconds: nanoseconds).nanoseconds
    while true {
      let seen = count.pointee.load(ordering: .sequentiallyConsistent)
      if condition() { return true }
      guard espalier_clock_nanoseconds() < end else { return false }
      sleepers.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
      espalier_futex_wait_until(count, seen, end)
      sleepers.pointee.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }
  }
}
