internal import CMeasure
internal import EspalierMedia
internal import EspalierRuntime

/// A pack made ready to be timed, where the command line says.
struct BenchSession: ~Copyable {
  let model: Model
  let inputs: [InputFrames]
  let machine: MachineFacts
  /// From the file to a session, before its first frame.
  let loadMilliseconds: Double
  /// The cores that the process might use before threads were placed.
  let allowedCores: [Int]
  private let locksMemory: Bool
  var runner: FrameRunner

  /// - Throws: `CommandError`, `UsageError`, or the runtime's errors.
  init(_ command: Bench, pack: String) throws {
    try self.init(command.placement, levels: command.frames.levels, pack: pack) {
      try command.frames(for: $0)
    }
  }

  init(
    _ placement: ThreadPlacement, levels: LevelRange?, pack: String, frames: (Model) throws -> [InputFrames]
  ) throws {
    let (model, loadTime) = try timed { try Pack.load(pack) }
    let inputs = try frames(model)
    var machine = MachineFacts.current
    let allowed = machine.allowed_cores
    let (own, policy) = placement.policy(allowed: allowed)
    let start = measure_clock()
    let runner = try FrameRunner(
      model, threads: placement.threads, policy: policy, levels: try levels?.checked(for: model))
    let sessionTime = Double(measure_clock() - start) / 1e6
    if let own {
      machine.allowed_cores = Set(policy.cores.prefix(max(1, placement.threads - 1)) + [own]).sorted()
    }
    (self.inputs, self.machine, loadMilliseconds) = (inputs, machine, loadTime + sessionTime)
    (allowedCores, locksMemory) = (allowed, placement.mlock)
    self.runner = runner
    self.model = model
  }

  /// Runs the first frame, then makes the session ready and keeps the calling thread on its core; after everything that
  /// would inherit that.
  ///
  /// - Returns: Milliseconds of the first frame, and what the session got.
  /// - Throws: `UsageError` where the process may not use the core.
  mutating func prepare() throws -> (first: Double, SessionReport) {
    runner.load(inputs, frame: 0)
    let start = measure_clock()
    try runner.run()
    let first = Double(measure_clock() - start) / 1e6
    do { return (first, SessionReport(try runner.prepare(locksMemory: locksMemory))) } catch {
      if case SessionError.threadRefused(index: 0, _) = error {
        throw UsageError("--cores: this process may not use core \(machine.allowed_cores.first ?? 0)")
      }
      throw error
    }
  }
}

/// `bench` but for `--max-rate`: frames are timed and reported.
struct FrameBench {
  let command: Bench
  let operands: BenchOperands

  func run() throws {
    var session = try BenchSession(command, pack: operands.pack)
    let slo = command.slo
    let alarms = AlarmLog()
    if let interval = command.road.watchEvery { try session.runner.watch(every: interval, alarm: alarms.add) }
    let competitors = try Competitors(command.frames.withLoad)
    let (first, granted) = try session.prepare()
    var facts = BenchReport.Facts(
      pack: operands.pack, threads: command.placement.threads, warmup: command.frames.warmupRule.frames,
      machine: session.machine, session: granted, first: first, load: command.frames.withLoad,
      countsAllocations: measure_can_count_allocations() != 0, loadMilliseconds: session.loadMilliseconds,
      deadline: command.frames.deadlineMilliseconds, levels: session.model.levels, slo: slo)
    print(BenchReport.header(facts) + "\n")
    let times = try FrameTimes(
      &session.runner, session.inputs, warmup: command.frames.warmupRule,
      pace: command.frames.pace(operands.mode), until: command.frames.stopRule(slo),
      deadline: command.frames.deadlineMilliseconds, cores: session.allowedCores)
    competitors.end()
    // Before frames whose calls are timed, which are nobody's.
    if let path = command.road.metrics { try Files.write(session.runner.metrics(), to: path) }
    let watching = command.road.watchEvery.map {
      WatchReport(every: $0, session.model, watchedFrames: session.runner.watchedFrameCount, alarms.alarms)
    }
    guard !times.wall.isEmpty else { throw CommandError(nothing(times)) }
    facts.watching = watching
    facts.camera = command.frames.camera.flatMap { CameraReport(times, rate: $0, mode: operands.mode) }
    if command.output.wantsProfile {
      facts.profile = try Profile(
        &session.runner, frames: min(times.samples.count, 200), peaks: ProcessorPeaks.measured)
    }
    let report = BenchReport(facts, times)
    try BenchResults(options: command.output, report: report, times: times, limit: limit).write()
    if let complaint = report.slo?.complaint(count: report.count) { throw CommandError(complaint) }
  }

  /// What is wrong where there is no latency to report.
  private func nothing(_ times: FrameTimes) -> String {
    let levels = VerdictReport.levels(times.samples.map(\.verdict))
    let deadline = command.frames.deadlineMilliseconds ?? 0
    return "no frame has outputs. \(VerdictReport.deadlineText(deadline, times.counts, late: nil, levels))"
  }

  /// What the plot draws a line at.
  private var limit: (milliseconds: Double, name: String)? {
    if let slo = command.slo { return (slo.milliseconds, "limit of p\(LatencyText.percent(slo.fraction))") }
    return command.frames.deadlineMilliseconds.map { ($0, "deadline") }
  }
}

/// `bench --max-rate`.
struct RateBench {
  let command: Bench
  let pack: String

  func run() throws {
    var session = try BenchSession(command, pack: pack)
    let (inputs, cores) = (session.inputs, session.allowedCores)
    let competitors = try Competitors(command.frames.withLoad)
    let (_, granted) = try session.prepare()
    let trial = try FrameTimes(&session.runner, inputs, warmup: 10, iterations: 100)
    let median = LatencyStatistics(trial.wall).median
    let slo = command.slo
    let search = try RateSearch(highest: 1_000 / median) { rate in
      let question = EarlyStopping(fraction: slo?.fraction ?? 0.99, limit: slo?.milliseconds ?? 1_000 / rate)
      let times = try FrameTimes(
        &session.runner, inputs, warmup: Warmup(frames: 3),
        pace: .camera(rate: rate, .queue, waiting: command.frames.queueLength),
        until: StopRule(asking: question), cores: cores)
      var judge = question
      for age in times.judged { judge.add(age) }
      return (judge.verdict, judge.frames, judge.late)
    }
    competitors.end()
    let report = RateReport(
      pack: pack, threads: command.placement.threads, machine: session.machine, session: granted,
      load: command.frames.withLoad.map(\.text), max_rate_hz: search.sustained, slo: slo?.text,
      median_ms: median, probes: search.probes)
    print(
      "\(pack)\n\(session.machine.text(threads: command.placement.threads))\n\(granted.text)\n\n\(report.text)"
    )
    if command.output.json { try Console.json(report) }
    if search.sustained == 0 {
      throw CommandError("--max-rate: the bar is missed even at \(Format.fixed(100 / median, 1)) Hz")
    }
  }
}
