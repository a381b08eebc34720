internal import EspalierGraph
internal import EspalierOperators
internal import EspalierPasses
internal import EspalierPlan
internal import EspalierPrune

/// What every level of a pack is made from.
struct CompileInputs {
  /// Before it was simplified.
  let imported: Graph
  /// In float32, nothing cut.
  let whole: Graph
  /// The same at the model's own size of the input, where that was changed.
  let reference: Graph
  let frames: CalibrationFrames?
  /// What `--hold-back` gives.
  var heldBack: CalibrationFrames?

  /// Frames that a smaller network is made by, and those that it is judged by.
  var split: FrameSplit { FrameSplit(frames?.groups ?? [], judging: heldBack?.groups) }
}

/// A network on its way from a graph to calls.
struct CompiledNetwork {
  /// What was asked for; nil: the whole network.
  let goal: PruningGoal?
  /// In float32, pruned, with the weights that the pack holds.
  let float: Graph
  let pruned: Compile.Pruned?
  let accuracy: LabelledAccuracy?
  let settings: QuantizationSettings
  let quantized: PostTrainingQuantization?
  let lowered: Graph
  let choices: KernelChoices
  let plan: Plan
}

extension Compile {
  /// Prunes, quantizes and lowers.
  ///
  /// - Parameter isLargest: Of the pack's levels; a session watches no other.
  func network(
    _ goal: PruningGoal?, isLargest: Bool, _ inputs: CompileInputs, _ prepared: inout PreparedPruning?,
    _ planner: inout Planner, _ chain: inout CompileChain
  ) throws -> CompiledNetwork {
    let pruned = try goal.map { try prune($0, inputs, &prepared, &planner, &chain) }
    let float = sparse(pruned?.result.graph ?? inputs.whole, &chain)
    let isOriginal =
      pruned == nil && !sparsity.changesWeights && float.multiplyAdds == inputs.reference.multiplyAdds
    let accuracy = isOriginal ? nil : try labelledAccuracy(float, inputs)
    if calibration.quantizes { try tune(&planner, float, &chain) }
    var settings = calibration.settings
    if calibration.precision == .auto { settings.fasterInFloat = planner.fasterInFloat(float) }
    let quantized = try quantize(float, inputs.frames, settings, &chain)
    let lowered = quantized?.graph ?? float
    try tune(&planner, lowered, &chain)
    let choices = planner.choices(for: lowered)
    let watch = isLargest ? watching.choice(hasFrames: inputs.frames != nil) : .none
    let watched = try chain.watched(lowered, watch, inputs.frames, threads: work.jobs)
    return CompiledNetwork(
      goal: goal, float: float, pruned: pruned, accuracy: accuracy, settings: settings,
      quantized: quantized, lowered: lowered, choices: choices,
      plan: try chain.lower(lowered, provenance: [], choices: choices, watching: watched))
  }

  /// What is said about a network, as it is in the pack that will be written.
  ///
  /// - Parameter pack: Its bytes.
  func level(
    _ network: CompiledNetwork, _ pack: [UInt8], _ planner: Planner, _ inputs: CompileInputs,
    _ chain: inout CompileChain
  ) throws -> LevelReport {
    let isAlone = pruning.levels == nil
    var (time, pair): (PackTime?, PairedTime?)
    if !isAlone || network.pruned != nil {
      let (bytes, timer) = (
        try isAlone ? pack : PlanWriter.bytes(of: network.plan, weights: storage), timer(planner)
      )
      (time, pair) = try chain.stage("measure") {
        guard let pruned = network.pruned else { return (try timer.time(bytes), nil) }
        let pair = try measured(bytes, pruned, timer)
        return (pair.pruned, pair)
      }
    }
    return LevelReport(
      multiply_adds: network.plan.multiplyAdds, calls: network.plan.calls.count, time: time,
      pruning: network.pruned.flatMap { pruned in
        pair.map {
          PruningReport(
            pruned.result, $0, of: inputs.whole, asked: pruned.goal.text, recovery: pruning.recoveryAsked)
        }
      },
      sparsity: try sparsityReport(network, inputs), labelled: network.accuracy,
      calibration: inputs.frames.flatMap { frames in
        network.quantized.map {
          CalibrationReport(
            $0, frames: frames, method: calibration.calibrationMethod, costs: planner.costs)
        }
      })
  }

  private func sparse(_ graph: Graph, _ chain: inout CompileChain) -> Graph {
    guard sparsity.changesWeights else { return graph }
    return chain.stage("sparsity") { sparsity.applied(to: graph) }
  }

  private func sparsityReport(_ network: CompiledNetwork, _ inputs: CompileInputs) throws -> SparsityReport? {
    guard sparsity.changesWeights else { return nil }
    return try SparsityReport(
      sparsity, network.float, of: network.pruned?.result.graph ?? inputs.whole,
      frames: inputs.split.judging,
      threads: work.jobs)
  }

  /// The network in 8 bits, where there are frames to find ranges by.
  private func quantize(
    _ graph: Graph, _ frames: CalibrationFrames?, _ settings: QuantizationSettings,
    _ chain: inout CompileChain
  ) throws -> PostTrainingQuantization? {
    guard calibration.quantizes, let frames else { return nil }
    return try chain.quantize(graph, frames, settings.options, threads: work.jobs)
  }

  /// Measures the layers of a graph, and their twins in 8 bits where there may be some.
  func tune(_ planner: inout Planner, _ graph: Graph, _ chain: inout CompileChain) throws {
    let twins = calibration.quantizes ? graph.layerShapes.map { $0.computed(in: .bytes) } : []
    let shapes = Set(graph.layerShapes + twins).sorted()
    guard planner.lacks(shapes) else { return }
    try chain.stage("tune") { try planner.tune(shapes) }
  }
}
