internal import CEspalierKernels
internal import Synchronization

/// What a session really got from the system; what it asked for may differ.
public struct SessionFacts: Sendable {
  /// The calling thread first, then the workers that are there.
  public var threads: [ThreadFacts]
  /// No kernel has a higher one.
  public var instructionSet: InstructionSet
  /// Working memory: the arena, and what each thread has of its own, all threads together.
  public var arenaByteCount: Int
  public var scratchByteCount: Int
  public var weightsByteCount: Int
  /// How many bytes of arena, scratch, weights and tables cannot be paged out any more.
  public var lockedByteCount: Int
  /// The system's `errno` where it refused to lock all that was asked for; 0: it did not.
  public var lockErrorCode: Int32
  /// How many bytes of the arena lie in huge pages; nil where the system does not say.
  public var hugePageByteCount: Int?
  /// The longest time between two looks at the deadline in the fastest warm-up frame: how much later than its
  /// deadline a cancelled frame may end when nothing else runs. 0 before `prepare`.
  public var checkpointNanoseconds: UInt64
  public var spinBetweenFramesInMicroseconds: Int
}

/// Where and how one thread runs.
public struct ThreadFacts: Sendable, Equatable {
  /// The system's scheduling policies.
  public enum Policy: Sendable, Equatable {
    case other
    case fifo
    case roundRobin
  }

  /// The only core that it may run on; nil: there are several.
  public var core: Int?
  /// How many cores it may run on.
  public var coreCount: Int
  public var policy: Policy
  /// Real-time priority; 0 where there is none.
  public var priority: Int
  /// Whether subnormal results are zero while it computes.
  public var flushesSubnormals: Bool

  /// Nil where the system does not know the thread.
  init?(number: Int32, flushesSubnormals: Bool) {
    var state = espalier_thread_state()
    guard espalier_thread_describe(number, &state) == 0 else { return nil }
    core = state.core < 0 ? nil : Int(state.core)
    coreCount = Int(state.core_count)
    policy =
      state.policy == Int32(espalier_policy_fifo)
      ? .fifo : state.policy == Int32(espalier_policy_round_robin) ? .roundRobin : .other
    priority = Int(state.priority)
    self.flushesSubnormals = flushesSubnormals
  }
}

extension Session {
  /// What the session has now; the calling thread is the one that asks. Allocates.
  public var facts: SessionFacts {
    SessionFacts(
      threads: threadFacts, instructionSet: InstructionSet(espalier_isa_within(instructionSetLimit.isa)),
      arenaByteCount: arena.byteCount, scratchByteCount: scratch.byteCount,
      weightsByteCount: model.weightsByteCount, lockedByteCount: preparation.lockedByteCount,
      lockErrorCode: preparation.lockErrorCode, hugePageByteCount: hugePageByteCount,
      checkpointNanoseconds: preparation.checkpointNanoseconds,
      spinBetweenFramesInMicroseconds: policy.spinBetweenFramesInMicroseconds)
  }

  private var hugePageByteCount: Int? {
    let bytes = espalier_memory_huge_bytes(arena.base, arena.byteCount)
    return bytes < 0 ? nil : Int(bytes)
  }

  private var threadFacts: [ThreadFacts] {
    var found: [ThreadFacts] = []
    let saved = espalier_float_mode_enter()
    let flushes = espalier_float_mode_flushes()
    espalier_float_mode_leave(saved)
    if let facts = ThreadFacts(number: espalier_thread_self(), flushesSubnormals: flushes) {
      found.append(facts)
    }
    for thread in 1..<max(1, threads) {
      let identity = pool.signals.identity(ofThread: thread).pointee.load(ordering: .acquiring)
      guard identity != 0 else { continue }
      let number = Int32(truncatingIfNeeded: identity)
      if let facts = ThreadFacts(number: number, flushesSubnormals: identity >> 32 != 0) {
        found.append(facts)
      }
    }
    return found
  }
}
