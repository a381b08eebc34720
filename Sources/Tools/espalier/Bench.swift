internal import ArgumentParser
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

      The times of calls are of separate frames. The FMA peak is what one core was
      just measured to do; Winograd kernels, which multiply less often than the
      definition, may pass it.
      """)

  @Argument(help: ArgumentHelp("The packed file.", valueName: "PACK"))
  var pack: String

  @OptionGroup var threading: ThreadOptions

  @Option(
    name: [
      .long, .customShort("n"), .customLong("niter"), .customLong("niter", withSingleDash: true),
    ],
    help: ArgumentHelp("Frames that are timed: 100, or as many as --slo needs.", valueName: "K"))
  var iterations: Int?

  @Option(
    name: [.long, .customShort("w"), .customLong("warmUp")],
    help: ArgumentHelp("Frames before them that are not.", valueName: "W"))
  var warmup = 10

  @OptionGroup var inputs: InputOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Option(
    help: ArgumentHelp(
      "Exit with 1 where more frames take longer, or too few were timed.", valueName: "25ms@p99.9"))
  var slo: ServiceLevel?

  @Flag(
    name: [.long, .customLong("dumpProfile")], help: "Show where the time goes, call by call.")
  var profile = false

  @Option(help: .hidden) var camera: Double?

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func validate() throws {
    if let iterations, iterations < 1 { throw ValidationError("--iterations is at least 1") }
    guard warmup >= 0 else { throw ValidationError("--warmup is at least 0") }
    guard camera == nil else {
      throw ValidationError("--camera does not exist yet in version \(Espalier.version)")
    }
  }

  func run() throws {
    let (model, loadTime) = try timed { try Pack.load(pack) }
    let frames = try self.frames(for: model)
    let start = ContinuousClock.now
    var runner = try FrameRunner(model, threads: threading.threads)
    let sessionTime = (ContinuousClock.now - start).milliseconds
    let count = iterations ?? slo.map { max(100, LatencyStatistics.framesNeeded(for: $0.fraction)) } ?? 100
    let measurement = try FrameTimes(&runner, frames, warmup: warmup, iterations: count)
    let calls = profile ? try Profile(&runner, frames: min(count, 200), peak: ProcessorPeak.measured) : nil
    let report = BenchReport(
      pack: pack, threads: threading.threads, warmup: warmup, times: measurement,
      load: loadTime + sessionTime,
      multiplyAdds: model.multiplyAdds, slo: slo, profile: calls)
    report.show()
    if json { try Console.json(report) }
    if let complaint = report.slo?.complaint(count: report.count) { throw CommandError(complaint) }
  }

  private func frames(for model: Model) throws -> [InputFrames] {
    guard !inputs.input.isEmpty else { return Self.noise(for: model) }
    let reader = FrameReader(
      ports: model.inputs, preprocessing: try pictures.preprocessing(for: model.provenance))
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

/// Normally distributed values, the same for the same seed.
///
/// Source: Vigna's SplitMix64; the sum of twelve uniform values less six.
struct Noise {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> Float {
    var sum: Float = -6
    for _ in 0..<12 { sum += Float(uniform() >> 40) * 0x1p-24 }
    return sum
  }

  private mutating func uniform() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
