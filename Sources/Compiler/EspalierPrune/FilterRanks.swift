public import EspalierGraph
public import EspalierObserve
public import EspalierPasses

/// In which order the channels of every group of a network are cut.
public struct FilterRanks: Sendable, Equatable {
  /// The channels that the same layers make.
  public struct Group: Sendable, Equatable {
    /// In execution order.
    public var layers: [NodeID]
    /// Units of the channel map, the least important first.
    public var units: [Int]
    /// Parallel to `units`, never decreasing. Only `obs`, `contribution` and what gradients tell can be compared
    /// between groups.
    public var scores: [Double]
  }

  /// A `RankCriterion`'s name, or what else the scores are.
  public let criterion: String
  /// In the order of the map's groups.
  public let groups: [Group]

  /// - Parameters:
  ///   - scores: One for each unit that may be cut; units without one count as unimportant.
  ///   - criterion: What the scores are, for files and reports.
  public init(scores: [Int: Double], criterion: String, map: ChannelMap) {
    self.criterion = criterion
    groups = map.groups.map { group in
      let scored = group.units.map { (score: scores[$0] ?? 0, unit: $0) }
      let sorted = scored.sorted { ($0.score, $0.unit) < ($1.score, $1.unit) }
      return Group(layers: group.layers, units: sorted.map(\.unit), scores: sorted.map(\.score))
    }
  }

  /// Ranks by a criterion that needs no gradients.
  ///
  /// - Parameters:
  ///   - graph: Simplified, in float32.
  ///   - map: The channels of this graph.
  ///   - frames: Not looked at by criteria that need none.
  ///   - seed: What `random` starts from.
  ///   - progress: Gets how many steps are done.
  /// - Throws: `ObservationError`, or what `engine` throws.
  public static func compute(
    _ graph: Graph, _ map: ChannelMap, criterion: RankCriterion, frames: [FrameGroup],
    engine: @escaping PostTrainingQuantization.Engine, seed: UInt64 = 0,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> FilterRanks {
    let scores: [Int: Double]
    switch criterion {
    case .obs:
      let surgeon = BrainSurgeon(graph: graph, map: map, walk: try FrameWalk(frames, engine))
      scores = try surgeon.scores(progress: progress)
    case .contribution:
      let consumers = UnitConsumers(graph, map)
      scores = try consumers.contributions(FrameWalk(frames, engine), graph, progress)
    case .meanActivation, .zeros:
      let consumers = UnitConsumers(graph, map)
      scores = try consumers.activity(
        FrameWalk(frames, engine), graph, countsZeros: criterion == .zeros, progress)
    case .l1: scores = weightNorms(graph, map) { $0.reduce(0) { $0 + $1.magnitude } }
    case .l2: scores = weightNorms(graph, map) { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    case .random: scores = shuffled(map, seed: seed)
    }
    return FilterRanks(scores: scores, criterion: criterion.rawValue, map: map)
  }

  /// The norms of the filters that make each unit, each relative to the mean of its layer.
  private static func weightNorms(
    _ graph: Graph, _ map: ChannelMap, _ norm: (ArraySlice<Double>) -> Double
  ) -> [Int: Double] {
    let makers = Set(map.makers.values.joined())
    var scores: [Int: Double] = [:]
    for node in graph.nodes where makers.contains(node.id) {
      guard let layer = LinearLayer(node, in: graph), let units = map.units[node.outputs[0]] else { continue }
      let size = layer.inputsPerGroup
      let norms = (0..<layer.outputs).map { norm(layer.weights[$0 * size..<($0 + 1) * size]) }
      let mean = norms.reduce(0, +) / Double(max(1, norms.count))
      for (unit, own) in zip(units, norms) where mean > 0 { scores[unit, default: 0] += own / mean }
    }
    return scores
  }

  private static func shuffled(_ map: ChannelMap, seed: UInt64) -> [Int: Double] {
    var generator = SplitMix64(state: seed)
    var scores: [Int: Double] = [:]
    for group in map.groups {
      for (place, unit) in group.units.shuffled(using: &generator).enumerated() {
        scores[unit] = Double(place)
      }
    }
    return scores
  }
}
