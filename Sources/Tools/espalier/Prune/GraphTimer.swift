internal import EspalierGraph
internal import EspalierOperators
internal import EspalierPasses
internal import EspalierPlan
internal import EspalierRuntime

/// How long frames of a pack take on this processor.
struct PackTime: Encodable, Equatable {
  let median_ms: Double
  let p99_ms: Double
  let frames: Int
  let bytes: Int

  /// The one of two measurements with the lower median.
  func faster(_ other: PackTime) -> PackTime { other.median_ms < median_ms ? other : self }
}

/// Measures packs that are never written.
struct GraphTimer {
  let threads: Int
  /// How the pack will be written.
  let storage: PlanWriter.WeightStorage
  let choices: (Graph) -> KernelChoices

  /// Frames that a 99th percentile can be claimed from.
  static let frameCount = EarlyStopping.framesNeeded(for: 0.99)
  /// Slow networks get fewer frames.
  private static let longest = 10_000.0
  private static let leastFrames = 30

  /// The bytes that a graph is packed into.
  func pack(_ graph: Graph) throws -> [UInt8] {
    try PlanWriter.bytes(of: try Pipeline.lower(graph, choices: choices(graph)), weights: storage)
  }

  /// What each layer takes: the medians of its kernel calls, added up.
  func layerTimes(_ pack: [UInt8]) throws -> [(layer: String, microseconds: Double)] {
    let model = try Model(bytes: pack)
    var runner = try FrameRunner(model, threads: threads)
    runner.load(Bench.noise(for: model), frame: 0)
    for _ in 0..<3 { try runner.run() }
    let profile = try Profile(&runner, frames: Self.leastFrames, peaks: .unknown)
    var (order, sums) = ([String](), [String: Double]())
    for call in profile.calls {
      if sums[call.name] == nil { order.append(call.name) }
      sums[call.name, default: 0] += call.microseconds
    }
    return order.map { ($0, sums[$0] ?? 0) }
  }

  /// - Parameter pack: The bytes of a packed file.
  func time(_ pack: [UInt8]) throws -> PackTime {
    let model = try Model(bytes: pack)
    var runner = try FrameRunner(model, threads: threads)
    let frames = Bench.noise(for: model)
    let trial = try FrameTimes(&runner, frames, warmup: 3, iterations: 5)
    let one = max(1e-3, LatencyStatistics(trial.wall).median)
    let count = max(Self.leastFrames, min(Self.frameCount, Int(Self.longest / one)))
    let times = try FrameTimes(&runner, frames, warmup: count / 10, iterations: count)
    let statistics = LatencyStatistics(times.wall)
    return PackTime(
      median_ms: statistics.median, p99_ms: statistics.percentile(0.99),
      frames: count, bytes: pack.count)
  }
}
