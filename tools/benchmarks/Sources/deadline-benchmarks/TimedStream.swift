import EspalierRuntime

/// What one frame with a deadline did, by its verdict and by a clock and a comparison of its own.
struct TimedFrame {
  let verdict: FrameVerdict
  /// Nanoseconds from the deadline to the end of the call; 0 where it ended before.
  let overshoot: UInt64
  /// Whether the outputs are bit for bit those of an undisturbed frame.
  let isIdentical: Bool
  /// Whether no output was written to.
  let isUntouched: Bool
  /// Whether the verdict is what clock and outputs say.
  let isRight: Bool

  var isCancelled: Bool {
    if case .cancelled = verdict.outcome { true } else { false }
  }
}

/// Frames of one fixed pattern through a pack, in buffers that exist before the first of them.
struct TimedStream: ~Copyable {
  private static let untouched: UInt32 = 0x7FC1_2345
  private var session: Session
  private let inputs: UnsafeMutableBufferPointer<UnsafePointer<Float>?>
  private let outputs: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>?>
  private let rooms: [UnsafeMutableBufferPointer<Float>]
  private var reference: [[UInt32]] = []
  /// As the session measured it.
  let statedDistance: UInt64

  init(_ path: String, threads: Int, priority: Int) throws {
    let model = try Model(path: path)
    var policy = ThreadPolicy()
    policy.priority = priority
    policy.placesCallingThread = true
    var session = try Session(model, threads: threads, policy: policy)
    statedDistance = try session.prepare(warmUpFrames: 20).checkpointNanoseconds
    inputs = .allocate(capacity: model.inputs.count)
    outputs = .allocate(capacity: model.outputs.count)
    for (index, port) in model.inputs.enumerated() {
      let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: port.byteCount / 4)
      for position in room.indices { room[position] = Float(position % 255) / 127.5 - 1 }
      inputs.initializeElement(at: index, to: UnsafePointer(room.baseAddress))
    }
    rooms = model.outputs.map { UnsafeMutableBufferPointer<Float>.allocate(capacity: $0.byteCount / 4) }
    for (index, room) in rooms.enumerated() { outputs.initializeElement(at: index, to: room.baseAddress) }
    self.session = session
  }

  /// Keeps the outputs of an undisturbed frame, to compare with.
  mutating func keepReference() throws {
    _ = try session.run(
      inputs: UnsafeBufferPointer(inputs), outputs: UnsafeBufferPointer(outputs), deadline: .none)
    reference = rooms.map { $0.map(\.bitPattern) }
  }

  var counters: SessionCounters { session.counters }

  /// Of frames that have no deadline.
  mutating func medianNanoseconds(of count: Int) throws -> UInt64 {
    var times: [UInt64] = []
    for _ in 0..<count {
      let verdict = try session.run(
        inputs: UnsafeBufferPointer(inputs), outputs: UnsafeBufferPointer(outputs), deadline: .none)
      times.append(verdict.modelNanoseconds + verdict.overheadNanoseconds)
    }
    return times.sorted()[count / 2]
  }

  /// Runs a frame that must end so many nanoseconds after it began.
  mutating func run(within nanoseconds: UInt64) throws -> TimedFrame {
    for room in rooms { room.update(repeating: Float(bitPattern: Self.untouched)) }
    let start = MonotonicInstant.now
    let deadline = start.advanced(byNanoseconds: nanoseconds)
    let verdict = try session.run(
      inputs: UnsafeBufferPointer(inputs), outputs: UnsafeBufferPointer(outputs), deadline: .at(deadline))
    let end = MonotonicInstant.now
    let isIdentical = zip(rooms, reference).allSatisfy { room, expected in
      room.elementsEqual(expected) { $0.bitPattern == $1 }
    }
    let isUntouched = rooms.allSatisfy { room in room.allSatisfy { $0.bitPattern == Self.untouched } }
    let isRight =
      switch verdict.outcome {
      case .met: isIdentical && start.advanced(byNanoseconds: verdict.modelNanoseconds) <= deadline
      case .late(let by): isIdentical && by > 0 && deadline.advanced(byNanoseconds: by) <= end
      case .cancelled: !isIdentical && deadline < end
      case .skipped: isUntouched && deadline <= end
      }
    let overshoot = end > deadline ? end.nanoseconds - deadline.nanoseconds : 0
    return TimedFrame(
      verdict: verdict, overshoot: overshoot, isIdentical: isIdentical, isUntouched: isUntouched,
      isRight: isRight)
  }
}
