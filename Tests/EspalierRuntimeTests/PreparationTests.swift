import CEspalierKernels
import EspalierPlan
import EspalierRuntime
import Foundation
import PlanFixtures
import Testing

@Suite("A prepared session", .serialized) struct PreparationTests {
  private let network = ResidualNetwork(rows: 600)

  @Test(arguments: 1...3)
  func `says what it got`(threads: Int) throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var session = try Session(model, threads: threads)
    let facts = try session.prepare()
    #expect(facts.threads.count == threads)
    #expect(facts.threads.allSatisfy { $0.flushesSubnormals && $0.coreCount >= 1 && $0.policy == .other })
    #expect(facts.instructionSet == InstructionSet.limit)
    #expect(facts.arenaByteCount == 4 * 600 * 64 * 4)
    #expect(facts.weightsByteCount == network.plan.weights.count)
    #expect(facts.lockedByteCount == 0 && facts.lockErrorCode == 0)
    #expect(facts.checkpointNanoseconds > 0 && facts.checkpointNanoseconds < 1_000_000_000)
    #expect(try session.run([network.input(seed: 1)]) == [network.output(for: network.input(seed: 1))])
  }

  /// Where the limit of locked memory is too low the facts must say so.
  @Test func `keeps its memory from being paged out, or says why not`() throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var session = try Session(model, threads: 2)
    let facts = try session.prepare(locksMemory: true)
    let all = facts.arenaByteCount + facts.scratchByteCount + facts.weightsByteCount
    #expect(facts.lockedByteCount > all || facts.lockErrorCode != 0)
    #expect(lockedKilobytes * 1024 >= facts.lockedByteCount)
  }

  private var lockedKilobytes: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmLck:") }
    return line?.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first ?? 0
  }

  @Test func `names the core that a worker was pinned to`() throws {
    var policy = ThreadPolicy()
    policy.cores = [0]
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var session = try Session(model, threads: 2, policy: policy)
    let facts = try session.prepare()
    #expect(facts.threads[1].core == 0 && facts.threads[1].coreCount == 1)
  }

  /// Woken on its core, they would wait for it at every barrier.
  @Test(.enabled(if: espalier_core_count() > 1, "needs two cores"))
  func `keeps workers off the calling thread's core, wherever that goes`() throws {
    try onThread { [network] in
      let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
      var session = try Session(model, threads: 2)
      let cores = Int(espalier_core_count())
      #expect(try session.prepare().threads[1].coreCount == cores - 1)
      var named = ThreadPolicy()
      named.cores = [0]
      var pinned = try Session(model, threads: 2, policy: named)
      for core in [0, 1, 0] where espalier_thread_place_self(Int32(core), 0, 0) == 0 {
        // The session knows its cores from when it was made: there is one for each thread.
        let facts = try session.prepare()
        #expect(facts.threads[1].coreCount == cores - 1)
        if cores == 2 { #expect(facts.threads[1].core == 1 - core) }
        #expect(try pinned.prepare().threads[1].core == 0)
      }
    }
  }

  /// On a thread of its own, which keeps the core.
  @Test func `pins the calling thread on request`() throws {
    try onThread { [network] in
      var policy = ThreadPolicy()
      policy.callingCore = 0
      let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
      var session = try Session(model, policy: policy)
      #expect(try session.prepare().threads.map(\.core) == [0])
      policy.callingCore = 1000
      var lost = try Session(model, policy: policy)
      #expect(throws: SessionError.threadRefused(index: 0, code: EINVAL)) { try lost.prepare() }
    }
  }

  /// Systems grant real-time priorities to few; then the session must be refused.
  @Test(arguments: [ThreadPolicy.Scheduling.fifo, .roundRobin])
  func `has the priority that it asked for, or is refused`(scheduling: ThreadPolicy.Scheduling) throws {
    try onThread { [network] in
      var policy = ThreadPolicy()
      policy.priority = 2
      policy.scheduling = scheduling
      policy.placesCallingThread = true
      let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
      do throws(SessionError) {
        var session = try Session(model, threads: 2, policy: policy)
        let facts = try session.prepare(warmUpFrames: 2)
        let wanted: ThreadFacts.Policy = scheduling == .fifo ? .fifo : .roundRobin
        #expect(facts.threads.allSatisfy { $0.policy == wanted && $0.priority == 2 })
        #expect(facts.threads.count == 2)
      } catch {
        guard case .threadRefused(_, let code) = error else { throw error }
        #expect(code == EPERM)
      }
    }
  }

  @Test func `leaves the caller's floating-point mode alone, whatever becomes of a frame`() throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var session = try Session(model, threads: 2)
    try session.prepare()
    let buffers = TestBuffers(model, inputs: [network.input(seed: 1)])
    for nanoseconds in [0, 1000, 20_000, 1_000_000_000] as [UInt64] {
      _ = try session.run(buffers, deadline: .after(nanoseconds: nanoseconds))
      #expect(half(Float.leastNormalMagnitude) > 0)
    }
  }

  @inline(never) private func half(_ value: Float) -> Float { value / 2 }

  /// Runs something on a new thread and waits for it.
  private func onThread(_ body: @escaping @Sendable () throws -> Void) throws {
    let done = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var result: Result<Void, any Error> = .success(())
    let thread = Thread {
      result = Result { try body() }
      done.signal()
    }
    thread.start()
    done.wait()
    try result.get()
  }
}
