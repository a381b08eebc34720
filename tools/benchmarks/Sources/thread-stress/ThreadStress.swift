import EspalierRuntime
import Foundation

/// Worker pool, deadlines, counters and mailboxes with more threads than cores, for ThreadSanitizer to watch.
///
///     thread-stress PACK [ROUNDS]
///
/// Holds every complete frame against the first one bit by bit; exits 1 where one differs.
@main struct ThreadStress {
  static func main() throws {
    guard CommandLine.arguments.count > 1 else {
      print("usage: thread-stress PACK [ROUNDS]")
      exit(2)
    }
    let rounds = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 1 : 1
    let model = try Model(path: CommandLine.arguments[1])
    for _ in 0..<rounds {
      for threads in 1...8 {
        for workers in [ThreadPolicy.Workers.started, .fromCaller] {
          for mode in [FrameMailbox.Mode.latest, .queue(capacity: 2)] {
            try feed(model, threads: threads, workers: workers, mode: mode)
          }
        }
      }
    }
    print("thread-stress: every complete frame has the same bits")
  }

  /// A camera, a mailbox, a session with random deadlines, its workers, and a thread that reads the counters.
  private static func feed(
    _ model: Model, threads: Int, workers: ThreadPolicy.Workers, mode: FrameMailbox.Mode
  ) throws {
    let group = DispatchGroup()
    let elements = model.inputs[0].byteCount / 4
    let mailbox = try FrameMailbox(byteCount: elements * 4, mode: mode)
    do {
      var policy = ThreadPolicy()
      policy.workers = workers
      policy.spinBetweenFramesInMicroseconds = threads % 2 * 50
      var session = try Session(model, threads: threads, policy: policy)
      while let worker = session.makeWorker() { start(group) { worker.run() } }
      let monitor = session.monitor
      start(group) { produce(40, elements, into: mailbox) }
      start(group) { while !mailbox.isClosed { _ = (monitor.counters, mailbox.counters) } }
      try consume(mailbox, &session)
    }
    group.wait()
  }

  private static func produce(_ frames: Int, _ elements: Int, into mailbox: FrameMailbox) {
    for _ in 0..<frames {
      guard let room = mailbox.reserve(timeoutNanoseconds: 60_000_000_000) else { break }
      let values = room.bindMemory(to: Float.self)
      for index in values.indices { values[index] = Float(index % 255) / 127.5 - 1 }
      mailbox.publish()
      usleep(200)
    }
    mailbox.close()
  }

  private static func consume(_ mailbox: FrameMailbox, _ session: inout Session) throws {
    var output = [Float](repeating: 0, count: session.model.outputs[0].byteCount / 4)
    var first: [UInt32]?
    var count: UInt64 = 0
    while let frame = mailbox.take() {
      count += 1
      var room = output.mutableSpan
      let deadline: Deadline = count % 3 == 0 ? .none : .after(nanoseconds: count * 97_001 % 3_000_000)
      let verdict = try session.run(
        frame.elements.span, into: &room, deadline: deadline, frame: frame.stamp)
      guard verdict.isComplete else { continue }
      let bits = output.map(\.bitPattern)
      if let first, first != bits {
        print("thread-stress: frame \(count) on \(session.threads) threads has other bits than the first one")
        exit(1)
      }
      first = bits
    }
    guard session.counters.frames == count, mailbox.counters.taken == count else {
      print("thread-stress: the counters are wrong")
      exit(1)
    }
  }

  private static func start(_ group: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
    group.enter()
    Thread {
      body()
      group.leave()
    }.start()
  }
}
