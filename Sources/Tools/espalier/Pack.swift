internal import CEspalierKernels
internal import EspalierPlan
internal import EspalierRuntime

/// Packed files as the commands use them.
enum Pack {
  /// - Throws: `CommandError` that names the file.
  static func load(_ path: String) throws -> Model {
    do { return try Model(path: path) } catch {
      switch error {
      case .unreadable: throw CommandError("\(error)")
      default: throw CommandError("'\(path)': \(error)")
      }
    }
  }

  /// The name of a kernel family in kernels.def.
  static func familyName(_ number: UInt16) -> String {
    guard let family = espalier_family_numbered(number), let name = family.pointee.name else {
      return "family \(number)"
    }
    return String(cString: name)
  }

  /// The instruction set of the kernel that this processor gets for a family.
  static func variantName(_ number: UInt16) -> String {
    let sets = InstructionSet.allCases.filter { $0.rawValue <= InstructionSet.limit.rawValue }
    let available = sets.filter {
      espalier_kernel_exactly(number, espalier_isa(numericCast($0.rawValue))) != nil
    }
    return available.last?.name ?? "none"
  }
}

/// A session with buffers for its inputs and outputs, made once.
struct FrameRunner: ~Copyable {
  private var session: Session
  let model: Model
  let threads: Int
  private let inputs: UnsafeMutableBufferPointer<UnsafePointer<Float>?>
  private let outputs: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>?>
  private let storage: [UnsafeMutableBufferPointer<Float>]
  /// Nanoseconds of each call of the last frame that was profiled, and of the calling thread's waiting.
  private let timings: UnsafeMutableBufferPointer<UInt64>

  /// - Parameter levels: Those that frames may go through; nil: all.
  init(
    _ model: Model, threads: Int, policy: ThreadPolicy = ThreadPolicy(), levels: ClosedRange<Int>? = nil
  ) throws {
    do { session = try Session(model, threads: threads, policy: policy) } catch {
      if case .threadCount = error { throw UsageError("--threads: \(error)") }
      throw error
    }
    if let levels { session.allowedLevels = levels }
    self.model = model
    self.threads = threads
    let ports = model.inputs + model.outputs
    let storage = ports.map { port in
      let count = max(1, port.byteCount / 4)
      let raw = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
      let buffer = UnsafeMutableBufferPointer(
        start: raw.bindMemory(to: Float.self, capacity: count), count: port.byteCount / 4)
      buffer.initialize(repeating: 0)
      return buffer
    }
    self.storage = storage
    inputs = .allocate(capacity: model.inputs.count)
    outputs = .allocate(capacity: model.outputs.count)
    for index in model.inputs.indices {
      inputs.initializeElement(at: index, to: storage[index].baseAddress.map { UnsafePointer($0) })
    }
    for index in model.outputs.indices {
      outputs.initializeElement(at: index, to: storage[model.inputs.count + index].baseAddress)
    }
    timings = .allocate(capacity: model.calls.count + 2)
    timings.initialize(repeating: 0)
  }

  deinit {
    for buffer in storage { buffer.baseAddress?.deallocate() }
    inputs.deallocate()
    outputs.deallocate()
    timings.deallocate()
  }

  /// Copies frame number `frame` of every input into place.
  func load(_ frames: [InputFrames], frame: Int) {
    for (index, source) in frames.enumerated() {
      let size = storage[index].count
      _ = storage[index].update(from: source.elements[(frame * size)..<((frame + 1) * size)])
    }
  }

  /// Runs the frame that was loaded last.
  mutating func run() throws {
    try session.run(inputs: UnsafeBufferPointer(inputs), outputs: UnsafeBufferPointer(outputs))
  }

  /// As `run`, against a deadline.
  mutating func run(deadline: Deadline, frame: FrameStamp = FrameStamp()) throws -> FrameVerdict {
    try session.run(
      inputs: UnsafeBufferPointer(inputs), outputs: UnsafeBufferPointer(outputs), deadline: deadline,
      frame: frame)
  }

  /// Warms the session up, places the calling thread, and says what it got.
  ///
  /// - Parameter locksMemory: Whether to keep the session's memory from being paged out.
  @discardableResult
  mutating func prepare(locksMemory: Bool = false) throws -> SessionFacts {
    try session.prepare(locksMemory: locksMemory)
  }

  /// What became of the frames so far, by the session's own counters.
  var counters: VerdictCounts { VerdictCounts(session.monitor.counters) }

  /// How a frame's inputs lie one behind the other.
  var inputLayout: InputLayout { InputLayout(byteCounts: model.inputs.map(\.byteCount)) }

  /// Lets frames from now on read their inputs from there.
  ///
  /// - Parameter frame: As `inputLayout` says; valid as long as frames run. Nil: from where `load` puts them.
  func readInputs(_ layout: InputLayout, from frame: UnsafeRawPointer?) {
    for index in inputs.indices {
      inputs[index] =
        frame.map { ($0 + layout.offsets[index]).assumingMemoryBound(to: Float.self) }
        ?? storage[index].baseAddress.map { UnsafePointer($0) }
    }
  }

  /// Gathers statistics of the model's watched tensors in one of `interval` frames.
  mutating func watch(every interval: Int, alarm: @escaping @Sendable (RoadAlarm) -> Void) throws {
    do { try session.watch(every: interval, alarm: alarm) } catch {
      throw CommandError("--watch-every: \(error)")
    }
  }

  var watchedFrameCount: UInt64 { session.watchedFrameCount }

  /// The session's Prometheus text.
  func metrics() -> [UInt8] {
    let count = session.writeMetrics(into: UnsafeMutableBufferPointer(start: nil, count: 0))
    return [UInt8](unsafeUninitializedCapacity: count) { room, written in
      written = session.writeMetrics(into: UnsafeMutableBufferPointer(rebasing: room[..<count]))
    }
  }

  /// As `run`, measuring every call.
  ///
  /// - Returns: Nanoseconds of each call.
  mutating func profile() throws -> [UInt64] {
    try profileInPlace()
    return timedCalls
  }

  /// As `profile`, leaving its times in `timedCalls`, so that nothing is allocated.
  mutating func profileInPlace() throws {
    try session.run(
      inputs: UnsafeBufferPointer(inputs), outputs: UnsafeBufferPointer(outputs), timings: timings)
  }

  /// Nanoseconds of each call of the last frame that was profiled.
  var timedCalls: [UInt64] { Array(timings.prefix(level.calls.count)) }

  /// Nanoseconds that the calling thread waited in that frame for the work of others, and at barriers where all were.
  var waiting: (work: UInt64, barriers: UInt64) {
    (timings[level.calls.count], timings[level.calls.count + 1])
  }

  /// The level that frames without a deadline go through.
  var level: Plan.Level { model.levels[session.allowedLevels.lowerBound] }

  /// The elements of output `index` after the last frame.
  func output(_ index: Int) -> [Float] { Array(storage[model.inputs.count + index]) }
}
