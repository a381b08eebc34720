internal import EspalierPlan

/// Outputs that a session keeps for itself, so that results can be read from them: those of the last frame that was
/// computed to its end, and room for the next.
final class ResultStore: @unchecked Sendable {
  private enum State {
    case noFrame, kept, givenAway
  }

  private var reader: ResultReader
  private let memory: SystemMemory
  /// Two sets of pointers, one for each output.
  private let pointers: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>?>
  private let outputCount: Int
  /// The elements of each output.
  private let outputCounts: [Int]
  private var state = State.noFrame
  /// The set that the next frame writes to, 0 or 1; the other holds the last one.
  private var next = 0
  /// Where the last frame's picture is.
  private var transform: PictureTransform
  /// Likewise of the frame that is run now.
  var nextTransform: PictureTransform
  private let wholeInput: PictureTransform
  /// What was read from the last frame.
  private var boxes: UnsafeMutableBufferPointer<DetectedBox>?
  private var classes: UnsafeMutableBufferPointer<RankedClass>?

  /// - Throws: `outOfMemory`.
  init(_ model: Model, _ results: Plan.Results) throws(ResultError) {
    reader = try ResultReader(results, inputs: model.inputs, outputs: model.outputs)
    outputCount = model.outputs.count
    outputCounts = model.outputs.map { $0.byteCount / 4 }
    var plan = MemoryPlan()
    let pointerRoom = plan.room(for: UnsafeMutablePointer<Float>?.self, count: outputCount * 2)
    var rooms: [MemoryPlan.Room<Float>] = []
    for _ in 0..<2 {
      for port in model.outputs { rooms.append(plan.room(for: Float.self, count: port.byteCount / 4)) }
    }
    guard let memory = SystemMemory(byteCount: plan.byteCount) else {
      throw .outOfMemory(byteCount: plan.byteCount)
    }
    self.memory = memory
    pointers = pointerRoom.bound(in: memory)
    for (index, room) in rooms.enumerated() { pointers[index] = room.bound(in: memory).baseAddress }
    wholeInput = PictureTransform(inputWidth: reader.layout.width, inputHeight: reader.layout.height)
    (transform, nextTransform) = (wholeInput, wholeInput)
  }

  /// What a model's sessions need; nil where the pack does not say what the outputs mean.
  static func of(_ model: Model) throws(SessionError) -> ResultStore? {
    guard let results = model.results else { return nil }
    do throws(ResultError) {
      return try ResultStore(model, results)
    } catch {
      guard case .outOfMemory(let byteCount) = error else {
        preconditionFailure("the results of a checked pack do not fit its outputs")
      }
      throw .outOfMemory(byteCount: byteCount)
    }
  }

  /// Where all of its outputs lie.
  var bytes: UnsafeRawBufferPointer { memory.bytes }

  /// Where the next frame's outputs go where the caller gives no buffers.
  var room: UnsafeBufferPointer<UnsafeMutablePointer<Float>?> {
    UnsafeBufferPointer(rebasing: pointers[next * outputCount..<(next + 1) * outputCount])
  }

  /// Notes what became of a frame.
  ///
  /// - Parameters:
  ///   - outputs: Where its outputs went.
  ///   - isComplete: Whether it was computed to its end.
  func conclude(_ outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>, isComplete: Bool) {
    defer { nextTransform = wholeInput }
    guard isComplete else { return }
    (boxes, classes) = (nil, nil)
    guard outputs.baseAddress == room.baseAddress else {
      state = .givenAway
      return
    }
    state = .kept
    transform = nextTransform
    next = 1 - next
  }

  /// Reads with other thresholds from now on, the last frame's results too.
  func use(_ reader: ResultReader) {
    self.reader = reader
    (boxes, classes) = (nil, nil)
  }

  /// One of the last frame's outputs; nil where there is none.
  func keptOutput(_ index: Int) -> UnsafeBufferPointer<Float>? {
    guard state == .kept, let start = pointers[(1 - next) * outputCount + index] else { return nil }
    return UnsafeBufferPointer(start: start, count: outputCounts[index])
  }

  /// The last frame's boxes in pixels of its picture, the likeliest first.
  func readBoxes() throws(ResultError) -> UnsafeMutableBufferPointer<DetectedBox> {
    if let boxes { return boxes }
    let found = try reader.boxes(in: lastOutputs())
    let input = (width: reader.layout.width, height: reader.layout.height)
    for index in found.indices { found[index] = transform.box(found[index], input: input) }
    boxes = found
    return found
  }

  func readClasses() throws(ResultError) -> UnsafeMutableBufferPointer<RankedClass> {
    if let classes { return classes }
    let found = try reader.classes(in: lastOutputs())
    classes = found
    return found
  }

  func fill(_ mask: MaskRoom, withMask index: Int) throws(ResultError) {
    try reader.fill(mask, withMask: index, of: lastOutputs(), transform: transform)
  }

  private func lastOutputs() throws(ResultError) -> UnsafeBufferPointer<UnsafePointer<Float>?> {
    switch state {
    case .noFrame: throw .noFrame
    case .givenAway: throw .outputsGivenAway
    case .kept:
      let last = pointers.baseAddress.unsafelyUnwrapped + (1 - next) * outputCount
      return UnsafeBufferPointer(
        start: UnsafeRawPointer(last).assumingMemoryBound(to: UnsafePointer<Float>?.self), count: outputCount)
    }
  }
}
