extension Session {
  /// Runs one frame through the first of the allowed levels.
  ///
  /// - Parameters:
  ///   - inputs: For each input of the model its elements, row by row in the ONNX model's layout; as many
  ///     as `model.inputs[i].byteCount / 4`. Nothing of them is kept.
  ///   - outputs: For each output of the model room for its elements. No output may overlap an input. None at all: the
  ///     session keeps them, for `boxes`, `classes` or `fill`, where the pack says what they mean.
  ///   - timings: Gets the nanoseconds of each call of the level, its waiting included; behind them, where there is
  ///     room for two more, those that it waited for the work of other threads, and those that it waited at barriers
  ///     where all had arrived. Empty: nothing is measured.
  /// - Throws: `portCount`, `missingBuffer` or `timingCount` before anything runs.
  public mutating func run(
    inputs: UnsafeBufferPointer<UnsafePointer<Float>?>,
    outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>,
    timings: UnsafeMutableBufferPointer<UInt64> = UnsafeMutableBufferPointer(start: nil, count: 0)
  ) throws(SessionError) {
    let level = table.levels[allowedLevels.lowerBound]
    guard timings.isEmpty || timings.count >= level.calls.count else {
      throw .timingCount(expected: level.calls.count, found: timings.count)
    }
    let outputs = outputsOrOwn(outputs)
    try bind(inputs, outputs)
    if timings.isEmpty, beginsWatchedFrame(ofLevel: allowedLevels.lowerBound, inputs, outputs) {
      pool.run(watchedLevel, timings: nil)
      _ = endWatchedFrame(unfinishedCall: nil)
    } else {
      let waiting =
        timings.count > level.calls.count + 1 ? timings.baseAddress.map { $0 + level.calls.count } : nil
      pool.run(level, timings: timings.isEmpty ? nil : timings.baseAddress, waiting: waiting)
    }
    store?.conclude(outputs, isComplete: true)
    pool.signals.count(.met)
  }

  /// Runs one frame on the calling thread alone and lets the caller look into the arena after each call.
  ///
  /// The bits are those of `run`. Meant for finding out where two models part.
  ///
  /// - Parameter observe: Gets the call's index and the arena as it is after that call.
  public mutating func run(
    inputs: UnsafeBufferPointer<UnsafePointer<Float>?>,
    outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>, observe: (Int, ArenaView) -> Void
  ) throws(SessionError) {
    let outputs = outputsOrOwn(outputs)
    try bind(inputs, outputs)
    let view = ArenaView(UnsafeRawBufferPointer(start: arena.base, count: model.touchedArenaByteCount))
    pool.runAlone(table.levels[allowedLevels.lowerBound]) { observe($0, view) }
    store?.conclude(outputs, isComplete: true)
    pool.signals.count(.met)
  }

  /// Runs one frame on buffers that the caller guarantees to be large enough.
  public mutating func run(
    inputs: [UnsafePointer<Float>], outputs: [UnsafeMutablePointer<Float>]
  ) throws(SessionError) {
    let inputs = inputs.map { Optional($0) }
    let outputs = outputs.map { Optional($0) }
    try inputs.withUnsafeBufferPointer { inputs throws(SessionError) in
      try outputs.withUnsafeBufferPointer { outputs throws(SessionError) in
        try run(inputs: inputs, outputs: outputs)
      }
    }
  }

  /// Runs one frame of a model with one input and one output.
  ///
  /// - Throws: Also `elementCount` where a span has another length than its port.
  public mutating func run(_ input: Span<Float>, into output: inout MutableSpan<Float>) throws(SessionError) {
    try withPorts(input, &output) { session, inputs, outputs throws(SessionError) in
      try session.run(inputs: inputs, outputs: outputs)
    }
  }

