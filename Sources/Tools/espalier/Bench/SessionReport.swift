internal import EspalierRuntime
internal import Foundation

/// What `session.prepare` really got, as `bench` and `profile` print it.
struct SessionReport: Encodable {
  struct Thread: Encodable {
    /// The only core that it may run on; absent where there are several.
    let core: Int?
    let cores: Int
    let policy: String
    let priority: Int
    let flushes_subnormals: Bool
  }

  /// The calling thread first.
  let threads: [Thread]
  let instruction_set: String
  let arena_bytes: Int
  let scratch_bytes: Int
  let weights_bytes: Int
  let locked_bytes: Int
  /// Why not all was locked; absent where nothing was refused.
  let lock_refusal: String?
  /// Absent where the system does not say.
  let huge_page_bytes: Int?
  let checkpoint_us: Double
  /// Absent where threads never sleep.
  let spin_us: Int?

  init(_ facts: SessionFacts) {
    threads = facts.threads.map { thread in
      Thread(
        core: thread.core, cores: thread.coreCount, policy: Self.name(thread.policy),
        priority: thread.priority, flushes_subnormals: thread.flushesSubnormals)
    }
    instruction_set = facts.instructionSet.name
    arena_bytes = facts.arenaByteCount
    scratch_bytes = facts.scratchByteCount
    weights_bytes = facts.weightsByteCount
    locked_bytes = facts.lockedByteCount
    lock_refusal = facts.lockErrorCode == 0 ? nil : String(cString: strerror(facts.lockErrorCode))
    huge_page_bytes = facts.hugePageByteCount
    checkpoint_us = Double(facts.checkpointNanoseconds) / 1_000
    let spin = facts.spinBetweenFramesInMicroseconds
    spin_us = spin == ThreadPolicy.spinForever ? nil : spin
  }

  /// Some lines for people.
  var text: String {
    [threadText, memoryText, timeText].joined(separator: "\n")
  }

  private var threadText: String {
    let list = threads.enumerated().map { index, thread in
      let place = thread.core.map { "core \($0)" } ?? "any of \(thread.cores) cores"
      let priority = thread.priority > 0 ? " \(thread.priority)" : ""
      return "\(index) on \(place), \(thread.policy)\(priority)"
    }
    let flushing = threads.count { $0.flushes_subnormals }
    let mode =
      flushing == threads.count
      ? "subnormals flushed (FTZ, DAZ)" : "subnormals flushed by \(flushing) of \(threads.count) threads"
    return "threads: \(list.joined(separator: "; ")); \(instruction_set); \(mode)"
  }

  private var memoryText: String {
    let parts = [
      "memory: \(Self.megabytes(arena_bytes)) arena", "\(Self.megabytes(scratch_bytes)) scratch",
      "\(Self.megabytes(weights_bytes)) weights",
      "\(Self.megabytes(locked_bytes)) locked" + (lock_refusal.map { " (refused: \($0))" } ?? ""),
    ]
    return
      (parts + [huge_page_bytes.map { "\(Self.megabytes($0)) of the arena in huge pages" }].compactMap { $0 })
      .joined(separator: ", ")
  }

  private var timeText: String {
    let spin = spin_us.map { "threads spin \($0) µs between frames, then sleep" } ?? "threads never sleep"
    return "\(spin); the deadline is looked at every \(Format.fixed(checkpoint_us, 1)) µs at most"
  }

  private static func megabytes(_ count: Int) -> String { "\(Format.fixed(Double(count) / 1e6, 2)) MB" }

  private static func name(_ policy: ThreadFacts.Policy) -> String {
    switch policy {
    case .other: "SCHED_OTHER"
    case .fifo: "SCHED_FIFO"
    case .roundRobin: "SCHED_RR"
    }
  }
}
