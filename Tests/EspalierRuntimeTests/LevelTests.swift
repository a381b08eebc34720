import EspalierPlan
@testable import EspalierRuntime
import PlanFixtures
import Testing

/// Two networks of the same inputs and outputs that differ in their weights.
@Suite("A session of a pack with several levels") struct LevelSessionTests {
  private let large = ResidualNetwork(rows: 400, channels: 64, seed: 1)
  private let small: ResidualNetwork
  private let model: Model

  init() throws {
    small = ResidualNetwork(rows: 400, channels: 64, seed: 2)
    var half = small.plan
    half.multiplyAdds /= 2
    model = try Model(bytes: PlanWriter.bytes(of: Plan(levels: [large.plan, half])))
  }

  @Test(arguments: 1...4) func `runs each of them to its own bits`(threads: Int) throws {
    let input = large.input(seed: 3)
    var session = try Session(model, threads: threads)
    for _ in 0..<3 {
      for (level, network) in [large, small].enumerated() {
        session.allowedLevels = level...level
        #expect(try session.run([input]) == [network.output(for: input)])
      }
    }
  }

  /// The small network's only frame before claimed all of its work under the word that its next frame gets.
  @Test(.timeLimit(.minutes(1))) func `computes frames whose words were used before`() throws {
    let input = large.input(seed: 3)
    var session = try Session(model, threads: 2)
    let expected = [large.output(for: input), small.output(for: input)]
    var used: [UInt32] = []
    func frame(_ level: Int) throws {
      session.allowedLevels = level...level
      let output = try session.run([input])
      #expect(output == [expected[level]])
      used.append(session.pool.signals.frame.pointee.load(ordering: .relaxed))
    }
    for level in [0, 0, 0, 0, 1] { try frame(level) }
    let last = try #require(used.last)
    // Another 2^28 frames later, but for three.
    session.pool.signals.frame.pointee.store(0 &- 3 << 4, ordering: .relaxed)
    while used.last != last - 1 - 16 { try frame(0) }
    try frame(1)
    #expect(used.last == last)
    #expect(used.dropFirst(5).contains { $0 > last })
  }

  @Test func `takes the largest without a deadline, and within a long one`() throws {
    var session = try Session(model)
    try session.prepare()
    let input = large.input(seed: 4)
    for deadline in [Deadline.none, .after(.seconds(100))] {
      let (verdict, output) = try run(&session, input, deadline)
      #expect(verdict.level == 0)
      #expect(verdict.outcome == .met)
      #expect(output == large.output(for: input))
    }
    #expect(session.counters.degraded == 0)
  }

  /// Whatever comes of so short a deadline, the small network is what is tried.
  @Test func `takes a smaller one where time is short`() throws {
    var session = try Session(model)
    try session.prepare()
    let input = large.input(seed: 5)
    let (verdict, _) = try run(&session, input, .after(nanoseconds: 2_000))
    #expect(verdict.level == 1)
    #expect(verdict.isDegraded)
    #expect(session.counters.degraded == 1)
    let (next, output) = try run(&session, input, .after(.seconds(100)))
    #expect(next.level == 0)
    #expect(output == large.output(for: input))
  }

  @Test func `keeps to the levels that it may take`() throws {
    var session = try Session(model)
    try session.prepare()
    session.allowedLevels = 0...0
    #expect(try run(&session, large.input(seed: 6), .after(nanoseconds: 2_000)).0.level == 0)
    session.allowedLevels = 1...1
    let (verdict, output) = try run(&session, large.input(seed: 6), .none)
    #expect(verdict.level == 1)
    #expect(output == small.output(for: large.input(seed: 6)))
  }

  @Test func `times the calls of the level that it runs`() throws {
    var session = try Session(model)
    session.allowedLevels = 1...1
    let calls = model.levels[1].calls.count
    let buffers = TestBuffers(model, inputs: [large.input(seed: 7)])
    var timings = [UInt64](repeating: .max, count: calls)
    try timings.withUnsafeMutableBufferPointer {
      try session.run(
        inputs: UnsafeBufferPointer(buffers.inputs), outputs: UnsafeBufferPointer(buffers.outputs),
        timings: $0)
    }
    #expect(timings.allSatisfy { $0 < 1_000_000_000 })
  }

  private func run(
    _ session: inout Session, _ input: [Float], _ deadline: Deadline
  ) throws -> (FrameVerdict, [Float]) {
    let buffers = TestBuffers(model, inputs: [input])
    let verdict = try session.run(
      inputs: UnsafeBufferPointer(buffers.inputs), outputs: UnsafeBufferPointer(buffers.outputs),
      deadline: deadline)
    return (verdict, buffers.output(0))
  }
}
