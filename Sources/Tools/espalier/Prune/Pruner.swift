internal import EspalierGradient
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierObserve
internal import EspalierOperators
internal import EspalierPasses
internal import EspalierPrune
internal import EspalierSearch

/// Makes a network smaller as `compile --prune` and its siblings ask.
struct Pruner {
  let options: PruningOptions
  /// Before it was simplified.
  let imported: Graph
  let frames: FrameSplit
  /// What outputs count, where that is known.
  let parts: [OutputPart]
  let threads: Int
  /// What layers cost on the target.
  let costs: LayerCosts
  let precision: LayerShape.Precision
  /// A network's pack in the precision that it will run in.
  let pack: (Graph) throws -> [UInt8]
  /// The time of a frame.
  let time: ([UInt8]) throws -> PackTime

  /// Nets that are less than so much faster are not worth what they lose.
  private static let leastGain = 0.98
  /// A result this near under the budget is not improved upon.
  private static let nearEnough = 0.95
  private static let rounds = 4

  /// What came of it.
  struct Result {
    /// After all of recovery.
    var graph: Graph
    /// On held-back frames, likewise.
    var disagreement: Disagreement
    var training: DistillationHistory?
    let winner: PruningCandidate
    let steps: [[PruningCandidate]]
    let prepared: PreparedPruning
    /// The whole network's pack, and its own before training.
    let full: [UInt8]
    let sketch: [UInt8]
    /// Side by side with the whole network's.
    var time: PairedTime
    /// The share of the whole network's time that the layers' costs foretold before the result was measured.
    let predictedShare: Double
  }

  /// - Parameter known: Ranks of the graph for the same measure; set where it is nil.
  func prune(
    _ graph: Graph, _ goal: PruningGoal, _ known: inout PreparedPruning?, _ chain: inout CompileChain
  ) throws -> Result {
    // Whoever waits for the search shall not hear only then that the file is no checkpoint.
    if options.resume, let path = options.checkpoint { _ = try Distiller.checkpoint(at: path) }
    var prepared = try known ?? chain.stage("rank filters") { try prepare(graph, goal.budget) }
    defer { known = prepared }
    var result = try chain.stage("prune") { try search(graph, goal, &prepared) }
    result.time = try result.time.settled({ $0.share < Self.leastGain }) {
      try pair(result.full, result.sketch)
    }
    guard result.time.share < Self.leastGain else {
      throw CommandError(
        """
        the pruned network takes \(Format.milliseconds(result.time.pruned.median_ms)) a frame and the whole one \
        \(Format.milliseconds(result.time.full.median_ms)): it would lose accuracy for nothing; cut more, or not at all
        """)
    }
    if options.recoveryAsked.trains, !frames.judging.isEmpty {
      try chain.stage("distill") { try distill(&result, graph) }
    }
    try guardDisagreement(result)
    return result
  }

  private func pair(_ full: [UInt8], _ pruned: [UInt8]) throws -> PairedTime {
    PairedTime(full: try time(full), pruned: try time(pruned))
  }

  private func distill(_ result: inout Result, _ teacher: Graph) throws {
    let distiller = Distiller(
      frames: frames, threads: threads, seed: options.seed,
      trainsNetwork: options.recoveryAsked == .distill, timeLimit: options.recoverTime?.seconds,
      isClassifier: result.disagreement.isClassifier, parts: parts,
      checkpoint: options.checkpoint, resumes: options.resume)
    let trained = try distiller.distilled(result.graph, kept: result.winner.kept, teacher: teacher)
    let disagreement = try Disagreement(
      original: teacher, candidate: trained.graph, frames: frames.judging,
      engine: GraphRunner.engine(threads: threads), parts: parts)
    result.training = trained.history
    // What training made worse on frames that it did not see stays as it was.
    guard disagreement.improves(on: result.disagreement) else { return }
    (result.graph, result.disagreement) = (trained.graph, disagreement)
  }

  private func guardDisagreement(_ result: Result) throws {
    guard let most = options.maxDisagreement else { return }
    guard result.disagreement.isClassifier else {
      throw CommandError(
        "--max-disagreement: the network's outputs are no classes, or no frames were held back")
    }
    guard result.disagreement.rate <= most.value else {
      throw CommandError(
        """
        \(Format.fixed(result.disagreement.rate * 100, 2)) % of \(result.disagreement.answers) held-back frames get \
        another class, more than --max-disagreement \(most.value); cut less
        """)
    }
  }

