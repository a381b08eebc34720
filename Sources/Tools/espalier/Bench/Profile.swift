internal import CMeasure
internal import EspalierPlan
internal import EspalierRuntime

/// Where the time of a frame goes: the median of every call over some frames.
struct Profile: Encodable {
  struct Call: Encodable {
    let name: String
    let family: String
    let microseconds: Double
    /// Of the sum of all calls.
    let share: Double
    let multiply_adds: UInt64
    /// That the kernel may touch, all operands together.
    let bytes: UInt64
    let gmacs_per_second: Double?
    let macs_per_cycle: Double?
    let gb_per_second: Double
    /// Of what the cores that the session uses were measured to do.
    let peak_share: Double?
    /// What the call cannot be faster than on these cores: its arithmetic at their peak, or its bytes from the cache
    /// that they fit into. Absent where there is no measurement.
    let roof_microseconds: Double?
    /// Which of both that is: `arithmetic` or `bytes`.
    let bound: String?
  }

  /// A frame whose calls were timed, in nanoseconds.
  struct Frame {
    let start: UInt64
    let end: UInt64
    let calls: [UInt64]
    /// Of `calls`, what the calling thread waited for the work of others, and at barriers where all had arrived.
    var waiting: (work: UInt64, barriers: UInt64) = (0, 0)
  }

  /// In the order of execution.
  let calls: [Call]
  /// Float multiply-adds that one core does in a second.
  let peak: Double?
  /// The median frame while calls are timed.
  let frame_ms: Double
  /// The median of what a frame takes beside its calls.
  let rest_ms: Double
  /// The median of what the calling thread waits in a frame for others that are still in kernels.
  let waiting_ms: Double
  /// The runtime's: the median share of a frame during which the calling thread is in no kernel and waits for none.
  let overhead_share: Double
  /// The median frame without being timed call by call, in turns with the others; absent where nobody asked.
  let plain_ms: Double?
  let threads: Int
  /// The frames themselves.
  let frames: [Frame]

  private enum CodingKeys: CodingKey {
    case calls, frame_ms, rest_ms, waiting_ms, overhead_share, plain_ms, threads
  }

  /// - Parameters:
  ///   - frames: How many are timed call by call.
  ///   - comparing: Also runs as many that are not, in turns.
  init(_ runner: inout FrameRunner, frames: Int, peaks: ProcessorPeaks, comparing: Bool = false) throws {
    let model = runner.model
    var (profiled, plain) = ([Frame](), [Double]())
    var progress = Progress("profiling frames", total: frames)
    for index in 0..<max(1, frames) {
      if comparing, index % 2 == 0 { plain.append(try Self.time(&runner)) }
      let start = measure_clock()
      try runner.profileInPlace()
      let end = measure_clock()
      profiled.append(
        Frame(start: start, end: end, calls: runner.timedCalls, waiting: runner.waiting))
      if comparing, index % 2 == 1 { plain.append(try Self.time(&runner)) }
      progress.update(index + 1)
    }
    progress.finish()
    let range = runner.level.calls
    let medians = (0..<range.count).map { call in
      LatencyStatistics(profiled.map { Double($0.calls[call]) / 1_000 }).median
    }
    let total = max(medians.reduce(0, +), 1e-9)
    let threads = runner.threads
    peak = peaks.floats
    calls = zip(range, medians).map { index, median in
      Self.call(
        model.calls[index], model.resources[index], microseconds: median, total: total, threads: threads,
        peaks)
    }
    frame_ms = LatencyStatistics(profiled.map { Double($0.end - $0.start) / 1e6 }).median
    rest_ms =
      LatencyStatistics(
        profiled.map { (Double($0.end - $0.start) - Double($0.calls.reduce(0, +))) / 1e6 }
      ).median
    waiting_ms = LatencyStatistics(profiled.map { Double($0.waiting.work) / 1e6 }).median
    overhead_share =
      LatencyStatistics(
        profiled.map { frame in
          let kernels = Double(frame.calls.reduce(0, +)) - Double(frame.waiting.barriers)
          return 1 - kernels / Double(max(1, frame.end - frame.start))
        }
      ).median
    plain_ms = plain.isEmpty ? nil : LatencyStatistics(plain).median
    self.threads = threads
    self.frames = profiled
  }

  private static func time(_ runner: inout FrameRunner) throws -> Double {
    let start = measure_clock()
    try runner.run()
    return Double(measure_clock() - start) / 1e6
  }

  private static func call(
    _ call: Plan.Call, _ resources: CallResources, microseconds: Double, total: Double, threads: Int,
    _ peaks: ProcessorPeaks
  ) -> Call {
    let family = Pack.familyName(call.family)
    let seconds = max(microseconds, 1e-3) * 1e-6
    let multiplyAdds = Double(resources.multiplyAdds)
    let rate = multiplyAdds == 0 ? nil : multiplyAdds / seconds
    let peak = peaks.multiplyAdds(family: family).map { $0 * Double(threads) }
    let arithmetic = peak.map { multiplyAdds / $0 * 1e6 }
    let moving = peaks.seconds(moving: Int(resources.touchedByteCount) / threads).map { $0 * 1e6 }
    let roof = arithmetic.flatMap { arithmetic in moving.map { max(arithmetic, $0) } }
    return Call(
      name: call.name, family: family, microseconds: microseconds, share: microseconds / total,
      multiply_adds: resources.multiplyAdds, bytes: resources.touchedByteCount,
      gmacs_per_second: rate.map { $0 / 1e9 },
      macs_per_cycle: rate.flatMap { rate in peaks.cycles.map { rate / $0 } },
      gb_per_second: Double(resources.touchedByteCount) / seconds / 1e9,
      peak_share: peak.flatMap { peak in rate.map { $0 / peak } }, roof_microseconds: roof,
      bound: arithmetic.flatMap { arithmetic in moving.map { arithmetic >= $0 ? "arithmetic" : "bytes" } })
  }
}
