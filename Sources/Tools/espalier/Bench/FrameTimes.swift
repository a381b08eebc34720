internal import CMeasure

/// Frame after frame, each timed from inputs ready in memory to outputs ready in memory.
struct FrameTimes {
  /// Milliseconds of the first frame that the session ever ran.
  let first: Double
  private(set) var samples: [FrameSample] = []
  /// From the first timed frame's beginning to the last one's end.
  private(set) var seconds = 0.0
  /// How many frames the camera gave until the last one was computed.
  private(set) var cameraFrames = 0

  /// Back to back.
  init(_ runner: inout FrameRunner, _ frames: [InputFrames], warmup: Int, iterations: Int) throws {
    try self.init(
      &runner, frames, warmup: Warmup(frames: warmup), pace: .backToBack, until: StopRule(frames: iterations))
  }

  init(
    _ runner: inout FrameRunner, _ frames: [InputFrames], warmup: Warmup, pace: Pace, until rule: StopRule
  ) throws {
    runner.load(frames, frame: 0)
    let start = measure_clock()
    try runner.run()
    first = Double(measure_clock() - start) / 1e6
    try Self.warm(&runner, warmup)
    makeRoom(for: rule, pace)
    try measure(&runner, frames, pace, rule)
  }

  /// Memory for all frames that can be foreseen, touched now, so that none is touched first while they are timed.
  private mutating func makeRoom(for rule: StopRule, _ pace: Pace) {
    var count = max(rule.estimate(frames: 0, seconds: 0), 1 << 14)
    if case .camera(let rate, _) = pace { count = max(count, Int(min(1e6, rate * rule.leastSeconds)) + 1) }
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
    _ runner: inout FrameRunner, _ frames: [InputFrames], _ pace: Pace, _ rule: StopRule
  ) throws {
    var rule = rule
    let count = frames.first?.frameCount ?? 1
    let begin = measure_clock()
    var gate = Gate(pace, begin: begin)
    var progress = Progress("timing frames", total: rule.estimate(frames: 0, seconds: 0))
    while !rule.isEnough(frames: samples.count, seconds: seconds) {
      if count > 1 { runner.load(frames, frame: samples.count % count) }
      let sample = try Self.time(&runner, gate.await())
      gate.passed(sample)
      samples.append(sample)
      seconds = Double(sample.end - begin) / 1e9
      rule.add(gate.isCamera ? sample.age : sample.milliseconds)
      progress.total = rule.estimate(frames: samples.count, seconds: seconds)
      progress.update(samples.count)
    }
    progress.finish()
    cameraFrames = gate.isCamera ? (samples.last?.index ?? -1) + 1 : 0
  }

  /// - Parameter sample: Says which frame it is; the rest is filled in.
  private static func time(_ runner: inout FrameRunner, _ sample: FrameSample) throws -> FrameSample {
    var sample = sample
    let counters = ProcessUsage.counters
    let processor = ProcessUsage.processorNanoseconds
    measure_count_allocations(1)
    sample.start = measure_clock()
    try runner.run()
    sample.end = measure_clock()
    measure_count_allocations(0)
    sample.processor = ProcessUsage.processorNanoseconds - processor
    sample.counters = ProcessUsage.counters - counters
    if sample.due == 0 { sample.due = sample.start }
    return sample
  }

  /// Milliseconds of every frame that was timed.
  var wall: [Double] { samples.map(\.milliseconds) }
  /// Milliseconds from the camera's frame to the outputs; those of `wall` without a camera.
  var ages: [Double] { samples.map(\.age) }
  /// Milliseconds that all threads together spent on processors, for each frame.
  var processor: [Double] { samples.map { Double($0.processor) / 1e6 } }
  /// Milliseconds of the frames during which no processor was taken away.
  var undisturbed: [Double] {
    samples.filter { $0.counters.involuntarySwitches == 0 }.map(\.milliseconds)
  }
  /// Frames that the camera gave and nobody computed.
  var dropped: Int { samples.reduce(0) { $0 + $1.dropped } }
  /// Of all frames together.
  var counters: SystemCounters { samples.reduce(SystemCounters()) { $0 + $1.counters } }
}

/// Waits until the next frame begins.
private struct Gate {
  private let pace: Pace
  private var camera: CameraPacing?
  private var index = 0
  private var lastEnd: UInt64

  /// A camera's first frame comes a millisecond after `begin`.
  init(_ pace: Pace, begin: UInt64) {
    self.pace = pace
    lastEnd = begin
    if case .camera(let rate, let mode) = pace {
      measure_wake_on_time()
      camera = CameraPacing(rate: rate, mode: mode, start: begin + 1_000_000)
    }
  }

  var isCamera: Bool { camera != nil }

  /// Which frame it is, as soon as it may begin.
  mutating func `await`() -> FrameSample {
    defer { index += 1 }
    if let frame = camera?.next(now: measure_clock()) {
      measure_sleep_until(frame.due)
      return FrameSample(index: frame.index, due: frame.due, dropped: frame.dropped)
    }
    if case .idle(let gap) = pace { measure_sleep_until(lastEnd + gap) }
    return FrameSample(index: index)
  }

  mutating func passed(_ sample: FrameSample) { lastEnd = sample.end }
}
