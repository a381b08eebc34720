internal import CEspalierKernels
internal import EspalierPlan
internal import Synchronization

/// What `Session.prepare` did, for `SessionFacts`.
struct PreparationRecord {
  var lockedByteCount = 0
  var lockErrorCode: Int32 = 0
  var checkpointNanoseconds: UInt64 = 0
}

extension Session {
  /// Makes the next frame as fast as any later one: places the calling thread as the policy says, makes stacks
  /// and weights present, waits for the workers, runs frames of zeros, and measures the longest time between two
  /// looks at the deadline. Where pictures are declared, as many frames of black pictures follow.
  ///
  /// Call it on the thread that will run the frames. Takes `warmUpFrames` frames' time, and allocates. Memory that
  /// was locked stays so until the session ends; weights, until the model ends.
  ///
  /// - Parameters:
  ///   - warmUpFrames: How many frames of zeros to run; they do not count.
  ///   - locksMemory: Whether to keep arena, scratch, tables and weights from being paged out (`mlock`). A refusal is
  ///     no error: the facts say what was locked and why not the rest.
  /// - Throws: `threadRefused` with index 0 where the system refuses the calling thread's core or priority,
  ///   `outOfMemory`.
  /// - Returns: What the session got.
  @discardableResult
  public mutating func prepare(
    warmUpFrames: Int = 8, locksMemory: Bool = false
  ) throws(SessionError) -> SessionFacts {
    let priority = policy.placesCallingThread ? policy.priority : 0
    let code = espalier_thread_place_self(
      policy.callingCore.map { Int32(clamping: $0) } ?? -1, policy.policyNumber, Int32(clamping: priority))
    guard code == 0 else { throw .threadRefused(index: 0, code: code) }
    espalier_stack_touch(WorkerLife.stackByteCount)
    touch(model.weights)
    if locksMemory { lockMemory() }
    if policy.workers == .started { pool.awaitWorkers() }
    try warmUp(frames: warmUpFrames)
    try warmUpPictures(frames: warmUpFrames)
    return facts
  }

  /// Reads one byte of every page.
  private func touch(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    espalier_memory_touch(base, bytes.count)
  }

  private mutating func lockMemory() {
    preparation.lockedByteCount = 0
    preparation.lockErrorCode = 0
    let own = [arena.bytes, scratch.bytes, table.memory.bytes, pool.signalMemory.bytes, model.weights]
    let kept = store.map { [$0.bytes] } ?? []
    for bytes in own + kept + (pictureFrames?.ownedBytes ?? []) {
      guard let base = bytes.baseAddress else { continue }
      let code = espalier_memory_lock(base, bytes.count)
      if code == 0 { preparation.lockedByteCount += bytes.count } else { preparation.lockErrorCode = code }
    }
  }

  /// Runs frames of zeros, in buffers of its own.
  private mutating func warmUp(frames: Int) throws(SessionError) {
    guard frames > 0 else { return }
    var plan = MemoryPlan()
    let inputs = table.inputByteCounts.map { plan.room(for: Float.self, count: $0 / 4) }
    let outputs = table.outputByteCounts.map { plan.room(for: Float.self, count: $0 / 4) }
    guard let memory = SystemMemory(byteCount: plan.byteCount) else {
      throw .outOfMemory(byteCount: plan.byteCount)
    }
    let sources = inputs.map { UnsafePointer($0.bound(in: memory).baseAddress) }
    let targets = outputs.map { $0.bound(in: memory).baseAddress }
    sources.withUnsafeBufferPointer { sources in
      targets.withUnsafeBufferPointer { table.setPorts(inputs: sources, outputs: $0) }
    }
    pool.use(table)
    var longestPiece: UInt64 = 0
    for level in table.levels.indices {
      longestPiece = max(longestPiece, warmUp(level, frames: frames))
    }
    preparation.checkpointNanoseconds = longestPiece
  }

  /// Runs frames of black pictures, in memory of its own.
  private mutating func warmUpPictures(frames: Int) throws(SessionError) {
    guard frames > 0, let pictureFrames else { return }
    let edge = 64
    guard let memory = SystemMemory(byteCount: 3 * edge * edge) else {
      throw .outOfMemory(byteCount: 3 * edge * edge)
    }
    let black = Picture(
      format: .rgb8, width: edge, height: edge, planes: (UnsafeRawPointer(memory.base), nil, nil),
      strides: (3 * edge, 0, 0))
    for index in model.inputs.indices { pictureFrames.set(black, input: index, isWatched: false) }
    let table = pictureFrames.main.table
    table.setPorts(
      inputs: UnsafeBufferPointer(pictureFrames.inputs), outputs: ownOutputs(pictureFrames))
    pool.use(table)
    for level in table.levels {
      for _ in 0..<frames { _ = pool.run(level, deadline: FrameState.noDeadline - 1) }
    }
    lastFrameHadPictures = false
  }

  /// Runs frames through a level, and notes how long they take.
  ///
  /// - Returns: The longest time between two looks at the deadline, in the frame where it was shortest.
  private func warmUp(_ level: Int, frames: Int) -> UInt64 {
    var (shortest, own) = (UInt64.max, UInt64.max)
    for frame in 0..<frames {
      pool.forgetPieces()
      let times = pool.run(table.levels[level], deadline: FrameState.noDeadline - 1, measuresPieces: true)
      shortest = min(shortest, pool.longestPiece)
      own = min(own, times.lastKernel &- times.firstKernel)
      forecast.setOwnTime(own, of: level)
      // The first frames find caches cold and say nothing of later ones.
      if frame >= frames / 2 { forecast.note(times.lastKernel &- times.firstKernel, of: level) }
    }
    return shortest
  }
}

extension WorkerPool {
  /// Returns once every worker that was started here waits for frames.
  func awaitWorkers() {
    while presentCount < threads - 1 { espalier_thread_sleep(50) }
  }

  func forgetPieces() {
    for thread in 0..<threads {
      signals.longestPiece(ofThread: thread).pointee.store(0, ordering: .relaxed)
    }
  }

  /// The longest of all threads since `forgetPieces`.
  var longestPiece: UInt64 {
    (0..<threads).reduce(0) { longest, thread in
      max(longest, signals.longestPiece(ofThread: thread).pointee.load(ordering: .relaxed))
    }
  }
}
