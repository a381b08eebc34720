public import CEspalier
internal import EspalierRuntime

@c @implementation
public func espalier_session_prepare(
  _ session: OpaquePointer!, _ warmUpFrames: UInt32, _ locksMemory: Int32,
  _ facts: UnsafeMutablePointer<espalier_facts>!, _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  using(session, "espalier_session_prepare", error) { handle throws(Failure) in
    let found: SessionFacts
    do throws(SessionError) {
      found = try handle.session.prepare(warmUpFrames: Int(warmUpFrames), locksMemory: locksMemory != 0)
    } catch {
      throw Failure(error)
    }
    guard facts != nil else { return }
    try SizedStructure.write(espalier_facts(found), to: facts, named: "the facts")
  }
}

@c @implementation
public func espalier_session_thread(
  _ session: OpaquePointer!, _ index: Int, _ thread: UnsafeMutablePointer<espalier_thread>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  using(session, "espalier_session_thread", error) { handle throws(Failure) in
    let threads = handle.session.facts.threads
    guard threads.indices.contains(index) else {
      throw Failure("there is no thread \(UInt(bitPattern: index)), only \(threads.count)")
    }
    try SizedStructure.write(espalier_thread(threads[index]), to: thread, named: "the thread")
  }
}

@c @implementation
public func espalier_session_worker_run(
  _ session: OpaquePointer!, _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  guard let session else {
    return Failure("espalier_session_worker_run: the session is NULL").report(to: error)
  }
  guard let worker = SessionHandle.from(session).claimWorker() else {
    return Failure("the session has all workers that it takes; it must be made with workers_from_caller")
      .report(to: error)
  }
  worker.run()
  return ESPALIER_OK
}

extension espalier_facts {
  fileprivate init(_ facts: SessionFacts) {
    self.init()
    threads = UInt32(clamping: facts.threads.count)
    lock_error = UInt32(bitPattern: facts.lockErrorCode)
    instruction_set = facts.instructionSet.staticName
    memory_bytes = UInt64(facts.arenaByteCount + facts.scratchByteCount)
    weight_bytes = UInt64(facts.weightsByteCount)
    locked_bytes = UInt64(facts.lockedByteCount)
    huge_page_bytes = facts.hugePageByteCount.map { UInt64($0) } ?? .max
    checkpoint_nanoseconds = facts.checkpointNanoseconds
  }
}

extension espalier_thread {
  fileprivate init(_ facts: ThreadFacts) {
    self.init()
    core = facts.core.map { Int32(clamping: $0) } ?? -1
    core_count = UInt32(clamping: facts.coreCount)
    scheduling =
      switch facts.policy {
      case .other: ESPALIER_SCHED_OTHER
      case .fifo: ESPALIER_SCHED_FIFO
      case .roundRobin: ESPALIER_SCHED_RR
      }
    priority = Int32(clamping: facts.priority)
    flushes_subnormals = facts.flushesSubnormals ? 1 : 0
  }
}
