import CEspalierKernels
import EspalierPlan
import Synchronization
import PlanFixtures
import Testing

@testable import EspalierRuntime

/// Alarms in the order in which they came.
final class AlarmLog: Sendable {
  private let entries = Mutex<[RoadAlarm]>([])
  var alarms: [RoadAlarm] { entries.withLock { $0 } }
  func add(_ alarm: RoadAlarm) { entries.withLock { $0.append(alarm) } }
}

@Suite("Watching tensors") struct WatchTests {
  private let network = ResidualNetwork(rows: 600)

  /// The residual network with its convolution, the sum behind it and the output watched.
  private func model(_ digest: TensorDigest? = nil, arena: Int = 0) throws -> Model {
    var plan = network.plan
    plan.arenaByteCount += arena
    let count = 600 * 64
    plan.watch(plan.calls[1].operands[5], count: count, behind: 1, name: "layer \"1\"\\", digest: digest)
    plan.watch(plan.calls[3].operands[2], count: count, behind: 3, name: "sum")
    plan.watch(plan.calls[4].operands[2], count: count, behind: 4, name: "y")
    return try Model(bytes: PlanWriter.bytes(of: plan))
  }

  @Test(arguments: 1...4)
  func `changes no bit of any output`(threads: Int) throws {
    var session = try Session(model(), threads: threads)
    for interval in [1, 3, 0, 2] {
      try session.watch(every: interval)
      for seed in 1...7 as ClosedRange<UInt64> {
        let input = network.input(seed: seed)
        let output = try session.run([input])
        #expect(output == [network.output(for: input)], "\(interval) \(seed)")
        let buffers = TestBuffers(session.model, inputs: [input])
        let verdict = try session.run(buffers, deadline: .none)
        #expect(verdict.isComplete)
        #expect(buffers.output(0) == network.output(for: input), "\(interval) \(seed)")
      }
    }
  }

  @Test(arguments: [1, 2, 4])
  func `sees what the tensors hold`(threads: Int) throws {
    var session = try Session(model(), threads: threads)
    try session.watch(every: 1)
    let before = session.observation(of: 2)
    #expect(before == nil)
    for seed in 1...5 as ClosedRange<UInt64> {
      let input = network.input(seed: seed)
      let output = try session.run([input])[0]
      let halved = output.map { $0 / 2 }
      for (tensor, elements) in [(1, halved), (2, output)] {
        let observation = session.observation(of: tensor)
        let found = try #require(observation)
        let mean = elements.reduce(0) { $0 + Double($1) } / Double(elements.count)
        let square = elements.reduce(0) { $0 + Double($1) * Double($1) } / Double(elements.count)
        #expect(found.count == UInt64(elements.count))
        #expect(found.mean == Float(mean), "whole numbers add up exactly")
        #expect(abs(Double(found.standardDeviation) - (square - mean * mean).squareRoot()) < 1e-4)
        #expect(found.least == elements.min() && found.largest == elements.max())
        #expect(found.nanCount == 0 && found.infinityCount == 0 && found.drift.isNaN)
      }
    }
    let watched = session.watchedFrameCount
    #expect(watched == 5)
  }

  @Test func `watches one frame in so many`() throws {
    var session = try Session(model())
    try session.watch(every: 3)
    var seen: [UInt64] = []
    for seed in 1...8 as ClosedRange<UInt64> {
      _ = try session.run([network.input(seed: seed)])
      seen.append(session.watchedFrameCount)
    }
    #expect(seen == [1, 1, 1, 2, 2, 2, 3, 3])
    try session.watch(every: 0)
    _ = try session.run([network.input(seed: 1)])
    let watched = session.watchedFrameCount
    #expect(watched == 0)
  }

