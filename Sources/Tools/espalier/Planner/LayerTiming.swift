internal import CPeak
internal import CEspalierKernels
internal import EspalierKernels
internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime
internal import EspalierSearch

/// Times plans on this machine, through the runtime as packs run.
enum LayerTiming {
  /// Every plan runs at least so often, and all together for at least so many milliseconds a plan.
  private static let rounds = 5...60
  private static let milliseconds = 12.0

  static func timer(threads: Int) -> LayerTuner.Timer {
    { plans in
      var runners = try Runners(plans, threads: threads)
      return try runners.best()
    }
  }

  /// Sessions that take turns, so that what else the machine does meets all of them.
  private struct Runners {
    private var sessions: [LayerSession]

    init(_ plans: [Plan], threads: Int) throws {
      sessions = try plans.map { try LayerSession($0, threads: threads) }
    }

    mutating func best() throws -> [[Double]] {
      var best = try sessions.map { try $0.run() }
      let start = ContinuousClock.now
      for round in 1...rounds.upperBound {
        for (index, session) in sessions.enumerated() {
          best[index] = zip(best[index], try session.run()).map(min)
        }
        let passed = (ContinuousClock.now - start).milliseconds
        if round >= rounds.lowerBound, passed > milliseconds * Double(sessions.count) { break }
      }
      return best
    }
  }

  /// A session that can stand in an array.
  private final class LayerSession {
    private var runner: FrameRunner

    init(_ plan: Plan, threads: Int) throws {
      var limits = PlanLimits()
      limits.portCount = max(limits.portCount, plan.inputs.count + plan.outputs.count)
      let model = try Model(bytes: try PlanWriter.bytes(of: plan, limits: limits), limits: limits)
      runner = try FrameRunner(model, threads: threads)
      runner.load(Bench.noise(for: model), frame: 0)
    }

    /// Microseconds of each call.
    func run() throws -> [Double] { try runner.profile().map { Double($0) / 1_000 } }
  }

  // MARK: - Rates

  /// What a cost model needs to know beside the kernels: overheads and caches.
  static func addRates(to table: inout CostTable, threads: Int) throws {
    table.set(.callOverhead, threads: threads, try callOverhead(threads: threads))
    let isa = Int32(InstructionSet.limit.rawValue)
    let levels: [(MachineRate, Int)] = [
      (.level1, 16 << 10), (.level2, 256 << 10), (.level3, 4 << 20), (.memory, 128 << 20),
    ]
    for (rate, size) in levels {
      let seconds = peak_move_seconds(isa, size, size / 4)
      if seconds > 0 { table.set(rate, threads: threads, Double(size + size / 4) / seconds) }
    }
  }

  /// Microseconds of a call that does next to nothing, on one of the threads.
  private static func callOverhead(threads: Int) throws -> Double {
    let count = 64
    var plan = Plan(
      calls: [], inputs: [Plan.Port(name: "x", shape: [1])], outputs: [Plan.Port(name: "y", shape: [1])],
      weights: [], arenaByteCount: 64, multiplyAdds: 0, provenance: [])
    var parameters = FillParameters()
    parameters.extent = sixAxes([1], fill: 1)
    parameters.stride = sixAxes([1], fill: 0)
    for _ in 0..<count {
      plan.calls.append(
        Plan.Call(
          family: FillParameters.family, needsBarrier: true, operands: [Plan.Operand(.arena, offset: 0)],
          parameters: parameters.words, name: "fill"))
    }
    let session = try LayerSession(plan, threads: threads)
    var best = Double.infinity
    for _ in 0..<50 { best = min(best, try session.run().reduce(0, +) / Double(count)) }
    return max(best, 0.001)
  }
}
