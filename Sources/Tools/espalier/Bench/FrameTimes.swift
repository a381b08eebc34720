internal import CMeasure
internal import EspalierRuntime

/// Frame after frame, each timed from inputs ready in memory to outputs ready in memory.
struct FrameTimes {
  private(set) var samples: [FrameSample] = []
  /// From the first timed frame's beginning to the last one's end.
  private(set) var seconds = 0.0
  /// What became of the frames by the session's own counters.
  private(set) var sessionCounts = VerdictCounts()
  /// What the camera gave; nil where there was none.
  private(set) var camera: CameraFacts?

  /// A camera's frames from its first to its end.
  struct CameraFacts {
    /// The most frames that wait in a queue.
    let capacity: Int
    /// Frames that came due.
    let given: Int
    let mailbox: MailboxCounters
  }

  /// Back to back.
  init(_ runner: inout FrameRunner, _ frames: [InputFrames], warmup: Int, iterations: Int) throws {
    try self.init(
      &runner, frames, warmup: Warmup(frames: warmup), pace: .backToBack, until: StopRule(frames: iterations))
  }

  /// - Parameters:
  ///   - deadline: Milliseconds that a frame has from its beginning, or from when the camera gave it.
  ///   - cores: Where the camera's thread may run; where the caller does, if there are none.
  init(
    _ runner: inout FrameRunner, _ frames: [InputFrames], warmup: Warmup, pace: Pace, until rule: StopRule,
    deadline: Double? = nil, cores: [Int] = []
  ) throws {
    runner.load(frames, frame: 0)
    try Self.warm(&runner, warmup)
    makeRoom(for: rule, pace)
    var gate = try Gate(pace, frames, layout: runner.inputLayout, cores: cores)
    defer { runner.readInputs(runner.inputLayout, from: nil) }
    let before = runner.counters
    try measure(&runner, frames, &gate, rule, deadline: deadline.map { UInt64($0 * 1e6) })
    sessionCounts = runner.counters - before
    camera = gate.end()
  }

  /// Memory for all frames that can be foreseen, touched now, so that none is touched first while they are timed.
  private mutating func makeRoom(for rule: StopRule, _ pace: Pace) {
    var count = max(rule.estimate(frames: 0, seconds: 0), 1 << 14)
    if case .camera(let rate, _, _) = pace { count = max(count, Int(min(1e6, rate * rule.leastSeconds)) + 1) }
    samples = Array(repeating: FrameSample(), count: min(1 << 20, count))
    samples.removeAll(keepingCapacity: true)
  }

  private static func warm(_ runner: inout FrameRunner, _ warmup: Warmup) throws {
    let start = ContinuousClock.now
    var progress = Progress("warming up", total: warmup.frames)
    var count = 0
    while count < warmup.frames || (ContinuousClock.now - start).milliseconds < warmup.seconds * 1_000 {
      try runner.run()
      count += 1
      progress.update(min(count, warmup.frames))
    }
    progress.finish()
  }

  private mutating func measure(
    _ runner: inout FrameRunner, _ frames: [InputFrames], _ gate: inout Gate, _ rule: StopRule,
    deadline: UInt64?
  ) throws {
    var rule = rule
    let count = gate.isCamera ? 1 : frames.first?.frameCount ?? 1
    let begin = measure_clock()
    var progress = Progress("timing frames", total: rule.estimate(frames: 0, seconds: 0))
    while !rule.isEnough(frames: samples.count, seconds: seconds) {
      if count > 1 { runner.load(frames, frame: samples.count % count) }
      guard let next = gate.await(&runner) else { break }
      let sample = try Self.time(&runner, next, deadline: deadline)
      gate.passed(sample)
      samples.append(sample)
      seconds = Double(sample.end - begin) / 1e9
      for time in Self.judged(sample, gate.mode) { rule.add(time) }
      progress.total = rule.estimate(frames: samples.count, seconds: seconds)
      progress.update(samples.count)
    }
    progress.finish()
  }