  @Test func `is refused where there is nothing to watch or rules mean nothing`() throws {
    var plain = try Session(Model(bytes: PlanWriter.bytes(of: network.plan)))
    #expect(throws: SessionError.nothingToWatch) { try plain.watch(every: 1) }
    var session = try Session(model())
    #expect(throws: SessionError.watchRules) { try session.watch(every: -1) }
    for change in [
      { $0.window = 65 }, { $0.confirmations = 6 }, { $0.confirmations = 0 }, { $0.driftLimit = .nan },
      { $0.spreadFactor = 0.5 }, { $0.saturationOffset = -1 },
    ] as [(inout RoadRules) -> Void] {
      var rules = RoadRules()
      change(&rules)
      #expect(throws: SessionError.watchRules) { try session.watch(every: 1, rules: rules) }
    }
  }

  @Test func `says at once that numbers are not finite, and when they are again`() throws {
    let log = AlarmLog()
    var session = try Session(model(), threads: 2)
    try session.watch(every: 1) { log.add($0) }
    var input = network.input(seed: 1)
    _ = try session.run([input])
    #expect(log.alarms.isEmpty)
    input[70] = .nan
    _ = try session.run([input])
    let raised = log.alarms.count
    #expect(Set(log.alarms.map(\.tensor)).isSuperset(of: [1, 2]))
    #expect(log.alarms.allSatisfy { $0.rule == .notFinite && $0.isRaised && $0.watchedFrames == 2 })
    #expect(log.alarms.allSatisfy { $0.observation.nanCount > 0 })
    for seed in 2...7 as ClosedRange<UInt64> { _ = try session.run([network.input(seed: seed)]) }
    #expect(log.alarms.count == 2 * raised)
    #expect(log.alarms.dropFirst(raised).allSatisfy { !$0.isRaised && $0.watchedFrames == 7 })
    let isRaised = session.isRaised(.notFinite, of: 1)
    #expect(!isRaised)
  }

  @Test func `takes several odd frames for a constant output, and for a camera that stands still`() throws {
    let log = AlarmLog()
    var session = try Session(model())
    try session.watch(every: 1) { log.add($0) }
    let input = network.input(seed: 1)
    for _ in 1...3 { _ = try session.run([input]) }
    #expect(log.alarms.isEmpty, "two of three frames were like the one before")
    _ = try session.run([input])
    #expect(log.alarms.map(\.rule) == [.frozen, .frozen, .frozen])
    #expect(log.alarms.allSatisfy { $0.watchedFrames == 4 })
    let (isFrozen, isConstant) = (session.isRaised(.frozen, of: 1), session.isRaised(.constant, of: 1))
    #expect(isFrozen && !isConstant)
  }

  /// A digest as of other frames: mean, spread and range are all off.
  @Test func `holds tensors against their calibration`() throws {
    let log = AlarmLog()
    let digest = TensorDigest.of(mean: -100, deviation: 1, least: -110, largest: -90)
    var session = try Session(model(digest))
    try session.watch(every: 1) { log.add($0) }
    for seed in 1...4 as ClosedRange<UInt64> { _ = try session.run([network.input(seed: seed)]) }
    #expect(Set(log.alarms.map(\.rule)) == [.drifted, .spread])
    #expect(log.alarms.allSatisfy { $0.tensor == 0 && $0.watchedFrames == 3 })
    let observation = session.observation(of: 0)
    let found = try #require(observation)
    #expect(found.drift == found.mean + 100)
  }

  @Test func `keeps a cancelled frame out of it`() throws {
    let slow = try SlowCalls(calls: 4)
    var plan = slow.plan
    plan.watch(plan.calls[3].operands[1], count: SlowCalls.count, behind: 3, name: "y3")
    var session = try Session(Model(bytes: PlanWriter.bytes(of: plan)), limit: .scalar)
    try session.watch(every: 1)
    let buffers = TestBuffers(session.model, inputs: [slow.input])
    let time = try session.shortest(of: 3, buffers)
    let before = session.watchedFrameCount
    let verdict = try session.run(buffers, deadline: .after(nanoseconds: time / 2))
    guard case .cancelled(let call) = verdict.outcome else {
      Issue.record("\(verdict)")
      return
    }
    #expect((0..<4).contains(call))
    let during = session.watchedFrameCount
    #expect(during == before)
    let next = try session.run(buffers, deadline: .none)
    let after = session.watchedFrameCount
    #expect(next.isComplete && after == before + 1)
    #expect(buffers.output(3) == slow.expected)
  }
}

