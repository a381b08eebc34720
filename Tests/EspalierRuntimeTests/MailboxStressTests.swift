import EspalierPlan
import EspalierRuntime
import Foundation
import PlanFixtures
import Testing

/// Producers and consumers on threads of their own, on fewer cores than threads.
@Suite("A mailbox between threads", .serialized) struct MailboxStressTests {
  /// What a consumer has seen.
  private struct Seen {
    var count = 0
    var isTorn = false
    var isInOrder = true
    var missing: UInt64 = 0
    private var last: UInt64?

    mutating func note(_ frame: FrameMailbox.Frame) {
      let words = frame.bytes.assumingMemoryBound(to: UInt64.self)
      let number = frame.stamp.sequence ?? 0
      if words.contains(where: { $0 != number }) { isTorn = true }
      if let last {
        isInOrder = isInOrder && number > last
        missing += number - last - 1
      } else {
        missing = number
      }
      last = number
      count += 1
    }
  }

  @Test(arguments: [1, 2, 4, 8], [FrameMailbox.Mode.latest, .queue(capacity: 3)])
  func `loses no frame without counting it, and tears none`(pairs: Int, mode: FrameMailbox.Mode) throws {
    let frames = 4000
    let group = DispatchGroup()
    for index in 0..<pairs {
      let mailbox = try FrameMailbox(byteCount: 256, mode: mode)
      start(group) { Self.produce(frames, into: mailbox, pausing: index % 2 == 0) }
      start(group) {
        var seen = Seen()
        while let frame = mailbox.take() { seen.note(frame) }
        let counters = mailbox.counters
        #expect(!seen.isTorn && seen.isInOrder)
        #expect(counters.published == UInt64(frames) && counters.taken == UInt64(seen.count))
        #expect(counters.taken + counters.dropped == counters.published)
        #expect(seen.missing == counters.dropped)
        #expect(mode == .latest || counters.dropped == 0)
      }
    }
    #expect(group.wait(timeout: .now() + 120) == .success)
  }

  /// Numbers every frame and fills it with its number; waits for room where the mode is a queue.
  private static func produce(_ frames: Int, into mailbox: FrameMailbox, pausing: Bool) {
    for number in 0..<UInt64(frames) {
      guard let room = mailbox.reserve(timeoutNanoseconds: 60_000_000_000) else {
        Issue.record("no room for a minute")
        break
      }
      room.bindMemory(to: UInt64.self).update(repeating: number)
      mailbox.publish(FrameStamp(sequence: number))
      if pausing, number % 64 == 0 { usleep(50) }
    }
    mailbox.close()
  }

  /// A camera, a mailbox and a session: the verdicts' gaps are the mailbox's drops, and every output is of the frame
  /// that was taken.
  @Test(arguments: 1...3)
  func `feeds a session`(threads: Int) throws {
    let network = ResidualNetwork(rows: 60)
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    let inputs = (0..<4).map { network.input(seed: $0) }
    let expected = inputs.map { network.output(for: $0) }
    let mailbox = try FrameMailbox(byteCount: inputs[0].count * 4)
    let group = DispatchGroup()
    start(group) {
      for number in 0..<2000 { _ = inputs[number % 4].withUnsafeBytes { mailbox.offer($0) } }
      mailbox.close()
    }
    var session = try Session(model, threads: threads)
    var output = [Float](repeating: 0, count: inputs[0].count)
    var missing: UInt64 = 0
    while let frame = mailbox.take() {
      var room = output.mutableSpan
      let number = try #require(frame.stamp.sequence)
      let verdict = try session.run(frame.elements.span, into: &room, deadline: .none, frame: frame.stamp)
      #expect(verdict.ageNanoseconds != nil)
      #expect(output == expected[Int(number) % 4])
      missing += session.counters.frames == 1 ? number : verdict.sequenceGap
    }
    #expect(group.wait(timeout: .now() + 60) == .success)
    #expect(missing == mailbox.counters.dropped)
    #expect(session.counters.met == mailbox.counters.taken)
  }

  /// Many times: the other side has just gone to sleep, is about to, or does not.
  @Test func `wakes whoever sleeps when it is closed`() throws {
    for round in 0..<200 {
      let mailbox = try FrameMailbox(byteCount: 8, mode: .queue(capacity: 1))
      let group = DispatchGroup()
      start(group) { while mailbox.take() != nil {} }
      if round % 2 == 0 { usleep(UInt32(round)) }
      mailbox.close()
      #expect(group.wait(timeout: .now() + 20) == .success)
    }
  }

  private func start(_ group: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
    group.enter()
    Thread {
      body()
      group.leave()
    }.start()
  }
}