  private func prepare(_ graph: Graph, _ budget: PruningBudget) throws -> PreparedPruning {
    let hasFrames = frames.fitting.frameCount > 0
    let ranker = Ranker(
      criterion: options.criterion ?? (hasFrames ? .obs : .l2), frames: frames.fitting, threads: threads,
      seed: options.seed, imported: imported, parts: parts)
    let file = try options.ranks.map { String(decoding: try Files.read($0), as: UTF8.self) }
    var search = PruningSearch(
      of: graph, fitting: frames.fitting, judging: frames.judging,
      engine: GraphRunner.engine(threads: threads), progress: progress()
    ) { graph, map, progress in
      guard let file else { return try ranker.rank(graph, map, progress) }
      return try RanksFile.ranks(from: file, graph, map)
    }
    if hasFrames {
      search.gradients = { try ranker.scores(.gaussNewton(directions: Ranker.directions), $0, $1) }
    }
    search.allocations = options.allocations(hasFrames: hasFrames)
    search.schedule = options.schedule.schedule
    search.recovery = options.recovery
    (search.keptLayers, search.outputParts) = (Set(options.keep), parts)
    return try search.prepared(measure(budget))
  }

  private func progress() -> PruningSearch.Progress {
    let bars = SharedProgress()
    return { bars.update($0.rawValue, $1, $2) }
  }

  private func measure(_ budget: PruningBudget) -> WidthCost.Measure {
    switch budget {
    case .multiplyAddsRemoved: .multiplyAdds
    case .latency, .milliseconds: .microseconds(costs, precision)
    case .bytes: .weights
    }
  }

  /// Costs foretell, packs are measured: where both differ, the limit is corrected by how much, and once more.
  private func search(
    _ graph: Graph, _ asked: PruningGoal, _ prepared: inout PreparedPruning
  ) throws -> Result {
    let full = try pack(graph)
    var forecast = Forecast(share: 1, layers(graph))
    if case .multiplyAddsRemoved(let share) = asked.budget {
      let steps = try prepared.run(costAtMost: (1 - share) * prepared.fullCost)
      return try result(steps, prepared, full, forecast)
    }
    let time = try time(full)
    let whole = PairedTime(full: time, pruned: time)
    guard let goal = Goal(asked.budget), goal.use(whole) > 1 else { throw alreadyKept(asked, time) }
    var costAtMost = prepared.fullCost / goal.use(whole)
    var (best, closest): ((result: Result, use: Double)?, (time: PackTime, use: Double)?)
    for _ in 0..<Self.rounds {
      let steps: [[PruningCandidate]]
      do { steps = try prepared.run(costAtMost: costAtMost) } catch let error as PruningSearchError {
        guard best == nil else { break }
        throw CommandError("\(asked.text) cannot be kept: \(error)")
      }
      let found = try result(steps, prepared, full, forecast)
      let use = goal.use(found.time)
      if use < closest?.use ?? .infinity { closest = (found.time.pruned, use) }
      // Of those within the budget the one that uses most of it.
      if use <= 1, use > best?.use ?? 0 { best = (found, use) }
      if use <= 1, use >= Self.nearEnough { break }
      costAtMost = found.winner.cost / use
      forecast = Forecast(share: found.time.share, layers(found.graph))
    }
    guard let best else {
      throw CommandError(
        """
        \(asked.text) cannot be kept: the closest network takes \(closest.map { goal.text($0.time) } ?? "too much")
        """)
    }
    return best.result
  }

  private func result(
    _ steps: [[PruningCandidate]], _ prepared: PreparedPruning, _ full: [UInt8], _ forecast: Forecast
  ) throws -> Result {
    let winner = steps[steps.count - 1][0]
    let sketch = try pack(winner.graph)
    return Result(
      graph: winner.graph, disagreement: winner.disagreement, winner: winner, steps: steps,
      prepared: prepared, full: full, sketch: sketch, time: try pair(full, sketch),
      predictedShare: forecast.share(layers(winner.graph)))
  }

  /// Microseconds of all layers by the table of costs.
  private func layers(_ graph: Graph) -> Double {
    graph.nodes.compactMap { graph.layerShape(of: $0) }.reduce(0) {
      $0 + costs.microseconds($1.computed(in: precision))
    }
  }

  private func alreadyKept(_ asked: PruningGoal, _ full: PackTime) -> CommandError {
    CommandError(
      """
      the whole network keeps \(asked.text) already (\(Format.milliseconds(full.median_ms)) a frame, p99 \
      \(Format.milliseconds(full.p99_ms)), \(Format.bytes(full.bytes))): nothing has to be cut
      """)
  }
}

/// What share of the whole network's time another will take, from one whose share is known: as its layers' costs to
/// those of the other.
private struct Forecast {
  private let perMicrosecond: Double

  init(share: Double, _ layers: Double) { perMicrosecond = share / max(layers, 1e-9) }

  func share(_ layers: Double) -> Double { perMicrosecond * layers }
}

/// Bars that several closures share.
final class SharedProgress {
  private var bars = StageProgress()

  func update(_ stage: String, _ done: Int, _ total: Int) { bars.update(stage, done, total) }

  deinit { bars.finish() }
}