  /// - Parameters:
  ///   - sample: Says which frame it is; the rest is filled in.
  ///   - deadline: Nanoseconds from when the camera gave the frame, without one from its beginning.
  private static func time(
    _ runner: inout FrameRunner, _ sample: FrameSample, deadline: UInt64?
  ) throws -> FrameSample {
    var sample = sample
    let isGiven = sample.due != 0
    let stamp = FrameStamp(
      sequence: isGiven ? UInt64(sample.index) : nil,
      captured: isGiven ? MonotonicInstant(nanoseconds: sample.due) : nil)
    let counters = ProcessUsage.counters
    let processor = ProcessUsage.processorNanoseconds
    measure_count_allocations(1)
    sample.start = measure_clock()
    if let deadline { sample.deadline = (isGiven ? sample.due : sample.start) + deadline }
    let limit = MonotonicInstant(nanoseconds: sample.deadline)
    sample.verdict = try runner.run(deadline: deadline == nil ? .none : .at(limit), frame: stamp)
    sample.end = measure_clock()
    measure_count_allocations(0)
    sample.processor = ProcessUsage.processorNanoseconds - processor
    sample.counters = ProcessUsage.counters - counters
    if !isGiven { sample.due = sample.start }
    return sample
  }

  /// The frames that were computed to the end.
  var complete: [FrameSample] { samples.filter(\.verdict.isComplete) }
  /// Milliseconds of each of them.
  var wall: [Double] { complete.map(\.milliseconds) }
  /// Milliseconds from the camera's frame to the outputs; those of `wall` without a camera.
  var ages: [Double] { complete.map(\.age) }
  /// Milliseconds that all threads together spent on processors, for each of them.
  var processor: [Double] { complete.map { Double($0.processor) / 1e6 } }
  /// How many were not computed to the end.
  var incompleteCount: Int { samples.count - complete.count }
  /// What a bar is held against, in milliseconds; a frame without outputs took for ever.
  var judged: [Double] {
    let mode = camera.map { $0.capacity == 0 ? CameraMode.drop : .queue }
    return samples.flatMap { Self.judged($0, mode) }
  }
  var counts: VerdictCounts { VerdictCounts(samples.map(\.verdict)) }
  /// Milliseconds of the frames during which no processor was taken away.
  var undisturbed: [Double] {
    complete.filter { $0.counters.involuntarySwitches == 0 }.map(\.milliseconds)
  }
  /// Frames that the camera gave and nobody computed.
  var dropped: Int { samples.reduce(0) { $0 + $1.dropped } }
  /// Of all frames together.
  var counters: SystemCounters { samples.reduce(SystemCounters()) { $0 + $1.counters } }

  /// Where frames are to wait in a queue, those that found no room are frames without outputs.
  private static func judged(_ sample: FrameSample, _ mode: CameraMode?) -> [Double] {
    let own =
      !sample.verdict.isComplete ? .infinity : mode == nil ? sample.milliseconds : sample.age
    return Array(repeating: .infinity, count: mode == .queue ? sample.dropped : 0) + [own]
  }
}

/// Waits until the next frame begins.
private struct Gate {
  private let pace: Pace
  private let layout: InputLayout
  private var feed: CameraFeed?
  private var index = 0
  private var lastEnd = measure_clock()

  /// A camera's first frame comes 20 milliseconds from now.
  init(_ pace: Pace, _ frames: [InputFrames], layout: InputLayout, cores: [Int]) throws {
    (self.pace, self.layout) = (pace, layout)
    measure_wake_on_time()
    if case .camera(let rate, let mode, let waiting) = pace {
      feed = try CameraFeed(
        frames, layout: layout, pacing: CameraPacing(rate: rate, start: lastEnd + 20_000_000), mode: mode,
        capacity: waiting, cores: cores)
    }
  }

  var isCamera: Bool { feed != nil }
  var mode: CameraMode? { feed?.mode }

  /// Which frame it is, as soon as it may begin; the runner reads a camera's where it lies.
  mutating func `await`(_ runner: inout FrameRunner) -> FrameSample? {
    if let feed {
      guard let frame = feed.take(), let number = frame.stamp.sequence else { return nil }
      runner.readInputs(layout, from: frame.bytes.baseAddress)
      let place = Int(number)
      defer { index = place + 1 }
      return FrameSample(index: place, due: frame.stamp.captured?.nanoseconds ?? 0, dropped: place - index)
    }
    defer { index += 1 }
    if case .idle(let gap) = pace { measure_sleep_until(lastEnd + gap) }
    return FrameSample(index: index)
  }

  mutating func passed(_ sample: FrameSample) { lastEnd = sample.end }

  /// What the camera gave; nil where there is none.
  func end() -> FrameTimes.CameraFacts? {
    guard let feed else { return nil }
    let (given, counters) = feed.end()
    return FrameTimes.CameraFacts(
      capacity: feed.mode == .drop ? 0 : feed.capacity, given: given, mailbox: counters)
  }
}
