import CEspalierKernels
import EspalierPlan
import EspalierRuntime
import PlanFixtures
import Testing

@Suite("A frame with a deadline", .serialized) struct DeadlineTests {
  private static let network = ResidualNetwork(rows: 500)
  private static let inputs = [network.input(seed: 1), network.input(seed: 2)]
  private static let expected = inputs.map { network.output(for: $0) }
  private static let model = Result { try Model(bytes: PlanWriter.bytes(of: network.plan)) }

  @Test(arguments: [
    Deadline.none, .after(.seconds(100)), .at(.init(nanoseconds: .max)), .after(nanoseconds: .max),
  ])
  func `is met when there is time, or no deadline`(deadline: Deadline) throws {
    let model = try Self.model.get()
    var session = try Session(model, threads: 2)
    let buffers = TestBuffers(model, inputs: [Self.inputs[0]])
    let start = MonotonicInstant.now
    let verdict = try session.run(buffers, deadline: deadline)
    let elapsed = MonotonicInstant.now.nanoseconds - start.nanoseconds
    #expect(verdict.outcome == .met && verdict.level == 0 && !verdict.isDegraded)
    #expect(verdict.ageNanoseconds == nil && verdict.sequenceGap == 0)
    #expect(verdict.modelNanoseconds > 0 && verdict.overheadNanoseconds > 0)
    #expect(verdict.modelNanoseconds + verdict.overheadNanoseconds <= elapsed)
    #expect(buffers.output(0) == Self.expected[0])
  }

  @Test(arguments: [
    Deadline.after(nanoseconds: 0), .after(.seconds(-3)), .at(.init(nanoseconds: 1)), .at(.now),
  ])
  func `is skipped where it has passed already, and touches nothing`(deadline: Deadline) throws {
    let model = try Self.model.get()
    var session = try Session(model, threads: 2)
    let buffers = TestBuffers(model, inputs: [Self.network.input(seed: 1)])
    let verdict = try session.run(buffers, deadline: deadline)
    #expect(verdict.outcome == .skipped(.deadlinePassed) && verdict.modelNanoseconds == 0)
    #expect(buffers.isUntouched(0))
  }

  /// One call of one piece: once begun it ends, and then the deadline has passed.
  @Test func `is late, never met, where the last piece ends after it`() throws {
    let slow = try SlowCalls(calls: 1)
    var session = try Session(slow.model, limit: .scalar)
    let buffers = TestBuffers(slow.model, inputs: [slow.input])
    var lateness: UInt64?
    for _ in 0..<50 where lateness == nil {
      buffers.clear()
      let deadline = MonotonicInstant.now.advanced(byNanoseconds: 60_000)
      let verdict = try session.run(buffers, deadline: .at(deadline))
      let end = MonotonicInstant.now
      switch verdict.outcome {
      case .late(let nanoseconds):
        lateness = nanoseconds
        #expect(nanoseconds > 0 && deadline.advanced(byNanoseconds: nanoseconds) <= end)
        #expect(buffers.output(0) == slow.expected)
      case .met: Issue.record("half a millisecond of work cannot end within 60 microseconds")
      case .cancelled, .skipped: #expect(buffers.isUntouched(0))
      }
    }
    #expect(lateness != nil)
  }

  /// Every call is one piece with an output of its own: calls before the one named are complete, it and all behind
  /// it untouched.
  @Test func `is cancelled at exactly the call that the verdict names`() throws {
    let slow = try SlowCalls(calls: 12)
    var session = try Session(slow.model, limit: .scalar)
    let buffers = TestBuffers(slow.model, inputs: [slow.input])
    let whole = try session.shortest(of: 9, buffers)
    var calls: Set<Int> = []
    for step in 1...40 {
      buffers.clear()
      let verdict = try session.run(buffers, deadline: .after(nanoseconds: whole * UInt64(step) / 40))
      guard case .cancelled(let call) = verdict.outcome else { continue }
      calls.insert(call)
      for index in 0..<12 {
        if index < call {
          #expect(buffers.output(index) == slow.expected)
        } else {
          #expect(buffers.isUntouched(index))
        }
      }
    }
    #expect(calls.count >= 5, "deadlines all over the frame must end in different calls")
  }

