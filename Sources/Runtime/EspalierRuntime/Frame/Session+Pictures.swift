internal import CEspalierKernels
public import EspalierPlan

extension Session {
  /// How pictures become each input: as the pack says, or as `setPictureInput` said since; nil where nothing says it.
  public var pictureInputs: [PictureInput?] { declaredPictures }

  /// Says how pictures become an input, in the place of what the pack says. Between frames; allocates.
  ///
  /// - Throws: `portIndex`, `picture` where the input takes no such pictures, `outOfMemory`.
  public mutating func setPictureInput(_ declared: PictureInput, at index: Int) throws(SessionError) {
    guard model.inputs.indices.contains(index) else {
      throw .portIndex(.input, count: model.inputs.count, found: index)
    }
    guard let shape = PictureShape(model.inputs[index].shape), shape.channels == declared.channels.count
    else {
      throw .picture(index: index, .notAPicture)
    }
    if let fault = declared.fault { throw .picture(index: index, .declaration(fault)) }
    var all = declaredPictures
    all[index] = declared
    let frames = try PictureFrames.make(
      model, declared: all, keepsOutputs: store == nil, arena: arena, threads: threads,
      limit: instructionSetLimit)
    if watcher != nil { try frames?.prepareWatching(model, threads: threads, limit: instructionSetLimit) }
    // Not in a frame's time: the pool keeps the calls of its last frame.
    pool.use(table)
    (declaredPictures, pictureFrames, lastFrameHadPictures) = (all, frames, false)
  }

  /// Runs one frame on pictures, one for each input, against its deadline.
  ///
  /// One pass over each picture converts its colors, fits it into the input, resamples (bilinear, as OpenCV does),
  /// normalizes and quantizes, and writes what the network's first layer reads. It is among the frame's calls: threads
  /// share it, the deadline is looked at within it, and the model's time counts it. A picture of another size than the
  /// one before costs some microseconds more. Outcomes are those of `run(inputs:outputs:deadline:frame:)`.
  ///
  /// - Parameters:
  ///   - pictures: Nothing of them is kept.
  ///   - outputs: As there; or none: the session keeps the results, see `keptOutput`.
  /// - Throws: `portCount`, `missingBuffer` or `picture`; the frame then does not count.
  @discardableResult
  public mutating func run(
    pictures: UnsafeBufferPointer<Picture>, outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>,
    deadline: Deadline = .none, frame: FrameStamp = FrameStamp()
  ) throws(SessionError) -> FrameVerdict {
    let entry = espalier_clock_nanoseconds()
    let frames = try require(pictures)
    let results = outputs.isEmpty ? ownOutputs(frames) : outputs
    try requireBuffers(outputs: results)
    lastFrameHadPictures = true
    return judge(entry: entry, deadline: deadline, frame: frame, outputs: results) { session, level, limit in
      session.runCalls(ofLevel: level, frames, pictures, results, deadline: limit)
    }
  }

  /// Runs one frame of a model with one input on a picture.
  @discardableResult
  public mutating func run(
    picture: Picture, outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>,
    deadline: Deadline = .none, frame: FrameStamp = FrameStamp()
  ) throws(SessionError) -> FrameVerdict {
    var picture = picture
    var verdict = FrameVerdict(outcome: .met)
    try withUnsafePointer(to: &picture) { picture throws(SessionError) in
      verdict = try run(
        pictures: UnsafeBufferPointer(start: picture, count: 1), outputs: outputs, deadline: deadline,
        frame: frame)
    }
    return verdict
  }

  /// From an input's coordinates to those of the picture that the last frame was given; the identity where it was given
  /// none.
  public func pictureTransform(ofInput index: Int) -> PictureTransform {
    guard lastFrameHadPictures, let pictureFrames else { return .identity }
    return pictureFrames.transform(ofInput: index)
  }

  /// What the last frame whose caller gave no outputs left in one of them, until the next such frame; nil where every
  /// input is not declared.
  public func keptOutput(_ index: Int) -> UnsafeBufferPointer<Float>? {
    guard let pictureFrames, model.outputs.indices.contains(index) else { return nil }
    if let store { return store.keptOutput(index) }
    return UnsafeBufferPointer(
      start: UnsafePointer(pictureFrames.outputs[index]), count: model.outputs[index].byteCount / 4)
  }

  /// Where outputs go that no caller takes.
  func ownOutputs(_ frames: PictureFrames) -> UnsafeBufferPointer<UnsafeMutablePointer<Float>?> {
    store?.room ?? UnsafeBufferPointer(frames.outputs)
  }

  /// - Returns: What frames on pictures need.
  private func require(_ pictures: UnsafeBufferPointer<Picture>) throws(SessionError) -> PictureFrames {
    guard pictures.count == model.inputs.count else {
      throw .portCount(.input, expected: model.inputs.count, found: pictures.count)
    }
    guard let frames = pictureFrames else {
      let index = declaredPictures.firstIndex { $0 == nil } ?? 0
      throw .picture(index: index, .undeclared)
    }
    for index in pictures.indices {
      do throws(PictureFault) {
        try pictures[index].requireSound()
      } catch {
        throw .picture(index: index, error)
      }
    }
    return frames
  }

  private mutating func runCalls(
    ofLevel level: Int, _ frames: PictureFrames, _ pictures: UnsafeBufferPointer<Picture>,
    _ outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>, deadline: UInt64
  ) -> WorkerPool.FrameTimes {
    let isWatched = isTurnToWatch(level: level)
    let calls = isWatched ? frames.watched ?? frames.main : frames.main
    for index in pictures.indices { frames.set(pictures[index], input: index, isWatched: isWatched) }
    calls.table.setPorts(inputs: UnsafeBufferPointer(frames.inputs), outputs: outputs)
    pool.use(calls.table)
    noteTransform(frames.transform(ofInput: 0))
    var times = pool.run(calls.table.levels[isWatched ? 0 : level], deadline: deadline)
    if let call = times.unfinishedCall { times.unfinishedCall = calls.origin(ofCall: call) }
    if isWatched { endWatchedFrame(isFinished: times.unfinishedCall == nil) }
    return times
  }
}
