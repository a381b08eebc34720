import EspalierPlan
import EspalierRuntime
import Foundation
import PlanFixtures
import Testing

@Suite("Workers on threads of the caller's", .serialized) struct CallerWorkerTests {
  private let network = ResidualNetwork(rows: 600)

  /// Frames before, while and after the workers come; the threads end with the session.
  @Test(arguments: 2...4)
  func `compute their share from when all are there until the session ends`(threads: Int) throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var policy = ThreadPolicy()
    policy.workers = .fromCaller
    let input = network.input(seed: 1)
    let expected = network.output(for: input)
    let ended = DispatchGroup()
    do {
      var session = try Session(model, threads: threads, policy: policy)
      #expect(try session.prepare().threads.count == 1)
      #expect(try session.run([input]) == [expected])
      while let worker = session.makeWorker() {
        ended.enter()
        Thread {
          worker.run()
          ended.leave()
        }.start()
        #expect(try session.run([input]) == [expected])
      }
      while session.facts.threads.count < threads { usleep(100) }
      let flushing = session.facts.threads.filter(\.flushesSubnormals)
      #expect(flushing.count == threads)
      for _ in 0..<50 { #expect(try session.run([input]) == [expected]) }
      #expect(ended.wait(timeout: .now()) == .timedOut, "workers wait for frames")
    }
    #expect(ended.wait(timeout: .now() + 20) == .success)
  }

  @Test func `are as many as the session takes`() throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var policy = ThreadPolicy()
    policy.workers = .fromCaller
    var session = try Session(model, threads: 3, policy: policy)
    let workers = [session.makeWorker(), session.makeWorker(), session.makeWorker()]
    #expect(workers.map { $0 != nil } == [true, true, false])
    var own = try Session(model, threads: 3)
    #expect(own.makeWorker() == nil)
  }

  /// A worker may be run late, when the session is gone; and only once.
  @Test func `end at once when there is no session any more`() throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var policy = ThreadPolicy()
    policy.workers = .fromCaller
    var worker: SessionWorker?
    do {
      var session = try Session(model, threads: 2, policy: policy)
      worker = session.makeWorker()
    }
    let late = try #require(worker)
    late.run()
    late.run()
    #expect(Float.leastNormalMagnitude / 2 > 0)
  }
}