@Suite("Rules of the road") struct RoadRuleTests {
  private let digest = TensorDigest(
    mean: 1, standardDeviation: 2, least: -5, largest: 9, frameMeans: 0.5...1.5, frameDeviations: 1...3,
    saturatedShare: 0.01, frameCount: 100)

  /// A frame like those of the calibration.
  private var usual: TensorObservation {
    var found = TensorObservation()
    (found.count, found.mean, found.standardDeviation) = (1000, 1.2, 2)
    (found.least, found.largest, found.saturatedShare) = (-3, 8, 0.01)
    return found
  }

  private func broken(
    _ digest: TensorDigest?, _ change: (inout TensorObservation) -> Void
  ) -> Set<RoadRule> {
    var found = usual
    change(&found)
    let bits = RoadRules().broken(by: found, digest: digest, isFrozen: false)
    return Set(RoadRule.allCases.filter { bits & $0.bit != 0 })
  }

  @Test func `are kept by what calibration frames showed`() {
    #expect(broken(digest) { _ in }.isEmpty)
    #expect(broken(digest) { $0.mean = 0.5 }.isEmpty && broken(digest) { $0.mean = 1.5 }.isEmpty)
    #expect(broken(digest) { $0.standardDeviation = 1 }.isEmpty)
    #expect(broken(digest) { $0.standardDeviation = 3 }.isEmpty)
    #expect(broken(digest) { $0.saturatedShare = 0.04 }.isEmpty)
  }

  @Test func `are broken one by one`() {
    #expect(broken(digest) { $0.mean = 1.69 }.isEmpty && broken(digest) { $0.mean = 0.31 }.isEmpty)
    #expect(broken(digest) { $0.mean = 1.71 } == [.drifted])
    #expect(broken(digest) { $0.mean = 0.29 } == [.drifted])
    #expect(broken(digest) { $0.standardDeviation = 3.61 } == [.spread])
    #expect(broken(digest) { $0.standardDeviation = 0.83 } == [.spread])
    #expect(broken(digest) { $0.saturatedShare = 0.041 } == [.saturated])
    #expect(broken(digest) { $0.nanCount = 1 } == [.notFinite])
    #expect(broken(digest) { $0.infinityCount = 1 } == [.notFinite])
    #expect(broken(digest) { $0.largest = $0.least } == [.constant])
  }

  @Test func `compare with nothing where there was no calibration`() {
    #expect(broken(nil) { ($0.mean, $0.standardDeviation, $0.saturatedShare) = (1e9, 1e9, 1) }.isEmpty)
    #expect(broken(nil) { $0.largest = $0.least } == [.constant])
    #expect(broken(nil) { ($0.count, $0.largest) = (1, $0.least) }.isEmpty, "one number is no constant")
  }

  @Test func `let a tensor be constant that was so before`() {
    var digest = digest
    digest.frameDeviations = 0...3
    #expect(broken(digest) { ($0.largest, $0.standardDeviation) = ($0.least, 0) }.isEmpty)
  }

  @Test func `need several broken frames to raise an alarm, and as many good ones to withdraw it`() {
    var record = RuleRecord()
    func note(_ pattern: String) -> [Bool] {
      pattern.map { record.note($0 == "x", confirmations: 3, window: 5) }
    }
    #expect(note("x.x...x..x").allSatisfy { !$0 }, "three, but not in five")
    #expect(note(".....").allSatisfy { !$0 })
    #expect(note("xx.x") == [false, false, false, true] && record.isRaised)
    #expect(note("....") == [false, false, false, false] && record.isRaised)
    #expect(note(".") == [true] && !record.isRaised && record.alarms == 1)
  }

  @Test func `look back on 64 frames`() {
    var record = RuleRecord()
    func note(_ isBroken: Bool) -> Bool { record.note(isBroken, confirmations: 64, window: 64) }
    #expect((0..<63).allSatisfy { _ in !note(true) })
    #expect(note(true))
    #expect((0..<63).allSatisfy { _ in !note(false) })
    #expect(note(false) && !record.isRaised)
  }
}
