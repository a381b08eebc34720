internal import ArgumentParser
internal import EspalierRuntime

/// How many frames, and how they follow one another. Other benchmarks' spellings stand beside ours, with their units.
struct FrameOptions: ParsableArguments {
  @Option(
    name: [
      .long, .customShort("n"), .customLong("niter"), .customLong("niter", withSingleDash: true),
      .customLong("number_iterations"), .customLong("num_runs"),
    ],
    help: ArgumentHelp("Frames that are timed: 100, or as many as --slo takes to judge.", valueName: "K"))
  var iterations: Int?

  @Option(
    name: [
      .long, .customShort("t"), .customLong("time"), .customLong("time", withSingleDash: true),
      .customLong("min_secs"),
    ],
    help: ArgumentHelp("Time frames for at least so long (seconds, or with a unit).", valueName: "SECONDS"))
  var duration: Seconds?

  @Option(
    name: [.long, .customLong("max_secs")],
    help: ArgumentHelp("Begin no frame after so long.", valueName: "SECONDS"))
  var maxDuration: Seconds?

  @Option(
    name: [.long, .customShort("w"), .customLong("warmup_runs")],
    help: ArgumentHelp("Frames before them that are not timed.", valueName: "W"))
  var warmup: Int?

  @Option(
    name: [.long, .customLong("warmUp")],
    help: ArgumentHelp("Or so many milliseconds of them.", valueName: "MILLISECONDS"))
  var warmupTime: Milliseconds?

  @Option(name: .customLong("warmup_min_secs"), help: .hidden) var warmupSeconds: Seconds?
  @Flag(name: [.customLong("no_warmup"), .customLong("no_warmup", withSingleDash: true)], help: .hidden)
  var noWarmup = false

  @Option(
    name: [.long, .customLong("run_frequency"), .customLong("max_irate", withSingleDash: true)],
    help: ArgumentHelp(
      """
      A camera gives HZ frames a second on absolute time. Write 'drop' behind it (the newest waits, the default) \
      or 'queue' (they wait in order).
      """, valueName: "HZ"))
  var camera: Double?

  @Option(help: ArgumentHelp("As many wait in the queue; one that finds no room is lost.", valueName: "N"))
  var queueLength = 16

  @Option(
    help: ArgumentHelp(
      """
      Cancel a frame that is not ready so long after it began, or after the camera gave it; with --camera a \
      frame's period where not given.
      """, valueName: "8ms"))
  var deadline: MillisecondsArgument?

  @Option(
    help: ArgumentHelp(
      "Run no other levels of the pack: 0 is the whole network.", valueName: "FIRST[-LAST]"))
  var levels: LevelRange?

  @Option(
    name: [.long, .customLong("idleTime")],
    help: ArgumentHelp("Sleep so long between frames.", valueName: "20ms"))
  var idleGap: Milliseconds?

  @Option(name: .customLong("run_delay"), help: .hidden) var runDelay: Seconds?

  @Option(
    help: ArgumentHelp(
      "Other processes compete: cpu or memory, :N of them (one for each core).", valueName: "cpu|memory[:N]"))
  var withLoad: [CompetingLoad] = []

  func validate() throws {
    if let iterations, iterations < 1 { throw ValidationError("--iterations is at least 1") }
    if let warmup, warmup < 0 { throw ValidationError("--warmup is at least 0") }
    if let camera, !(0.001...1e6 ~= camera) {
      throw ValidationError("--camera is 0.001 to 1000000 frames a second")
    }
    if camera != nil, idleGap != nil || runDelay != nil {
      throw ValidationError("--camera and --idle-gap exclude each other: a camera says when frames come")
    }
    if !(1...1024 ~= queueLength) { throw ValidationError("--queue-length is 1 to 1024 frames") }
  }

  /// What runs untimed; trtexec's and benchmark_model's times replace the count.
  var warmupRule: Warmup {
    let seconds = warmupTime.map { $0.value / 1_000 } ?? warmupSeconds?.value
    return noWarmup
      ? Warmup(frames: 0) : Warmup(frames: warmup ?? (seconds == nil ? 10 : 0), seconds: seconds ?? 0)
  }

  /// How long a frame has, in milliseconds; nil: as long as it takes.
  var deadlineMilliseconds: Double? { deadline?.value ?? camera.map { 1_000 / $0 } }

  func pace(_ mode: CameraMode) -> Pace {
    if let camera { return .camera(rate: camera, mode, waiting: queueLength) }
    guard let gap = idleGap?.value ?? runDelay.map({ $0.value * 1_000 }), gap > 0 else { return .backToBack }
    return .idle(UInt64(gap * 1e6))
  }

  /// When to stop, with or without a bar that asks for an answer.
  func stopRule(_ slo: ServiceLevel?) -> StopRule {
    var rule: StopRule
    if let slo, iterations == nil, duration == nil {
      rule = StopRule(asking: EarlyStopping(slo))
    } else {
      rule = StopRule(frames: iterations ?? (duration == nil ? 100 : 1))
    }
    rule.leastSeconds = duration?.value ?? 0
    rule.mostSeconds = maxDuration?.value ?? .infinity
    return rule
  }
}

/// Who computes a frame.
struct ThreadPlacement: ParsableArguments {
  @Option(
    name: [
      .long, .customLong("nthreads"), .customLong("nthreads", withSingleDash: true),
      .customLong("number_threads"), .customLong("num_threads"),
    ],
    help: ArgumentHelp("Threads that compute a frame.", valueName: "N"))
  var threads = 1

  @Option(
    help: ArgumentHelp(
      "Cores, one for each thread in turn, the calling one first.", valueName: "0,1"))
  var cores: CoreList?

  @Option(
    name: [.customLong("pin", withSingleDash: true), .customLong("infer_threads_pinning")], help: .hidden)
  var pin: YesNo?

  @Option(help: ArgumentHelp("Real-time priority (SCHED_FIFO) of the other threads.", valueName: "P"))
  var priority = 0

  @Option(help: ArgumentHelp("How long they spin for the next frame before they sleep.", valueName: "50us"))
  var spin: Milliseconds?

  @Flag(name: [.customLong("useSpinWait")], help: .hidden) var spinAlways = false

  @Flag(help: "Keep the session's memory from being paged out, as far as the system lets it.")
  var mlock = false

  func validate() throws {
    guard threads > 0 else { throw ValidationError("--threads is at least 1") }
    guard 0...99 ~= priority else { throw ValidationError("--priority is 0 to 99") }
  }

  /// The calling thread's core and what the session is told; cores that nobody named: those that are allowed.
  func policy(allowed: [Int]) -> (own: Int?, ThreadPolicy) {
    var policy = ThreadPolicy()
    policy.priority = priority
    if let spin { policy.spinBetweenFramesInMicroseconds = Int((spin.value * 1_000).rounded(.up)) }
    if spinAlways { policy.spinBetweenFramesInMicroseconds = 1_000_000 }
    let list = cores?.cores ?? (pin?.value == true ? Array(allowed.prefix(threads)) : [])
    guard let first = list.first else { return (nil, policy) }
    policy.cores = list.count > 1 ? Array(list.dropFirst()) + [first] : list
    policy.callingCore = first
    return (first, policy)
  }
}
