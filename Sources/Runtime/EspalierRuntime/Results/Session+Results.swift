/// Results of frames whose outputs the session keeps: run them with no buffers for outputs. They are those of the last
/// frame that was met or late, whatever became of frames after it. Reading them allocates nothing.
extension Session {
  /// Reads results by other thresholds from now on, those of the last frame too. Allocates; call it between frames.
  ///
  /// - Throws: `notDeclared`, `threshold`, `capacity`, `classThresholds` or `outOfMemory`.
  public mutating func setResultOptions(_ options: ResultOptions) throws(ResultError) {
    guard let store, let results = model.results else { throw .notDeclared }
    try ResultReader.require(options, for: results, inputs: model.inputs, outputs: model.outputs)
    store.use(
      try ResultReader(results, inputs: model.inputs, outputs: model.outputs, options: options))
  }

  /// The last frame's boxes, the likeliest first, in pixels of its picture: of the network's input where the frame was
  /// no picture. Edges may lie beyond the picture.
  ///
  /// - Returns: Valid until the next frame or the next options.
  /// - Throws: `notDeclared`, `otherKind`, `noFrame` or `outputsGivenAway`.
  public mutating func boxes() throws(ResultError) -> UnsafeBufferPointer<DetectedBox> {
    UnsafeBufferPointer(try resultStore().readBoxes())
  }

  /// The last frame's classes, the likeliest first.
  ///
  /// - Returns: Valid until the next frame or the next options; none where an output was no number.
  /// - Throws: As `boxes`.
  public mutating func classes() throws(ResultError) -> UnsafeBufferPointer<RankedClass> {
    UnsafeBufferPointer(try resultStore().readClasses())
  }

  /// Fills a mask that covers the last frame's picture.
  ///
  /// - Parameter index: Which of the network's masks.
  /// - Throws: As `boxes`, and `noSuchMask` or `maskExtents`.
  public mutating func fill(_ mask: MaskRoom, withMask index: Int) throws(ResultError) {
    try resultStore().fill(mask, withMask: index)
  }

  /// Runs one frame of a model with one input and keeps the outputs, for results to be read from them.
  ///
  /// - Throws: `portCount` where the model has other inputs or the pack does not say what its outputs mean,
  ///   `elementCount` where the span has another length than the input.
  @discardableResult
  public mutating func run(
    keepingOutputsOf input: Span<Float>, deadline: Deadline = .none, frame: FrameStamp = FrameStamp()
  ) throws(SessionError) -> FrameVerdict {
    guard model.inputs.count == 1 else {
      throw .portCount(.input, expected: model.inputs.count, found: 1)
    }
    guard input.count == table.inputByteCounts[0] / 4 else {
      throw .elementCount(.input, index: 0, expected: table.inputByteCounts[0] / 4, found: input.count)
    }
    var verdict = FrameVerdict(outcome: .met)
    try input.withUnsafeBufferPointer { input throws(SessionError) in
      var start = input.baseAddress
      try withUnsafePointer(to: &start) { start throws(SessionError) in
        verdict = try run(
          inputs: UnsafeBufferPointer(start: start, count: 1),
          outputs: UnsafeBufferPointer(start: nil, count: 0), deadline: deadline, frame: frame)
      }
    }
    return verdict
  }

  /// Where in its picture the next frame lies; without it the picture is the network's input.
  package mutating func noteTransform(_ transform: PictureTransform) { store?.nextTransform = transform }

  private func resultStore() throws(ResultError) -> ResultStore {
    guard let store else { throw .notDeclared }
    return store
  }

  /// The caller's outputs, or the session's own where it gave none and results can be read from them.
  @inline(__always)
  func outputsOrOwn(
    _ outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>
  ) -> UnsafeBufferPointer<UnsafeMutablePointer<Float>?> {
    guard outputs.isEmpty, let store else { return outputs }
    return store.room
  }
}