  /// The first call that lacks an item, whatever thread left it out.
  @Test(arguments: 2...4)
  func `is cancelled at exactly the call that the verdict names, on several threads`(threads: Int) throws {
    let rounds = 10
    let plan = PooledCalls.plan(calls: rounds)
    let model = try Model(bytes: PlanWriter.bytes(of: plan))
    var session = try Session(model, threads: threads, limit: .scalar)
    let buffers = TestBuffers(model, inputs: [PooledCalls.input])
    let whole = try session.shortest(of: 9, buffers)
    let expected = (0..<rounds).map { buffers.output($0) }
    var cancelled = 0
    for step in 1...60 {
      buffers.clear()
      let verdict = try session.run(buffers, deadline: .after(nanoseconds: whole * UInt64(step) / 60))
      guard case .cancelled(let call) = verdict.outcome else { continue }
      cancelled += 1
      for index in 0..<call { #expect(buffers.output(index) == expected[index]) }
      #expect(buffers.hasUntouched(call))
    }
    #expect(cancelled > 10)
  }

  /// Deadlines from 5 % to 150 % of the median: each verdict is what clock and outputs say, and no frame owes
  /// anything to the one before it.
  @Test(arguments: 1...4)
  func `leaves nothing behind for the next one`(threads: Int) throws {
    var random = SeededGenerator(seed: UInt64(threads))
    let model = try Self.model.get()
    let expected = Self.expected
    let buffers = Self.inputs.map { TestBuffers(model, inputs: [$0]) }
    var session = try Session(model, threads: threads)
    try session.prepare()
    let times = try (0..<21).map { _ in try session.run(buffers[0], deadline: .none).modelNanoseconds }
      .sorted()
    for frame in 0..<80 {
      let (disturbed, next) = (buffers[frame % 2], buffers[(frame + 1) % 2])
      disturbed.clear()
      let span = Double(times[10]) * Double.random(in: 0.05...1.5, using: &random)
      let start = MonotonicInstant.now
      let deadline = start.advanced(byNanoseconds: UInt64(span))
      let verdict = try session.run(disturbed, deadline: .at(deadline))
      check(verdict, start, deadline, end: .now, disturbed, expected[frame % 2])
      next.clear()
      #expect(try session.run(next, deadline: .none).outcome == .met)
      #expect(next.output(0) == expected[(frame + 1) % 2])
    }
    let counters = session.counters
    #expect(counters.frames == 21 + 160 && counters.met >= 101 && counters.cancelled > 0)
  }

  private func check(
    _ verdict: FrameVerdict, _ start: MonotonicInstant, _ deadline: MonotonicInstant, end: MonotonicInstant,
    _ buffers: TestBuffers, _ expected: [Float]
  ) {
    switch verdict.outcome {
    case .met:
      #expect(start.advanced(byNanoseconds: verdict.modelNanoseconds) <= deadline)
      #expect(buffers.output(0) == expected)
    case .late(let nanoseconds):
      #expect(nanoseconds > 0 && deadline.advanced(byNanoseconds: nanoseconds) <= end)
      #expect(buffers.output(0) == expected)
    case .cancelled:
      #expect(deadline < end && buffers.hasUntouched(0))
    case .skipped:
      #expect(deadline <= end && buffers.isUntouched(0))
    }
  }

  @Test func `refuses wrong buffers as without a deadline, and counts nothing`() throws {
    let model = try Self.model.get()
    var session = try Session(model)
    let none = UnsafeBufferPointer<UnsafePointer<Float>?>(start: nil, count: 0)
    let noOutputs = UnsafeBufferPointer<UnsafeMutablePointer<Float>?>(start: nil, count: 0)
    #expect(throws: SessionError.portCount(.input, expected: 1, found: 0)) {
      _ = try session.run(inputs: none, outputs: noOutputs, deadline: .none)
    }
    #expect(session.counters.frames == 0)
  }

  @Test func `takes spans`() throws {
    let network = ResidualNetwork(rows: 3)
    var session = try Session(Model(bytes: PlanWriter.bytes(of: network.plan)))
    let input = network.input(seed: 5)
    var output = [Float](repeating: 0, count: input.count)
    var room = output.mutableSpan
    let verdict = try session.run(input.span, into: &room, deadline: .after(.seconds(100)))
    #expect(verdict.outcome == .met)
    #expect(output == network.output(for: input))
  }
}

/// Calls that all threads share, in many pieces, every one with an output of its own.
enum PooledCalls {
  static let count = 400_000
  static let input = (0..<count).map { Float($0 % 37) / 32 - 0.5 }

  static func plan(calls: Int) -> Plan {
    var builder = PlanBuilder()
    let x = builder.input("x", shape: [count])
    for index in 0..<calls {
      let y = builder.output("y\(index)", shape: [count])
      builder.apply(espalier_function_tanh, count, x, to: y)
    }
    return builder.plan
  }
}
