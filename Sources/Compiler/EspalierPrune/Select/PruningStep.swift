internal import EspalierGraph
internal import EspalierObserve
internal import EspalierPasses

/// One cut of a network, and the candidates that compete for it.
struct PruningStep {
  let search: PruningSearch
  let graph: Graph
  /// Channels of the original that `graph` has left.
  let kept: KeptChannels
  let map: ChannelMap
  let ranks: FilterRanks
  private(set) var damages: [GroupDamage]?
  /// What gradients say of each unit, once they were asked.
  private var gradientScores: [Int: Double]?
  private let allocator: WidthAllocator
  private let reference: Disagreement.Reference?

  init(
    search: PruningSearch, graph: Graph, kept: KeptChannels, measure: WidthCost.Measure
  ) throws {
    (self.search, self.graph, self.kept) = (search, graph, kept)
    map = ChannelMap(graph)
    let model = WidthModel(graph, map)
    guard !model.groups.isEmpty else {
      throw PruningSearchError.nothingToCut(reasons: Set(map.frozen.values).sorted())
    }
    allocator = WidthAllocator(
      WidthCost(model, measure), keeping: try Self.kept(search.keptLayers, graph, model))
    ranks = try search.rank(graph, map) { search.progress(.ranking, $0, $1) }
    reference =
      search.judging.isEmpty
      ? nil
      : try Disagreement.Reference(
        search.original, frames: search.judging, engine: search.engine, parts: search.outputParts)
  }

  /// The cost with all channels.
  var fullCost: Double { allocator.cost.total(allocator.cost.model.fullWidths) }

  /// The groups that the user's names belong to.
  private static func kept(
    _ names: Set<String>, _ graph: Graph, _ model: WidthModel
  ) throws -> Set<Int> {
    let groups = model.groups.enumerated().flatMap { index, group in
      group.layers.compactMap { graph.node($0) }.map { (index: index, node: $0) }
    }
    func isMeant(_ node: Node, _ name: String) -> Bool {
      node.name == name || node.outputs.contains { graph[$0].name == name }
    }
    let unknown = names.filter { name in !groups.contains { isMeant($0.node, name) } }
    guard unknown.isEmpty else { throw PruningSearchError.unknownLayers(unknown.sorted()) }
    return Set(groups.filter { group in names.contains { isMeant(group.node, $0) } }.map(\.index))
  }

  /// Networks within the limit, recovered and judged, the best first.
  mutating func candidates(costAtMost limit: Double) throws -> [PruningCandidate] {
    let (full, least) = (allocator.cost.model.fullWidths, allocator.leastWidths)
    guard allocator.cost.total(least) <= limit else {
      throw PruningSearchError.unreachable(
        wanted: limit, least: allocator.cost.total(least), full: allocator.cost.total(full))
    }
    var found: [(allocation: Allocation, widths: [Int])] = []
    for (allocation, widths) in try allocations(costAtMost: limit) {
      if !found.contains(where: { $0.widths == widths }) { found.append((allocation, widths)) }
    }
    var candidates = try found.map { try candidate($0.allocation, $0.widths) }
    // Without frames the first stays the first.
    guard let reference else { return candidates }
    candidates.sort { $0.disagreement.divergence < $1.disagreement.divergence }
    candidates[0].cutDisagreement = try reference.disagreement(of: candidates[0].cut)
    return candidates
  }

  private mutating func allocations(costAtMost limit: Double) throws -> [(Allocation, [Int])] {
    let wanted = search.allocations
    var result: [(Allocation, [Int])] = []
    func add(_ allocation: Allocation, _ widths: [Int]?) {
      if let widths { result.append((allocation, widths)) }
    }
    if wanted.contains(.uniform) { add(.uniform, allocator.uniform(costAtMost: limit)) }
    let byScores = allocator.greedy(ranks.groups.map { GroupDamage(scores: $0.scores) }, costAtMost: limit)
    if wanted.contains(.global) { add(.global, byScores) }
    var byCurves: [Int]?
    if wanted.contains(.sensitivity) || wanted.contains(.mean), let reference {
      let curves = SensitivityCurves(search: search, graph: graph, map: map, ranks: ranks, kept: kept)
      let damages = try self.damages ?? curves.damages(allocator.ladders, reference)
      self.damages = damages
      byCurves = allocator.greedy(damages, costAtMost: limit)
      if wanted.contains(.sensitivity) { add(.sensitivity, byCurves) }
    }
    var byGradients: [Int]?
    if wanted.contains(.gradient) || wanted.contains(.mean), let gradients = search.gradients {
      let scores = try gradientScores ?? gradients(graph, map)
      gradientScores = scores
      let damages = ranks.groups.map { GroupDamage(scores: $0.units.map { scores[$0] ?? 0 }) }
      byGradients = allocator.greedy(damages, costAtMost: limit)
      if wanted.contains(.gradient) { add(.gradient, byGradients) }
    }
    if wanted.contains(.mean), let byCurves, let other = byGradients ?? byScores {
      add(.mean, allocator.mean(byCurves, other, costAtMost: limit))
    }
    return result
  }

  private func candidate(_ allocation: Allocation, _ widths: [Int]) throws -> PruningCandidate {
    let units = Set(zip(ranks.groups, widths).flatMap { $0.units.prefix($0.units.count - $1) })
    let cut = try ChannelCut.apply(units, map, to: graph)
    let left = KeptChannels(graph, map, cutting: units).following(kept)
    let recovered = try recovered(cut, left)
    let disagreement = try reference?.disagreement(of: recovered) { search.progress(.judging, $0, $1) }
    return PruningCandidate(
      allocation: allocation, widths: widths, cost: allocator.cost.total(widths), cut: cut,
      graph: recovered, kept: left,
      disagreement: disagreement
        ?? Disagreement(answers: 0, changed: 0, divergence: 0, isClassifier: false))
  }

  private func recovered(_ cut: Graph, _ kept: KeptChannels) throws -> Graph {
    guard !search.fitting.isEmpty else { return cut }
    let progress = { search.progress(.recovering, $0, $1) }
    switch search.recovery {
    case .none: return cut
    case .statistics:
      return try Reestimation().recovered(
        teacher: search.original, student: cut, kept: kept, frames: search.fitting, engine: search.engine,
        progress: progress)
    case .leastSquares:
      return try LeastSquares().recovered(
        teacher: search.original, student: cut, kept: kept, frames: search.fitting, engine: search.engine,
        progress: progress)
    }
  }
}