  /// Hands the only input and the only output over as lists of buffers.
  @inline(__always)
  mutating func withPorts(
    _ input: Span<Float>, _ output: inout MutableSpan<Float>,
    _ body: (
      inout Session, UnsafeBufferPointer<UnsafePointer<Float>?>,
      UnsafeBufferPointer<UnsafeMutablePointer<Float>?>
    ) throws(SessionError) -> Void
  ) throws(SessionError) {
    try requirePorts(1, 1)
    try requireElements(.input, index: 0, found: input.count)
    try requireElements(.output, index: 0, found: output.count)
    try input.withUnsafeBufferPointer { input throws(SessionError) in
      try output.withUnsafeMutableBufferPointer { output throws(SessionError) in
        var input = input.baseAddress
        var output = output.baseAddress
        try withUnsafePointer(to: &input) { input throws(SessionError) in
          try withUnsafePointer(to: &output) { output throws(SessionError) in
            try body(
              &self, UnsafeBufferPointer(start: input, count: 1),
              UnsafeBufferPointer(start: output, count: 1))
          }
        }
      }
    }
  }

  /// Runs one frame on copies of the inputs; allocates the outputs.
  ///
  /// - Throws: Also `elementCount` where an input has another length than its port.
  public mutating func run(_ inputs: [[Float]]) throws(SessionError) -> [[Float]] {
    try requirePorts(inputs.count, model.outputs.count)
    for (index, input) in inputs.enumerated() {
      try requireElements(.input, index: index, found: input.count)
    }
    var copies: [UnsafePointer<Float>] = []
    var results: [UnsafeMutablePointer<Float>] = []
    defer {
      for copy in copies { copy.deallocate() }
      for result in results { result.deallocate() }
    }
    for input in inputs {
      let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: input.count)
      _ = copy.initialize(from: input)
      copies.append(UnsafePointer(copy.baseAddress.unsafelyUnwrapped))
    }
    for byteCount in table.outputByteCounts {
      let room = UnsafeMutablePointer<Float>.allocate(capacity: byteCount / 4)
      room.initialize(repeating: 0, count: byteCount / 4)
      results.append(room)
    }
    try run(inputs: copies, outputs: results)
    var outputs: [[Float]] = []
    for (index, result) in results.enumerated() {
      let elements = UnsafeBufferPointer(start: result, count: table.outputByteCounts[index] / 4)
      outputs.append(Array(elements))
    }
    return outputs
  }

  /// Points the calls at the caller's buffers, and the pool at the calls.
  mutating func bind(
    _ inputs: UnsafeBufferPointer<UnsafePointer<Float>?>,
    _ outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>
  ) throws(SessionError) {
    try requirePorts(inputs.count, table.outputByteCounts.count)
    try requireBuffers(outputs: outputs)
    for index in inputs.indices where inputs[index] == nil && table.inputByteCounts[index] > 0 {
      throw .missingBuffer(.input, index: index)
    }
    lastFrameHadPictures = false
    table.setPorts(inputs: inputs, outputs: outputs)
    pool.use(table)
  }

  /// - Throws: `portCount` or `missingBuffer`.
  func requireBuffers(
    outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>
  ) throws(SessionError) {
    try requirePorts(table.inputByteCounts.count, outputs.count)
    for index in outputs.indices where outputs[index] == nil && table.outputByteCounts[index] > 0 {
      throw .missingBuffer(.output, index: index)
    }
  }

  private func requirePorts(_ inputs: Int, _ outputs: Int) throws(SessionError) {
    guard inputs == table.inputByteCounts.count else {
      throw .portCount(.input, expected: table.inputByteCounts.count, found: inputs)
    }
    guard outputs == table.outputByteCounts.count else {
      throw .portCount(.output, expected: table.outputByteCounts.count, found: outputs)
    }
  }

  private func requireElements(
    _ direction: SessionError.Direction, index: Int, found: Int
  ) throws(SessionError) {
    let byteCounts = direction == .input ? table.inputByteCounts : table.outputByteCounts
    guard found == byteCounts[index] / 4 else {
      throw .elementCount(direction, index: index, expected: byteCounts[index] / 4, found: found)
    }
  }
}
