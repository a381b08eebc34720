internal import ArgumentParser
internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime
internal import Foundation

/// `espalier bench`: how long a frame takes.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how long a frame takes.",
    discussion: """
      One frame after another, each timed from inputs ready in memory to outputs
      ready in memory. A percentile is claimed only when enough frames were run to
      claim it with 99 % confidence: p90 needs 64, p99 662 and p99.9 6,636 of them.
      The times of calls (--profile) are of separate frames.

        espalier bench signs.espalier --threads 2 --iterations 1000
        espalier bench signs.espalier --iterations 7000 --json | tail -n 1
        espalier bench signs.espalier --profile
      """)

  @Argument(help: ArgumentHelp("The packed file.", valueName: "PACK"))
  var pack: String

  @OptionGroup var threading: ThreadOptions

  @Option(
    name: [.long, .customShort("n"), .customLong("niter")],
    help: ArgumentHelp("Frames that are timed.", valueName: "K"))
  var iterations = 100

  @Option(
    name: [.long, .customShort("w"), .customLong("warmUp")],
    help: ArgumentHelp("Frames before them that are not.", valueName: "W"))
  var warmup = 10

  @OptionGroup var inputs: InputOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Flag(help: "Show where the time goes, call by call.")
  var profile = false

  @Option(help: .hidden) var camera: Double?
  @Option(help: .hidden) var slo: String?

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func validate() throws {
    guard iterations > 0 else { throw ValidationError("--iterations is at least 1") }
    guard warmup >= 0 else { throw ValidationError("--warmup is at least 0") }
    for (name, isGiven) in [("--camera", camera != nil), ("--slo", slo != nil)] where isGiven {
      throw ValidationError("\(name) does not exist yet in version \(Espalier.version)")
    }
  }

  func run() throws {
    let (model, loadTime) = try timed { try Pack.load(pack) }
    let frames = try self.frames(for: model)
    let start = ContinuousClock.now
    var runner = try FrameRunner(model, threads: threading.threads)
    let sessionTime = (ContinuousClock.now - start).milliseconds
    let measurement = try measure(&runner, frames)
    let report = BenchReport(
      pack: pack, threads: threading.threads, warmup: warmup, times: measurement.times,
      processorTime: measurement.processorTime, load: loadTime + sessionTime, first: measurement.first,
      multiplyAdds: model.multiplyAdds)
    report.show()
    if profile { print("\n" + (try Profile(&runner, frames: min(iterations, 200)).text)) }
    if json { try Console.json(report) }
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

  private func measure(
    _ runner: inout FrameRunner, _ frames: [InputFrames]
  ) throws -> (times: [Double], processorTime: Double, first: Double) {
    let count = frames.first?.frameCount ?? 1
    runner.load(frames, frame: 0)
    let start = ContinuousClock.now
    try runner.run()
    let first = (ContinuousClock.now - start).milliseconds
    var progress = Progress("warming up", total: warmup)
    for index in 0..<warmup {
      try runner.run()
      progress.update(index + 1)
    }
    progress.finish()
    var times = [Double](repeating: 0, count: iterations)
    progress = Progress("timing frames", total: iterations)
    let processorStart = ProcessorClock.milliseconds
    var loadTime = 0.0
    for index in 0..<iterations {
      if count > 1 {
        let before = ProcessorClock.milliseconds
        runner.load(frames, frame: index % count)
        loadTime += ProcessorClock.milliseconds - before
      }
      let start = ContinuousClock.now
      try runner.run()
      times[index] = (ContinuousClock.now - start).milliseconds
      progress.update(index + 1)
    }
    let processorTime = (ProcessorClock.milliseconds - processorStart - loadTime) / Double(iterations)
    progress.finish()
    return (times, processorTime, first)
  }
}

/// Time that the process's threads spent on processors.
enum ProcessorClock {
  static var milliseconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1e6
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
