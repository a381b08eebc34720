import EspalierPlan
import EspalierRuntime
import PlanFixtures
import Testing

@Suite("Counters of a session") struct CounterTests {
  private let network = ResidualNetwork(rows: 40)

  @Test func `tell what became of every frame`() throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var session = try Session(model)
    let buffers = TestBuffers(model, inputs: [network.input(seed: 1)])
    try session.prepare()
    #expect(session.counters == SessionCounters(), "warm-up frames do not count")
    _ = try session.run([network.input(seed: 1)])
    for _ in 0..<2 { _ = try session.run(buffers, deadline: .after(.seconds(100))) }
    for _ in 0..<3 { _ = try session.run(buffers, deadline: .after(nanoseconds: 0)) }
    let counters = session.counters
    #expect(counters.frames == 6 && counters.met == 3 && counters.skipped == 3)
    #expect(counters.late == 0 && counters.cancelled == 0 && counters.degraded == 0 && counters.missing == 0)
  }

  @Test func `tell how many frames are missing by their numbers`() throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var session = try Session(model)
    let buffers = TestBuffers(model, inputs: [network.input(seed: 1)])
    // First, next, two missing, the same again, back to the beginning, not numbered, one missing.
    let sequences: [UInt64?] = [7, 8, 11, 11, 0, nil, 2]
    let gaps = try sequences.map { sequence in
      try session.run(buffers, deadline: .none, frame: FrameStamp(sequence: sequence)).sequenceGap
    }
    #expect(gaps == [0, 0, 2, 0, 0, 0, 1])
    #expect(session.counters.missing == 3)
  }

  @Test func `are joined by the age of each picture`() throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var session = try Session(model)
    let buffers = TestBuffers(model, inputs: [network.input(seed: 1)])
    let captured = MonotonicInstant(nanoseconds: MonotonicInstant.now.nanoseconds - 5_000_000)
    let verdict = try session.run(buffers, deadline: .none, frame: FrameStamp(captured: captured))
    let age = try #require(verdict.ageNanoseconds)
    #expect(age >= 5_000_000 && age <= MonotonicInstant.now.nanoseconds - captured.nanoseconds)
    let future = FrameStamp(captured: MonotonicInstant.now.advanced(byNanoseconds: 1 << 40))
    #expect(try session.run(buffers, deadline: .none, frame: future).ageNanoseconds == 0)
  }

  /// Read while frames run: numbers never fall, and at the end all frames are there.
  @Test func `can be read by another thread at any time`() async throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var session = try Session(model, threads: 2)
    let monitor = session.monitor
    let buffers = TestBuffers(model, inputs: [network.input(seed: 1)])
    try await confirmation { confirm in
      let reader = Task.detached {
        var last: UInt64 = 0
        while last < 300 {
          let frames = monitor.counters.frames
          if frames < last { return false }
          last = frames
          await Task.yield()
        }
        return true
      }
      for _ in 0..<300 { _ = try session.run(buffers, deadline: .none) }
      if await reader.value { confirm() }
    }
    #expect(monitor.counters.met == 300)
  }
}
