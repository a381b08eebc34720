internal import ArgumentParser
internal import EspalierGradient
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierObserve
internal import EspalierPasses
internal import EspalierPrune

/// `--criterion`: by what the filters of a layer are put in order.
enum CriterionArgument: String, CaseIterable, ExpressibleByArgument {
  case obs, contribution
  case gaussNewton = "gauss-newton"
  case fisher, taylor
  case meanActivation = "mean-activation"
  case zeros, l1, l2
  case batchNormalization = "bn-scale"
  case random

  /// Nil for those that need gradients, or the network as it was imported.
  var plain: RankCriterion? {
    switch self {
    case .obs: .obs
    case .contribution: .contribution
    case .meanActivation: .meanActivation
    case .zeros: .zeros
    case .l1: .l1
    case .l2: .l2
    case .random: .random
    case .gaussNewton, .fisher, .taylor, .batchNormalization: nil
    }
  }

  var gradients: FilterGradients.Criterion? {
    switch self {
    case .gaussNewton: .gaussNewton(directions: Ranker.directions)
    case .fisher: .fisher
    case .taylor: .taylor
    default: nil
    }
  }

  var needsFrames: Bool { gradients != nil || plain?.needsFrames ?? false }
}

/// Ranks the filters of networks.
struct Ranker {
  let criterion: CriterionArgument
  let frames: [FrameGroup]
  let threads: Int
  let seed: UInt64
  /// The network before it was simplified.
  let imported: Graph
  /// What outputs count, where that is known.
  var parts: [OutputPart] = []

  /// Random directions that stand for many classes.
  static let directions = 16
  /// More frames than these move gradients' scores little.
  private static let gradientFrames = 256

  /// - Throws: `UsageError` where frames are missing, `GradientError`, `RanksError`, `ObservationError`.
  func rank(_ graph: Graph, _ map: ChannelMap, _ progress: (Int, Int) -> Void) throws -> FilterRanks {
    guard !criterion.needsFrames || frames.frameCount > 0 else {
      throw UsageError("--criterion \(criterion.rawValue) looks at frames: give --calibrate DIR")
    }
    if let plain = criterion.plain {
      return try FilterRanks.compute(
        graph, map, criterion: plain, frames: frames, engine: GraphRunner.engine(threads: threads),
        seed: seed,
        progress: progress)
    }
    guard let gradients = criterion.gradients else {
      return try FilterRanks.batchNormalizationScale(imported: imported, graph, map)
    }
    let scores = try scores(gradients, graph, map)
    return FilterRanks(scores: scores, criterion: criterion.rawValue, map: map)
  }

  /// What gradients say of every unit.
  func scores(
    _ criterion: FilterGradients.Criterion, _ graph: Graph, _ map: ChannelMap
  ) throws -> [Int: Double] {
    let few = frames.map { $0.thinned(to: max(1, Self.gradientFrames / max(1, frames.count))) }
    return try FilterGradients(graph, map, parts: parts).scores(
      criterion, frames: TrainingFrames(few), threads: threads, seed: seed)
  }
}

extension TrainingFrames {
  /// Those of all groups, one group after another.
  init(_ groups: [FrameGroup]) {
    let places = groups.indices.flatMap { group in groups[group].frames.indices.map { (group, $0) } }
    self.init(count: places.count) { groups[places[$0].0].elements(places[$0].1) }
  }
}
