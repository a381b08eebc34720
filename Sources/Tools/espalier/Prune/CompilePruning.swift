internal import EspalierGraph
internal import EspalierPasses
internal import EspalierPlan

/// How `compile` makes a network smaller.
extension Compile {
  /// What came of it, and how often the network is right on labelled frames, where such are given.
  typealias Pruned = (result: Pruner.Result, accuracy: LabelledAccuracy?)

  /// The network with filters cut; nil where that is not asked for.
  func prune(
    _ whole: Graph, imported: Graph, _ frames: CalibrationFrames?, _ planner: inout Planner,
    _ chain: inout CompileChain
  ) throws -> Pruned? {
    guard pruning.budgetAsked != nil else { return nil }
    try tune(&planner, whole, &chain)
    let result = try pruner(planner, frames, of: imported).prune(whole, &chain)
    return (result, try labelledAccuracy(whole, result.graph))
  }

  /// The time of the pack as it will be written: what the search measured were sketches of it.
  func requireBudget(
    of pack: [UInt8], _ result: Pruner.Result, _ planner: Planner, _ chain: inout CompileChain
  ) throws -> PackTime {
    let timer = timer(planner)
    return try chain.stage("measure") {
      var time = try timer.time(pack)
      guard let goal = pruning.budgetAsked.flatMap({ Goal($0, result.full) }) else { return time }
      for _ in 1..<Pruner.measurements where goal.amount(time) > goal.limit {
        let again = try timer.time(pack)
        if goal.amount(again) < goal.amount(time) { time = again }
      }
      guard goal.amount(time) <= goal.limit else {
        throw CommandError(
          """
          \(pruning.budgetText) is not kept: the finished pack takes \(goal.text(goal.amount(time))), though its \
          sketch took \(goal.text(goal.amount(result.pruned))); nothing was written; ask for a little less
          """)
      }
      return time
    }
  }

  /// Writes what `--save-onnx` asks for.
  func saveModel(_ result: Pruner.Result, source: [UInt8]) throws {
    guard let path = pruning.saveONNX else { return }
    _ = try OnnxOutput(source: source).write(
      result.graph, keptChannels: result.winner.kept.byNode, to: path)
  }

  /// - Parameter time: Of the finished pack.
  func report(_ result: Pruner.Result, _ time: PackTime, of whole: Graph) -> PruningReport {
    PruningReport(
      result, time, of: whole, asked: pruning.budgetText, recovery: pruning.recoveryAsked)
  }

  func timer(_ planner: Planner) -> GraphTimer {
    GraphTimer(threads: threading.threads, storage: calibration.storage) { planner.choices(for: $0) }
  }

  private func pruner(_ planner: Planner, _ frames: CalibrationFrames?, of imported: Graph) -> Pruner {
    let (threads, groups) = (threading.threads, frames?.groups ?? [])
    let timer = timer(planner)
    let settings = calibration.settings
    return Pruner(
      options: pruning, imported: imported, frames: FrameSplit(groups), threads: threads,
      costs: planner.costs,
      precision: calibration.quantizes ? .bytes : .float32
    ) { graph in
      guard calibration.quantizes else { return try timer.time(graph) }
      return try timer.time(try settings.sketch(graph, groups, threads: threads))
    }
  }

  /// How often both networks are right on labelled frames; nil without such.
  private func labelledAccuracy(_ original: Graph, _ pruned: Graph) throws -> LabelledAccuracy? {
    guard let data = labels.judge else { return nil }
    let samples = try LabelledSamples(
      data: data, labels: labels.labels, classes: nil, reader: try pictures.reader(for: original))
    let accuracy = try LabelledAccuracy(
      of: samples, original: original, pruned: pruned, threads: threading.threads)
    try accuracy.require(dropAtMost: labels.maxDrop)
    return accuracy
  }
}
