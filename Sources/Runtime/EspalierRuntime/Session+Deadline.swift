internal import CEspalierKernels

extension Session {
  /// Runs one frame against its deadline.
  ///
  /// The deadline is looked at between pieces of work, by every thread; the model's certificate says how much lies
  /// between two looks. Of a pack with several levels the largest is run of which 99 of 100 frames take no longer than
  /// the time that is left, as far as frames before it tell; the smallest where none is so fast. After a cancelled frame the session is at once ready for the next one.
  ///
  /// - Parameters:
  ///   - inputs: As for `run(inputs:outputs:timings:)`.
  ///   - outputs: As there. They hold this frame's results only where the verdict is `met` or `late`: see
  ///     `FrameVerdict`.
  ///   - deadline: When the outputs must be there. One that has passed already skips the frame.
  ///   - frame: Its number and age, for the verdict.
  /// - Throws: `portCount` or `missingBuffer`; the frame then does not count.
  @discardableResult
  public mutating func run(
    inputs: UnsafeBufferPointer<UnsafePointer<Float>?>,
    outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>, deadline: Deadline,
    frame: FrameStamp = FrameStamp()
  ) throws(SessionError) -> FrameVerdict {
    let entry = espalier_clock_nanoseconds()
    let outputs = outputsOrOwn(outputs)
    try bind(inputs, outputs)
    return judge(entry: entry, deadline: deadline, frame: frame, outputs: outputs) { session, level, limit in
      session.runCalls(ofLevel: level, inputs, outputs, deadline: limit)
    }
  }

  /// What became of a frame that `run` computes, in time or not.
  ///
  /// - Parameters:
  ///   - entry: When the call began.
  ///   - outputs: Where they go.
  ///   - run: Computes the frame through a level and begins nothing after a time.
  @inline(__always)
  mutating func judge(
    entry: UInt64, deadline: Deadline, frame: FrameStamp,
    outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>,
    _ run: (inout Session, _ level: Int, _ limit: UInt64) -> WorkerPool.FrameTimes
  ) -> FrameVerdict {
    var verdict = FrameVerdict(outcome: .met)
    verdict.sequenceGap = noteSequence(frame.sequence)
    let limit = deadline.resolved(entry: entry)
    if entry >= limit {
      verdict.outcome = .skipped(.deadlinePassed)
    } else {
      let level =
        limit == FrameState.noDeadline
        ? allowedLevels.lowerBound : forecast.level(within: limit - entry, of: allowedLevels)
      verdict.level = level
      let times = run(&self, level, limit)
      verdict.outcome = Session.outcome(times, deadline: limit)
      verdict.modelNanoseconds = times.lastKernel &- times.firstKernel
      forecast.note(verdict.modelNanoseconds, of: level)
    }
    store?.conclude(outputs, isComplete: verdict.isComplete)
    pool.signals.count(verdict)
    let exit = espalier_clock_nanoseconds()
    verdict.overheadNanoseconds = exit &- entry &- verdict.modelNanoseconds
    if let captured = frame.captured {
      verdict.ageNanoseconds = exit > captured.nanoseconds ? exit - captured.nanoseconds : 0
    }
    return verdict
  }

  /// Runs the calls of a frame, with the statistics of watched tensors among them where it is the frame's turn.
  private mutating func runCalls(
    ofLevel level: Int, _ inputs: UnsafeBufferPointer<UnsafePointer<Float>?>,
    _ outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>, deadline: UInt64
  ) -> WorkerPool.FrameTimes {
    guard beginsWatchedFrame(ofLevel: level, inputs, outputs) else {
      return pool.run(table.levels[level], deadline: deadline)
    }
    var times = pool.run(watchedLevel, deadline: deadline)
    times.unfinishedCall = endWatchedFrame(unfinishedCall: times.unfinishedCall)
    return times
  }

  /// Runs one frame of a model with one input and one output against its deadline.
  ///
  /// - Throws: Also `elementCount` where a span has another length than its port.
  @discardableResult
  public mutating func run(
    _ input: Span<Float>, into output: inout MutableSpan<Float>, deadline: Deadline,
    frame: FrameStamp = FrameStamp()
  ) throws(SessionError) -> FrameVerdict {
    var verdict = FrameVerdict(outcome: .met)
    try withPorts(input, &output) { session, inputs, outputs throws(SessionError) in
      verdict = try session.run(inputs: inputs, outputs: outputs, deadline: deadline, frame: frame)
    }
    return verdict
  }

  private static func outcome(_ times: WorkerPool.FrameTimes, deadline: UInt64) -> FrameVerdict.Outcome {
    if let call = times.unfinishedCall { return .cancelled(call: call) }
    return times.lastKernel > deadline ? .late(nanoseconds: times.lastKernel - deadline) : .met
  }

  /// - Returns: How many frames are missing since the last one that was numbered; 0 where numbers start anew.
  private mutating func noteSequence(_ sequence: UInt64?) -> UInt64 {
    guard let sequence else { return 0 }
    defer { lastSequence = sequence }
    guard let lastSequence, sequence > lastSequence else { return 0 }
    return sequence - lastSequence - 1
  }
}
