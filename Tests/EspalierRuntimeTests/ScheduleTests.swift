import PlanFixtures
import Testing

@testable import EspalierPlan
@testable import EspalierRuntime

@Suite("The schedule of a frame") struct ScheduleTests {
  /// A call with what it needs; `weight` is its cost in units of the cost worth sharing.
  private static func call(
    items: UInt32, weight: Double, needsBarrier: Bool, beginning: Double = 0
  ) -> (Plan.Call, CallResources) {
    let cost = UInt64(weight * Double(Schedule.costWorthSharing))
    return (
      Plan.Call(family: 1, needsBarrier: needsBarrier, operands: [], parameters: [], name: ""),
      CallResources(
        items: items, scratchByteCount: 0, multiplyAdds: cost, touchedByteCount: 0, arenaEnd: 0,
        beginningMultiplyAdds: UInt64(beginning * Double(Schedule.costWorthSharing)))
    )
  }

  private struct Placed {
    let needsBarrier: Bool
    let waits: Bool
    let isClaimed: Bool
    let bounds: [UInt32]
    /// Threads that compute at least one item.
    var workers: [Int] { bounds.indices.dropLast().filter { bounds[$0] < bounds[$0 + 1] } }
  }

  private static func place(_ calls: [(Plan.Call, CallResources)], threads: Int) -> [Placed] {
    var schedule = Schedule(threads: threads)
    return calls.map { call, resources in
      let place = schedule.place(call, resources)
      return Placed(
        needsBarrier: call.needsBarrier, waits: place.waits, isClaimed: place.isClaimed, bounds: place.bounds)
    }
  }

  /// By the definition: where the plan asks for a barrier between two calls, either the first is completed before the
  /// second is begun, or the calling thread alone computes both, in their order.
  @Test(arguments: 0..<40)
  func `keeps every order that the plan asks for, and every item`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let threads = Int.random(in: 1...5, using: &random)
    let calls = (0..<60).map { _ in
      Self.call(
        items: UInt32.random(in: 0...9, using: &random), weight: Double.random(in: 0...2, using: &random),
        needsBarrier: Bool.random(using: &random))
    }
    let placed = Self.place(calls, threads: threads)
    for (index, later) in placed.enumerated() {
      #expect(later.bounds.count == threads + 1 && later.bounds[0] == 0)
      #expect(later.bounds.last == calls[index].1.items && later.bounds == later.bounds.sorted())
      var (isOrdered, isWaitedFor) = (later.needsBarrier, later.waits)
      for earlier in placed[..<index].reversed() {
        let isAlone = !earlier.isClaimed && !later.isClaimed && later.workers.allSatisfy { $0 == 0 }
        #expect(!isOrdered || isWaitedFor || isAlone || earlier.workers.isEmpty)
        isOrdered = isOrdered || earlier.needsBarrier
        isWaitedFor = isWaitedFor || earlier.waits
      }
    }
  }

  /// What a call takes at once: no more than half of a share, than lies between two looks at a deadline, or than the
  /// call has; and no less than is worth it.
  @Test(arguments: 0..<40)
  func `gives out pieces that are worth their taking`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let threads = UInt32.random(in: 2...5, using: &random)
    let (call, resources) = Self.call(
      items: UInt32.random(in: 1...500, using: &random), weight: Double.random(in: 0.1...40, using: &random),
      needsBarrier: false)
    var schedule = Schedule(threads: Int(threads))
    let piece = schedule.place(call, resources).itemsPerClaim
    #expect(piece >= 1 && piece <= min(resources.items, resources.itemsPerCheckpoint))
    let cost = Double(resources.cost) * Double(piece) / Double(resources.items)
    let (isHalf, isWorthIt) = (
      piece * 2 * threads < resources.items + 2 * threads,
      (cost - Double(resources.cost) / Double(resources.items)) < Double(Schedule.costWorthSharing)
    )
    #expect(isHalf || isWorthIt)
  }

  /// 100 items of which each costs 4; a piece's beginning may take a sixteenth of it.
  @Test(arguments: [(0, 2), (1, 4), (5, 20), (1_000, 100)])
  func `begins no more pieces than pay`(beginning: Int, piece: UInt32) {
    let (call, resources) = Self.call(
      items: 100, weight: 400, needsBarrier: false, beginning: Double(beginning))
    var schedule = Schedule(threads: 2)
    #expect(schedule.place(call, resources).itemsPerClaim == piece)
  }

  @Test func `lets small calls run on one thread without waiting`() {
    let calls = (0..<5).map { _ in Self.call(items: 8, weight: 0.5, needsBarrier: true) }
    for placed in Self.place(calls, threads: 4) {
      #expect(placed.workers == [0] && !placed.waits)
    }
  }

  /// Two small calls take what they cost off the shares of the threads that run them.
  @Test func `evens out what threads have to do between two barriers`() {
    let calls = [
      Self.call(items: 100, weight: 10, needsBarrier: true),
      Self.call(items: 1, weight: 0.9, needsBarrier: false),
      Self.call(items: 1, weight: 0.9, needsBarrier: false),
      Self.call(items: 1, weight: 0.5, needsBarrier: false),
      Self.call(items: 100, weight: 10, needsBarrier: false),
    ]
    let placed = Self.place(calls, threads: 2)
    #expect(placed.map(\.workers) == [[0, 1], [0], [1], [0], [0, 1]])
    #expect(placed.allSatisfy { !$0.waits })
    let shared = Double(placed[0].bounds[1] + placed[4].bounds[1]) / 10
    let (caller, worker) = (shared + 0.9 + 0.5, 20 - shared + 0.9)
    #expect(abs(caller - worker) <= 0.2)
  }

  /// A little work in advance must not cost a thread its whole item.
  @Test func `rounds to the nearest item`() {
    let calls = [
      Self.call(items: 1, weight: 0.01, needsBarrier: true),
      Self.call(items: 2, weight: 4, needsBarrier: false),
    ]
    #expect(Self.place(calls, threads: 2)[1].bounds == [0, 1, 2])
  }

  /// A thread that is far ahead gets nothing of the next call.
  @Test func `gives no share to a thread that has too much already`() {
    let calls = [
      Self.call(items: 2, weight: 1.2, needsBarrier: true),
      Self.call(items: 1, weight: 50, needsBarrier: false),
      Self.call(items: 10, weight: 10, needsBarrier: false),
    ]
    let placed = Self.place(calls, threads: 2)
    #expect(placed[1].workers == [0])
    #expect(placed[2].workers == [1])
  }
}
