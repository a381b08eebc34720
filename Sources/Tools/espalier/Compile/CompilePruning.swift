internal import EspalierGraph
internal import EspalierPasses
internal import EspalierPlan
internal import EspalierPrune

/// How `compile` makes a network smaller.
extension Compile {
  /// What was asked for, and what came of it.
  typealias Pruned = (goal: PruningGoal, result: Pruner.Result)

  /// The network with filters cut.
  ///
  /// - Parameter prepared: Ranks, once they are known.
  func prune(
    _ goal: PruningGoal, _ inputs: CompileInputs, _ prepared: inout PreparedPruning?,
    _ planner: inout Planner, _ chain: inout CompileChain
  ) throws -> Pruned {
    try tune(&planner, inputs.whole, &chain)
    let pruner = try pruner(planner, inputs)
    return (goal, try pruner.prune(inputs.whole, goal, &prepared, &chain))
  }

  /// The time of a pack as it will be written, beside the whole network's: what the search measured were sketches of it.
  ///
  /// - Throws: `CommandError` where it does not keep what was asked for.
  func measured(_ pack: [UInt8], _ pruned: Pruned, _ timer: GraphTimer) throws -> PairedTime {
    func pair() throws -> PairedTime {
      PairedTime(full: try timer.time(pruned.result.full), pruned: try timer.time(pack))
    }
    var time = try PairedTime.middle(measure: pair)
    guard let goal = Goal(pruned.goal.budget) else { return time }
    for _ in 1..<PairedTime.most where goal.use(time) > 1 {
      let again = try pair()
      if goal.use(again) < goal.use(time) { time = again }
    }
    guard goal.use(time) > 1 else { return time }
    throw CommandError(
      """
      \(pruned.goal.text) is not kept: the finished pack takes \(goal.text(time.pruned)), though its sketch \
      took \(goal.text(pruned.result.time.pruned)); nothing was written; ask for a little less
      """)
  }

  /// Writes what `--save-onnx` asks for.
  func saveModel(_ result: Pruner.Result, _ graph: Graph, source: [UInt8]) throws {
    guard let path = pruning.saveONNX else { return }
    _ = try OnnxOutput(source: source).write(
      graph, keptChannels: result.winner.kept.byNode, to: path)
  }

  /// How the pack holds its weights: coded where that makes it smaller.
  var storage: PlanWriter.WeightStorage {
    sparsity.changesWeights && !calibration.mapped ? .coded : calibration.storage
  }

  func timer(_ planner: Planner) -> GraphTimer {
    GraphTimer(threads: threading.threads, storage: storage) { planner.choices(for: $0) }
  }

  /// - Parameter recovery: Nil: as it is asked for.
  func pruner(
    _ planner: Planner, _ inputs: CompileInputs, recovering recovery: RecoveryArgument? = nil
  ) throws -> Pruner {
    var options = pruning
    if let recovery { options.recover = recovery }
    return Pruner(
      options: options, imported: inputs.imported, frames: inputs.split,
      parts: try outputParts(of: inputs.whole), threads: work.jobs,
      costs: planner.costs, precision: calibration.quantizes ? .bytes : .float32
    ) {
      try sketch($0, inputs, planner)
    } time: {
      try timer(planner).time($0)
    }
  }

  /// What the outputs of a network count where a smaller one is compared with it; none where `--results` does not tell.
  func outputParts(of graph: Graph) throws -> [OutputPart] {
    let (inputs, outputs) = (graph.ports(graph.inputs), graph.outputPorts)
    guard let results = try results(of: inputs, outputs, graph),
      let layout = results.layout(inputs: inputs, outputs: outputs)
    else { return [] }
    return results.outputParts(layout)
  }

  /// Says that pruning could know more of a network that may be a detector.
  func noteMeaning(of graph: Graph) {
    guard meaning.results == nil, Disagreement.kinds(of: graph).contains(.values) else { return }
    Console.note(
      """
      espalier: every number of the outputs counts the same; a detector keeps more of its boxes where --results tells \
      what they mean
      """)
  }

  /// A network's pack, in the precision and with as many weights as it will have, for its time and its size.
  func sketch(_ dense: Graph, _ inputs: CompileInputs, _ planner: Planner) throws -> [UInt8] {
    let graph = sparsity.applied(to: dense)
    guard calibration.quantizes else { return try timer(planner).pack(graph) }
    return try timer(planner).pack(
      try calibration.settings.sketch(graph, inputs.frames?.groups ?? [], threads: work.jobs))
  }

  /// How often the whole network at its own size and another are right on labelled frames; nil without such.
  func labelledAccuracy(_ graph: Graph, _ inputs: CompileInputs) throws -> LabelledAccuracy? {
    guard let data = labels.judge else { return nil }
    func judged(_ graph: Graph) throws -> LabelledAccuracy.Judged {
      let reader = try pictures.reader(for: graph, pictureInputs)
      return (graph, try LabelledSamples(data: data, labels: labels.labels, classes: nil, reader: reader))
    }
    let accuracy = try LabelledAccuracy(
      original: judged(inputs.reference), candidate: judged(graph), threads: work.jobs)
    try accuracy.require(dropAtMost: labels.maxDrop)
    return accuracy
  }
}
