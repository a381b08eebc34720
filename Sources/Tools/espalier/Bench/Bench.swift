internal import ArgumentParser
internal import CMeasure
internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime

/// `espalier bench`: how long a frame takes.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how long a frame takes.",
    discussion: """
      One frame after another, each timed from inputs ready in memory to outputs
      ready in memory. A percentile is claimed only when enough frames were run to
      claim it with 99 % confidence: p90 needs 64, p99 662 and p99.9 6,636 of them.
      A frame during which the system gave the processor to somebody else tells
      about that somebody: 'undisturbed' leaves such frames out.

        espalier bench signs.espalier --threads 2 --iterations 1000
        espalier bench signs.espalier --slo 25ms@p99.9    exits with 1 where missed
        espalier bench signs.espalier --iterations 7000 --json | tail -n 1
        espalier bench signs.espalier --profile           which call takes how long

      With --slo alone, frames run until the bar is decided: kept with 99 %
      confidence, or more of them late than that allows. As a camera gives them,
      and beside other processes:

        espalier bench signs.espalier --camera 30 --duration 60 --plot run.html
        espalier bench signs.espalier --camera 30 queue --with-load cpu
        espalier bench signs.espalier --deadline 8ms --levels 1-2 --mlock
        espalier bench signs.espalier --max-rate --slo 10ms@p99

      With --camera, frames go through the runtime's mailbox from a thread of their own,
      and a bar is held against the age of outputs: from the moment at which the frame
      was due. A frame that its deadline ended has no outputs and counts as late:
      latencies are of the others. The header says what the session really got; the
      overhead of the runtime is a call's time without the model's. The times of calls
      are of separate frames. The FMA peak is what one core was just measured to do;
      Winograd kernels, which multiply less often than the definition, may pass it.

      The spellings of trtexec (--loadEngine, --warmUp in milliseconds, --duration,
      --avgRuns, --percentile, --idleTime, --useSpinWait, --dumpProfile,
      --exportTimes, --exportProfile), benchmark_app (-m, -niter, -t in seconds,
      -nthreads, -pc, -latency_percentile, -report_type, -report_folder,
      -json_stats, -pin) and benchmark_model (--graph, --num_threads, --num_runs,
      --warmup_runs, --min_secs, --run_delay, --enable_op_profiling) mean what they
      mean there. Where a number of frames and a duration are given, both are
      reached.
      """)

  @Argument(help: ArgumentHelp("The packed file.", valueName: "PACK"))
  var operands: [String] = []

  @OptionGroup(title: "Frames") var frames: FrameOptions
  @OptionGroup(title: "Threads") var placement: ThreadPlacement
  @OptionGroup(title: "Results") var output: BenchOutputOptions

  @Option(
    help: ArgumentHelp(
      "Exit with 1 where more frames take longer, or too few were timed to tell.", valueName: "25ms@p99.9"))
  var slo: ServiceLevel?

  @Flag(help: "Search the highest rate of a camera at which --slo is kept.")
  var maxRate = false

  @OptionGroup(title: "On the road") var road: RoadOptions
  @OptionGroup(title: "Inputs") var inputs: InputOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions
  @OptionGroup var others: OtherTools

  func validate() throws {
    let operands = try BenchOperands(operands, camera: frames.camera != nil, pack: others.pack)
    if maxRate, frames.camera != nil || frames.iterations != nil {
      throw ValidationError(
        "--max-rate chooses rate and number of frames itself: leave --camera and --iterations out")
    }
    if maxRate, road.watchEvery != nil || road.metrics != nil {
      throw ValidationError("--watch-every and --metrics are of one run of frames: leave --max-rate out")
    }
    _ = operands
  }

  func run() throws {
    let operands = try BenchOperands(operands, camera: frames.camera != nil, pack: others.pack)
    if maxRate { return try RateBench(command: self, pack: operands.pack).run() }
    try FrameBench(command: self, operands: operands).run()
  }

  /// Frames from files, or one of noise.
  func frames(for model: Model) throws -> [InputFrames] {
    guard !inputs.input.isEmpty else { return Self.noise(for: model) }
    let reader = try pictures.reader(for: model)
    return try reader.frames(for: inputs.input)
  }

  /// One frame of seeded noise.
  static func noise(for model: Model) -> [InputFrames] {
    var noise = Noise(seed: 1)
    return model.inputs.map { port in
      let count = port.shape.reduce(1, *)
      return InputFrames(name: port.name, frameCount: 1, elements: (0..<count).map { _ in noise.next() })
    }
  }
}

/// What stands on the command line without a name.
struct BenchOperands: Equatable {
  let pack: String
  let mode: CameraMode

  /// - Parameter pack: The file where another benchmark's option named it.
  init(_ operands: [String], camera: Bool, pack: String?) throws {
    var (files, mode) = (operands, CameraMode?.none)
    if camera, let place = files.firstIndex(where: { CameraMode(rawValue: $0) != nil }) {
      mode = CameraMode(rawValue: files.remove(at: place))
    }
    files += [pack].compactMap { $0 }
    guard let file = files.first else { throw ValidationError("give the packed file: espalier bench PACK") }
    guard files.count == 1 else {
      throw ValidationError(
        "one packed file at a time, not \(files.map { "'\($0)'" }.joined(separator: " and "))")
    }
    self.pack = file
    self.mode = mode ?? .drop
  }
}
