import EspalierPlan
import EspalierRuntime
import Foundation
import PlanFixtures
import Synchronization
import Testing

/// How long a thread that gets SIGUSR2 stands still, as one does whose core the system has given away.
private let stallMicroseconds = Atomic<UInt32>(0)
private let stalls = Atomic<Int>(0)

@Suite("A worker that is kept from running", .serialized) struct StalledWorkerTests {
  private static let rows = 1_500
  private let network = ResidualNetwork(rows: rows)

  init() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in
      stalls.wrappingAdd(1, ordering: .relaxed)
      usleep(stallMicroseconds.load(ordering: .relaxed))
    }
    action.sa_flags = SA_RESTART
    sigaction(SIGUSR2, &action, nil)
  }

  /// A session whose workers are threads that signals can reach.
  private func withWorker(
    _ threads: Int, _ body: (inout Session, [pthread_t]) throws -> Void
  ) throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var policy = ThreadPolicy()
    policy.workers = .fromCaller
    let ended = DispatchGroup()
    do {
      var session = try Session(model, threads: threads, policy: policy)
      let handles = Mutex<[UInt]>([])
      while let worker = session.makeWorker() {
        ended.enter()
        Thread {
          // Threads of the test's own inherit that signals are blocked.
          var signals = sigset_t()
          sigaddset(&signals, SIGUSR2)
          pthread_sigmask(SIG_UNBLOCK, &signals, nil)
          handles.withLock { $0.append(UInt(pthread_self())) }
          worker.run()
          ended.leave()
        }.start()
      }
      while session.facts.threads.count < threads { usleep(100) }
      try body(&session, handles.withLock { $0.map { pthread_t($0) } })
    }
    #expect(ended.wait(timeout: .now() + 20) == .success)
  }

  @Test func `holds no frame up`() throws {
    let input = network.input(seed: 4)
    let expected = network.output(for: input)
    try withWorker(2) { session, workers in
      func runsRight() throws -> Bool { try session.run([input]) == [expected] }
      let isRight = try runsRight()
      #expect(isRight)
      for _ in 0..<3 {
        let before = stalls.load(ordering: .relaxed)
        stallMicroseconds.store(2_000_000, ordering: .relaxed)
        pthread_kill(workers[0], SIGUSR2)
        while stalls.load(ordering: .relaxed) == before { usleep(100) }
        let start = ContinuousClock.now
        for _ in 0..<5 {
          let isRight = try runsRight()
          #expect(isRight)
        }
        #expect(ContinuousClock.now - start < .seconds(1.5), "frames waited for a worker that stood still")
        // When it wakes its frames are over, and it must find nothing left of them.
        usleep(100_000)
      }
      stallMicroseconds.store(0, ordering: .relaxed)
      for _ in 0..<50 {
        let isRight = try runsRight()
        #expect(isRight)
      }
    }
  }

  /// Workers stop at any instruction for up to 3 milliseconds, and wake in whatever frame runs then; some frames are
  /// cancelled.
  @Test(arguments: [2, 3, 5])
  func `changes no bit, wherever it stops and wakes`(threads: Int) throws {
    let input = network.input(seed: 5)
    let expected = network.output(for: input)
    try withWorker(threads) { session, workers in
      let signaling = DispatchGroup()
      signaling.enter()
      let signaler = Signaler(workers.map { UInt($0) })
      Thread {
        signaler.run()
        signaling.leave()
      }.start()
      var (complete, count) = (0, 0)
      let end = ContinuousClock.now + .seconds(3)
      var output = [Float](repeating: 0, count: expected.count)
      while ContinuousClock.now < end {
        count += 1
        var room = output.mutableSpan
        let deadline: Deadline = count % 4 == 0 ? .after(nanoseconds: UInt64(count * 7_919 % 400_000)) : .none
        let verdict = try session.run(input.span, into: &room, deadline: deadline)
        guard verdict.isComplete else { continue }
        complete += 1
        guard output == expected else {
          Issue.record("frame \(count) has other bits")
          break
        }
      }
      signaler.end()
      signaling.wait()
      #expect(complete > 20 && count > complete)
    }
  }
}

/// Stops threads at random.
private final class Signaler: Sendable {
  private let targets: [UInt]
  private let isOver = Atomic<Bool>(false)

  init(_ targets: [UInt]) { self.targets = targets }

  func end() { isOver.store(true, ordering: .releasing) }

  func run() {
    var random = SeededGenerator(seed: 9)
    while !isOver.load(ordering: .acquiring) {
      stallMicroseconds.store(UInt32.random(in: 0...3_000, using: &random), ordering: .relaxed)
      if let target = targets.randomElement(using: &random) { pthread_kill(pthread_t(target), SIGUSR2) }
      usleep(UInt32.random(in: 50...2_000, using: &random))
    }
  }
}
