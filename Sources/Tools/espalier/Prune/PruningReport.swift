internal import EspalierGradient
internal import EspalierGraph
internal import EspalierPasses
internal import EspalierPrune

/// What `compile` says about pruning.
struct PruningReport: Encodable {
  /// A network that competed.
  struct Candidate: Encodable {
    let step: Int
    let allocation: String
    let multiply_adds: Int
    /// Mean divergence of the outputs from the whole network's on held-back frames.
    let divergence: Double
    /// Frames that get another class; nil where the outputs are no classes.
    let disagreement: Double?
    let chosen: Bool
  }

  /// The network on held-back frames after a step of recovery.
  struct Recovery: Encodable {
    let step: String
    let divergence: Double
    let disagreement: Double?
  }

  /// Channels that layers make together.
  struct Group: Encodable {
    let layers: [String]
    let before: Int
    let after: Int
    /// What narrowing this group alone costs.
    let curve: [[Double]]?
    /// Of the filters, the least important first; for the page alone.
    let scores: [Double]

    private enum CodingKeys: CodingKey { case layers, before, after, curve }
  }

  /// Channels that stay, and why.
  struct Frozen: Encodable {
    let reason: String
    let channels: Int
  }

  let asked: String
  let criterion: String
  let allocation: String
  let multiply_adds_before: Int
  let multiply_adds: Int
  let parameters_before: Int
  let parameters: Int
  let before: PackTime
  let after: PackTime
  /// What the layers' costs foretold of `after.median_ms`, as a share of `before.median_ms`.
  let predicted_ms: Double
  let judged_frames: Int
  let divergence: Double
  /// The share of held-back frames that get another class, and what it is at most with 95 % confidence: on frames
  /// like these top-1 accuracy differs from the whole network's by at most so much.
  let disagreement: Double?
  let disagreement_bound: Double?
  /// What top-1 loses if the whole network's probabilities are true ones.
  let expected_loss: Double?
  let stages: [Recovery]
  /// How training of the whole network went, on held-back frames; for the page alone.
  let training: [DistillationHistory.Judgement]
  let candidates: [Candidate]
  let groups: [Group]
  let frozen: [Frozen]

  private enum CodingKeys: CodingKey {
    case asked, criterion, allocation, multiply_adds_before, multiply_adds, parameters_before, parameters
    case before, after, predicted_ms, judged_frames, divergence, disagreement, disagreement_bound
    case expected_loss, stages, candidates, groups, frozen
  }

  init(
    _ result: Pruner.Result, _ time: PairedTime, of graph: Graph, asked: String, recovery: RecoveryArgument
  ) {
    let winner = result.winner
    self.asked = asked
    criterion = result.prepared.ranks.criterion
    allocation = winner.allocation.rawValue
    multiply_adds_before = graph.multiplyAdds
    multiply_adds = winner.graph.multiplyAdds
    (parameters_before, parameters) = (graph.parameterCount, winner.graph.parameterCount)
    (before, after, predicted_ms) = (time.full, time.pruned, result.predictedShare * time.full.median_ms)
    judged_frames = result.disagreement.answers
    divergence = result.disagreement.divergence
    let isJudged = result.disagreement.isClassifier
    disagreement = isJudged ? result.disagreement.rate : nil
    disagreement_bound = isJudged ? result.disagreement.rateBound : nil
    expected_loss = isJudged ? result.disagreement.expectedLoss : nil
    stages = Self.stages(result, recovery)
    training = result.training?.judgements ?? []
    candidates = result.steps.enumerated().flatMap { step, candidates in
      candidates.enumerated().map { place, candidate in
        Candidate(
          step: step + 1, allocation: candidate.allocation.rawValue,
          multiply_adds: candidate.graph.multiplyAdds, divergence: candidate.disagreement.divergence,
          disagreement: candidate.disagreement.isClassifier ? candidate.disagreement.rate : nil,
          chosen: place == 0)
      }
    }
    let map = result.prepared.map
    groups = zip(map.groups, map.groups.indices).map { group, index in
      let names = group.layers.compactMap { graph.node($0)?.name }
      let kept = names.first.flatMap { winner.kept[$0]?.count } ?? group.units.count
      return Group(
        layers: names, before: group.units.count, after: min(kept, group.units.count),
        curve: result.prepared.damages?[index].points.map { [Double($0.width), $0.loss] },
        scores: result.prepared.ranks.groups[index].scores)
    }
    frozen = map.frozenReasons.map { Frozen(reason: $0.reason, channels: $0.channels) }
  }

