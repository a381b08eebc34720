extension Session {
  /// Gathers statistics of the model's watched tensors in 1 frame of `interval`, from the next frame on, and holds
  /// them against rules.
  ///
  /// Outputs stay the same to the bit. Watched frames also run the statistics calls, each behind the call whose tensor
  /// it looks at; other frames cost one count. Of a pack with several levels the largest is watched: a frame that goes
  /// through another leaves its turn to the next. Frames whose calls are timed or observed one by one are not watched.
  /// Allocates; frames do not.
  ///
  /// - Parameters:
  ///   - interval: 1 watches every frame, 0 none.
  ///   - rules: What is wrong with a tensor, and when to say so.
  ///   - alarm: Called on the thread that runs the frame, behind the frame, when a rule begins or ceases to be
  ///     broken. It must not use the session.
  /// - Throws: `nothingToWatch` where the model names no tensors, `watchRules` for an interval or for rules without
  ///   meaning, `outOfMemory`.
  public mutating func watch(
    every interval: Int, rules: RoadRules = RoadRules(), alarm: (@Sendable (RoadAlarm) -> Void)? = nil
  ) throws(SessionError) {
    // Not in a frame's time: the pool keeps the calls of its last frame.
    pool.use(table)
    guard interval != 0 else {
      framesUntilWatched = Session.never
      watcher = nil
      return
    }
    guard !model.watches.isEmpty else { throw .nothingToWatch }
    guard interval > 0, rules.areSound else { throw .watchRules }
    let watcher = try TensorWatcher(
      model, arena: arena, threads: threads, limit: instructionSetLimit, interval: interval, rules: rules,
      alarm: alarm)
    try pictureFrames?.prepareWatching(model, threads: threads, limit: instructionSetLimit)
    self.watcher = watcher
    framesUntilWatched = 1
  }

  /// What the last watched frame showed of one of `model.watches`.
  ///
  /// - Returns: Nil before the first watched frame.
  public func observation(of tensor: Int) -> TensorObservation? { watcher?.observation(tensor) }

  /// Whether a tensor breaks a rule for so long that the alarm was raised and not yet withdrawn.
  public func isRaised(_ rule: RoadRule, of tensor: Int) -> Bool {
    watcher?.record(tensor, rule).isRaised ?? false
  }

  /// How many frames were watched to their end.
  public var watchedFrameCount: UInt64 { watcher?.watchedFrames ?? 0 }

  static let never = Int.max

  /// The calls of a watched frame.
  var watchedLevel: LevelSchedule { watcher?.table.levels[0] ?? table.levels[0] }

  /// Whether this frame is to be watched; its calls are then those of the watcher's table.
  @inline(__always)
  mutating func beginsWatchedFrame(
    ofLevel level: Int, _ inputs: UnsafeBufferPointer<UnsafePointer<Float>?>,
    _ outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>
  ) -> Bool {
    guard isTurnToWatch(level: level), let watcher else { return false }
    watcher.table.setPorts(inputs: inputs, outputs: outputs)
    pool.use(watcher.table)
    return true
  }

  /// Counts a frame; whether it is the one to be watched.
  @inline(__always)
  mutating func isTurnToWatch(level: Int) -> Bool {
    framesUntilWatched &-= 1
    return framesUntilWatched == 0 && takesTurn(level: level)
  }

  @inline(never)
  private mutating func takesTurn(level: Int) -> Bool {
    guard let watcher else {
      framesUntilWatched = Session.never
      return false
    }
    framesUntilWatched = level == 0 ? watcher.interval : 1
    return level == 0
  }

  /// Looks at what a watched frame has left.
  ///
  /// - Parameter unfinishedCall: The first call that lacks work; nil where the frame was computed to its end.
  /// - Returns: The model's index of `unfinishedCall`.
  @inline(never)
  mutating func endWatchedFrame(unfinishedCall: Int?) -> Int? {
    guard let watcher else { return unfinishedCall }
    endWatchedFrame(isFinished: unfinishedCall == nil)
    return unfinishedCall.map { watcher.origin(ofCall: $0) }
  }

  /// Looks at what a watched frame has left.
  @inline(never)
  func endWatchedFrame(isFinished: Bool) {
    guard let watcher else { return }
    if isFinished { watcher.concludeFrame() } else { watcher.abandonFrame() }
  }
}
