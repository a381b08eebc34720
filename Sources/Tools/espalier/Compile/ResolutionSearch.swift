internal import EspalierGraph
internal import EspalierPasses
internal import EspalierPrune

/// A size of the input that a network could run at.
struct ResolutionReport: Encodable {
  /// Height and width.
  let size: [Int]
  let multiply_adds: Int
  let time: PackTime
  /// Whether filters have to be cut for the budget at this size; where not, fewer pixels alone keep it.
  let pruned: Bool
  /// From the whole network at its own size, on held-back frames, after least squares.
  let divergence: Double
  let disagreement: Double?
  let chosen: Bool
}

/// Fewer pixels against fewer filters: at every size the network is pruned as far as the budget asks for, and the
/// result that is nearest to the whole network at its own size wins.
struct ResolutionSearch {
  /// A network at one size.
  struct Candidate {
    let inputs: CompileInputs
    /// What is left to cut at this size; nil: nothing.
    let goal: PruningGoal?
    let graph: Graph
    let time: PackTime
    let judged: Disagreement
  }

  /// The nearest first.
  private(set) var candidates: [Candidate] = []
  private let reference: Disagreement.Reference
  private let own: CompileInputs

  /// - Parameters:
  ///   - parts: What its outputs count, where that is known.
  init(
    own: CompileInputs, parts: [OutputPart], engine: @escaping PostTrainingQuantization.Engine
  ) throws {
    self.own = own
    reference = try Disagreement.Reference(
      own.whole, frames: own.split.judging, engine: engine, parts: parts)
  }

  /// What of a goal is left where the input has another size.
  ///
  /// - Parameter time: Of the network at that size, nothing cut, beside the one at its own.
  /// - Returns: Nil where the network keeps it as it is.
  func goal(_ goal: PruningGoal, for whole: Graph, _ time: PairedTime) -> PruningGoal? {
    switch goal.budget {
    case .multiplyAddsRemoved(let share):
      let left = (1 - share) * Double(own.whole.multiplyAdds) / Double(max(1, whole.multiplyAdds))
      return left >= 1 ? nil : PruningGoal(.multiplyAddsRemoved(1 - left), goal.text)
    case .latency(let share):
      let left = share / time.share
      return left >= 1 ? nil : PruningGoal(.latency(left), goal.text)
    case .milliseconds, .bytes: return Goal(goal.budget).map { $0.use(time) <= 1 } == true ? nil : goal
    }
  }

  /// Judges a network.
  ///
  /// - Parameter graph: As it would run at the size of `inputs`.
  mutating func add(_ graph: Graph, _ inputs: CompileInputs, _ goal: PruningGoal?, _ time: PackTime) throws {
    let judged = try reference.disagreement(of: graph, seeing: inputs.split.judging)
    candidates.append(Candidate(inputs: inputs, goal: goal, graph: graph, time: time, judged: judged))
    candidates.sort { $0.judged.divergence < $1.judged.divergence }
  }

  var reports: [ResolutionReport] {
    candidates.enumerated().map { place, candidate in
      ResolutionReport(
        size: Array(candidate.inputs.size), multiply_adds: candidate.graph.multiplyAdds, time: candidate.time,
        pruned: candidate.goal != nil, divergence: candidate.judged.divergence,
        disagreement: candidate.judged.isClassifier ? candidate.judged.rate : nil, chosen: place == 0)
    }
  }
}

extension CompileInputs {
  /// Height and width of the first input.
  var size: ArraySlice<Int> { whole.type(of: whole.inputs[0]).shape.suffix(2) }
}

extension Compile {
  /// The size of the input that the budget is kept best with.
  ///
  /// - Throws: `CommandError` where a size cannot be.
  func bestResolution(
    _ goal: PruningGoal, _ own: CompileInputs, _ planner: inout Planner, _ chain: inout CompileChain
  ) throws -> ResolutionSearch {
    let timer = timer(planner)
    let full = try sketch(own.whole, own, planner)
    var search = try ResolutionSearch(
      own: own, parts: try outputParts(of: own.whole),
      engine: GraphRunner.engine(threads: work.jobs))
    let sizes = try pruning.resolutions.map { try resized(own, to: $0, &chain) }
    for inputs in [own] + sizes {
      let pack = try sketch(inputs.whole, inputs, planner)
      let time = PairedTime(full: try timer.time(full), pruned: try timer.time(pack))
      guard let left = search.goal(goal, for: inputs.whole, time) else {
        try search.add(inputs.whole, inputs, nil, time.pruned)
        continue
      }
      var prepared: PreparedPruning?
      let pruner = try pruner(planner, inputs, recovering: .lsq)
      let result = try pruner.prune(inputs.whole, left, &prepared, &chain)
      try search.add(result.graph, inputs, left, result.time.pruned)
    }
    return search
  }

  /// The network and its frames at another size.
  private func resized(
    _ own: CompileInputs, to size: ResolutionArgument, _ chain: inout CompileChain
  ) throws -> CompileInputs {
    let input = own.whole.inputs[0]
    let (name, type) = (own.whole[input].name, own.whole.type(of: input))
    guard own.whole.inputs.count == 1, type.shape.count == 4 else {
      throw CommandError("--resolutions: the network has to have one input [N, channels, height, width]")
    }
    let shape = ShapeArgument(name: name, shape: Array(type.shape.prefix(2)) + [size.height, size.width])
    do {
      let imported = try chain.importGraph(model, shapes: [shape], resizes: true)
      let whole = try chain.simplify(imported)
      guard
        whole.outputs.map({ whole.type(of: $0).shape })
          == own.whole.outputs.map({ own.whole.type(of: $0).shape })
      else {
        throw CommandError("the outputs have other shapes then, so that they cannot be compared")
      }
      return CompileInputs(
        imported: imported, whole: whole, reference: own.whole, frames: try calibrationFrames(for: whole),
        heldBack: try heldBackFrames(for: whole))
    } catch {
      throw CommandError("--resolutions \(size.text): \(error)")
    }
  }
}