  private static func stages(_ result: Pruner.Result, _ recovery: RecoveryArgument) -> [Recovery] {
    func stage(_ name: String, _ judged: Disagreement) -> Recovery {
      Recovery(
        step: name, divergence: judged.divergence, disagreement: judged.isClassifier ? judged.rate : nil)
    }
    guard result.disagreement.answers > 0 else { return [] }
    let cut = result.winner.cutDisagreement.map { [stage("cut", $0)] } ?? []
    let name = recovery == .stats ? "matched statistics" : "least squares"
    let fitted = recovery == .none ? [] : [stage(name, result.winner.disagreement)]
    // What training did not improve is as it was before.
    let isKept = result.disagreement != result.winner.disagreement
    let trained = stage(isKept ? "distillation" : "distillation, dropped", result.disagreement)
    return cut + fitted + (result.training == nil ? [] : [trained])
  }

  func show() {
    print(
      """

      pruned for \(asked), filters ranked by \(criterion): \(Format.count(multiply_adds)) multiply-adds of \
      \(Format.count(multiply_adds_before)) (\(share(multiply_adds, multiply_adds_before))), \
      \(Format.count(parameters)) parameters of \(Format.count(parameters_before)); \
      \(Format.milliseconds(after.median_ms)) a frame, before \(Format.milliseconds(before.median_ms)), \
      foretold \(Format.milliseconds(predicted_ms))
      """)
    if !candidates.isEmpty, judged_frames > 0 { print("\n" + candidateTable) }
    if !stages.isEmpty { print("\n" + stageTable) }
    if let disagreement, let disagreement_bound, let expected_loss {
      print(
        """
        \(Format.fixed(disagreement * 100, 2)) % of \(judged_frames) held-back frames get another class; for frames \
        like these top-1 accuracy differs by at most \(Format.fixed(disagreement_bound * 100, 2)) points (95 % \
        confidence), and by \(Format.fixed(expected_loss * 100, 2)) if the whole network's probabilities are true ones
        """)
    }
    print("\n" + groupTable)
  }

  private func share(_ part: Int, _ whole: Int) -> String {
    "\(Format.fixed(100 * Double(part) / Double(max(1, whole)), 1)) %"
  }

  private var candidateTable: String {
    var table = Table([
      ("widths by", .left), ("step", .right), ("multiply-adds", .right), ("divergence", .right),
      ("other class", .right), ("", .left),
    ])
    for candidate in candidates {
      table.add([
        candidate.allocation, "\(candidate.step)", Format.count(candidate.multiply_adds),
        Format.fixed(candidate.divergence, 5),
        candidate.disagreement.map { "\(Format.fixed($0 * 100, 2)) %" } ?? "",
        candidate.chosen ? "chosen" : "",
      ])
    }
    return table.text
  }

  private var stageTable: String {
    var table = Table([("after", .left), ("divergence", .right), ("other class", .right)])
    for stage in stages {
      table.add([
        stage.step, Format.fixed(stage.divergence, 5),
        stage.disagreement.map { "\(Format.fixed($0 * 100, 2)) %" } ?? "",
      ])
    }
    return table.text
  }

  private var groupTable: String {
    var table = Table([("filters of", .left), ("before", .right), ("after", .right)])
    for group in groups {
      let names = group.layers.prefix(3).joined(separator: ", ") + (group.layers.count > 3 ? ", …" : "")
      table.add([names, "\(group.before)", "\(group.after)"])
    }
    return table.text
  }
}

extension Graph {
  /// Of all nodes.
  var multiplyAdds: Int { nodes.reduce(0) { $0 + multiplyAdds(of: $1) } }
}
