internal import CMeasure
internal import EspalierRuntime

/// A pack made ready to be timed, where the command line says.
struct BenchSession: ~Copyable {
  let model: Model
  let inputs: [InputFrames]
  let machine: MachineFacts
  /// From the file to a session that is ready.
  let loadMilliseconds: Double
  /// Where the calling thread goes; nil: wherever the system puts it.
  private let ownCore: Int?
  var runner: FrameRunner

  /// - Throws: `CommandError`, `UsageError`, or the runtime's errors.
  init(_ command: Bench, pack: String) throws {
    try self.init(command.placement, pack: pack) { try command.frames(for: $0) }
  }

  init(
    _ placement: ThreadPlacement, pack: String, frames: (Model) throws -> [InputFrames]
  ) throws {
    let (model, loadTime) = try timed { try Pack.load(pack) }
    let inputs = try frames(model)
    let (own, policy) = placement.policy(allowed: MachineFacts.current.allowed_cores)
    let start = measure_clock()
    let runner = try FrameRunner(model, threads: placement.threads, policy: policy)
    let sessionTime = Double(measure_clock() - start) / 1e6
    var machine = MachineFacts.current
    if let own {
      machine.allowed_cores = Set(policy.cores.prefix(max(1, placement.threads - 1)) + [own]).sorted()
    }
    (self.inputs, self.machine, loadMilliseconds) = (inputs, machine, loadTime + sessionTime)
    ownCore = own
    self.runner = runner
    self.model = model
  }

  /// Keeps the calling thread on its core; after everything that would inherit that.
  ///
  /// - Throws: `UsageError` where the process may not use it.
  borrowing func pin() throws {
    guard let ownCore, measure_pin(Int32(ownCore)) != 0 else { return }
    throw UsageError("--cores: this process may not use core \(ownCore)")
  }
}

/// `bench` but for `--max-rate`: frames are timed and reported.
struct FrameBench {
  let command: Bench
  let operands: BenchOperands

  func run() throws {
    var session = try BenchSession(command, pack: operands.pack)
    let slo = command.slo
    var facts = BenchReport.Facts(
      pack: operands.pack, threads: command.placement.threads, warmup: command.frames.warmupRule.frames,
      machine: session.machine, load: command.frames.withLoad,
      countsAllocations: measure_can_count_allocations() != 0, loadMilliseconds: session.loadMilliseconds,
      multiplyAdds: session.model.multiplyAdds, slo: slo)
    print(BenchReport.header(facts) + "\n")
    let competitors = try Competitors(command.frames.withLoad)
    try session.pin()
    let times = try FrameTimes(
      &session.runner, session.inputs, warmup: command.frames.warmupRule,
      pace: command.frames.pace(operands.mode), until: command.frames.stopRule(slo))
    competitors.end()
    facts.camera = command.frames.camera.map {
      CameraReport(times, rate: $0, mode: operands.mode, deadline: deadline(rate: $0))
    }
    if command.output.wantsProfile {
      facts.profile = try Profile(
        &session.runner, frames: min(times.samples.count, 200), peaks: ProcessorPeaks.measured)
    }
    let report = BenchReport(facts, times)
    try BenchResults(options: command.output, report: report, times: times, limit: limit).write()
    if let complaint = report.slo?.complaint(count: report.count) { throw CommandError(complaint) }
  }

  private func deadline(rate: Double) -> Double { command.frames.deadline?.value ?? 1_000 / rate }

  /// What the plot draws a line at.
  private var limit: (milliseconds: Double, name: String)? {
    if let slo = command.slo { return (slo.milliseconds, "limit of p\(LatencyText.percent(slo.fraction))") }
    return command.frames.camera.map { (deadline(rate: $0), "deadline") }
  }
}

/// `bench --max-rate`.
struct RateBench {
  let command: Bench
  let pack: String

  func run() throws {
    var session = try BenchSession(command, pack: pack)
    let inputs = session.inputs
    let competitors = try Competitors(command.frames.withLoad)
    try session.pin()
    let trial = try FrameTimes(&session.runner, inputs, warmup: 10, iterations: 100)
    let median = LatencyStatistics(trial.wall).median
    let slo = command.slo
    let search = try RateSearch(highest: 1_000 / median) { rate in
      let question = EarlyStopping(fraction: slo?.fraction ?? 0.99, limit: slo?.milliseconds ?? 1_000 / rate)
      let times = try FrameTimes(
        &session.runner, inputs, warmup: Warmup(frames: 3), pace: .camera(rate: rate, .queue),
        until: StopRule(asking: question))
      var judge = question
      for age in times.ages { judge.add(age) }
      return (judge.verdict, judge.frames, judge.late)
    }
    competitors.end()
    let report = RateReport(
      pack: pack, threads: command.placement.threads, machine: session.machine,
      load: command.frames.withLoad.map(\.text), max_rate_hz: search.sustained, slo: slo?.text,
      median_ms: median, probes: search.probes)
    print("\(pack)\n\(session.machine.text(threads: command.placement.threads))\n\n\(report.text)")
    if command.output.json { try Console.json(report) }
    if search.sustained == 0 {
      throw CommandError("--max-rate: the bar is missed even at \(Format.fixed(100 / median, 1)) Hz")
    }
  }
}
