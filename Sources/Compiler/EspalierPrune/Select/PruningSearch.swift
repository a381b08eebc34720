public import EspalierGraph
public import EspalierObserve
public import EspalierPasses

/// By what the widths of groups are chosen.
public enum Allocation: String, Sendable, CaseIterable {
  /// The same share of every group: the baseline of all others.
  case uniform
  /// Scores of filters, compared over all groups.
  case global
  /// What narrowing one group costs after its readers were fitted anew.
  case sensitivity
  /// What gradients say of each filter (Gauss-Newton on the outputs).
  case gradient
  /// Between the widths of `sensitivity` and `gradient`, or `global` where no gradients are known.
  case mean
}

/// A smaller network, and how far it is from the original.
public struct PruningCandidate {
  public let allocation: Allocation
  /// Units of each group of the network that was cut in this step.
  public let widths: [Int]
  /// In the unit of the cost that was limited.
  public let cost: Double
  /// As it was cut.
  public let cut: Graph
  /// After recovery.
  public let graph: Graph
  public let kept: KeptChannels
  /// On frames that were held back, after recovery.
  public let disagreement: Disagreement
  /// On the same frames, before recovery; known of winners alone.
  public internal(set) var cutDisagreement: Disagreement?
}

/// Why no network fits.
public enum PruningSearchError: Error, Equatable, CustomStringConvertible {
  /// Even the narrowest network costs more.
  case unreachable(wanted: Double, least: Double, full: Double)
  /// No channel may be cut.
  case nothingToCut(reasons: [String])
  case unknownLayers([String])

  public var description: String {
    switch self {
    case .unreachable(let wanted, let least, let full):
      """
      the narrowest network still costs \(Self.percent(least / full)) of the whole one, but \
      \(Self.percent(wanted / full)) is asked for
      """
    case .nothingToCut(let reasons):
      "no channel of this network may be cut: \(reasons.prefix(3).joined(separator: "; "))"
    case .unknownLayers(let names):
      "no layer whose filters can be cut is called \(names.map { "'\($0)'" }.joined(separator: ", "))"
    }
  }

  private static func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }
}

/// Cuts filters until a network costs no more than a limit: several ways to spread the cut over the layers compete,
/// each recovers, and the one nearest to the original on held-back frames wins.
public struct PruningSearch {
  /// What takes time, for progress bars.
  public enum Stage: String, Sendable {
    case ranking = "ranking filters"
    case measuring = "measuring sensitivity"
    case recovering
    case judging
  }

  /// How a network that was cut recovers before it is judged.
  public enum Recovery: Sendable {
    case none
    /// Means and deviations of every channel.
    case statistics
    case leastSquares
  }

  public typealias Progress = (_ stage: Stage, _ done: Int, _ total: Int) -> Void

  public var allocations = Allocation.allCases
  public var schedule = PruningSchedule.constant
  public var recovery = Recovery.leastSquares
  /// Nodes whose filters all stay.
  public var keptLayers: Set<String> = []
  /// What outputs count, where they are no scores of classes and that is known.
  public var outputParts: [OutputPart] = []
  /// Ranks the channels of a network within their groups.
  public var rank: (Graph, ChannelMap, (Int, Int) -> Void) throws -> FilterRanks
  /// What gradients say of each unit; nil: `gradient` does not compete.
  public var gradients: ((Graph, ChannelMap) throws -> [Int: Double])?

  let original: Graph
  let fitting: [FrameGroup]
  let judging: [FrameGroup]
  let engine: PostTrainingQuantization.Engine
  let progress: Progress

  /// - Parameters:
  ///   - original: Simplified, in float32.
  ///   - fitting: Frames to rank and recover by; none: nothing that needs frames is done.
  ///   - judging: Frames held back from these.
  public init(
    of original: Graph, fitting: [FrameGroup], judging: [FrameGroup],
    engine: @escaping PostTrainingQuantization.Engine, progress: @escaping Progress = { _, _, _ in },
    rank: @escaping (Graph, ChannelMap, (Int, Int) -> Void) throws -> FilterRanks
  ) {
    (self.original, self.fitting, self.judging) = (original, fitting, judging)
    (self.engine, self.progress, self.rank) = (engine, progress, rank)
  }

  /// Ranks the whole network's filters; then networks within any limit can be asked for.
  ///
  /// - Parameter measure: What is limited.
  /// - Throws: `PruningSearchError`, or what `rank` throws.
  public func prepared(_ measure: WidthCost.Measure) throws -> PreparedPruning {
    let first = try PruningStep(search: self, graph: original, kept: KeptChannels(), measure: measure)
    return PreparedPruning(first, schedule, measure)
  }
}

/// A search that knows the whole network's ranks, and what narrowing its groups costs once that was measured.
public struct PreparedPruning {
  private var first: PruningStep
  private let schedule: PruningSchedule
  private let measure: WidthCost.Measure
  /// What the whole network costs.
  public let fullCost: Double

  init(_ first: PruningStep, _ schedule: PruningSchedule, _ measure: WidthCost.Measure) {
    (self.first, self.schedule, self.measure) = (first, schedule, measure)
    fullCost = first.fullCost
  }

  public var map: ChannelMap { first.map }
  public var ranks: FilterRanks { first.ranks }
  /// By group of the whole network; nil where nothing was measured.
  public var damages: [GroupDamage]? { first.damages }

  /// Networks within a limit.
  ///
  /// - Parameter limit: In the unit of the measure.
  /// - Returns: Step by step of the schedule the candidates, the winner of each first.
  /// - Throws: `PruningSearchError`, `PruningError`, `RecoveryError`, `ObservationError`, or what engine and ranks
  ///   throw.
  public mutating func run(costAtMost limit: Double) throws -> [[PruningCandidate]] {
    var steps: [[PruningCandidate]] = []
    for share in schedule.shares {
      let bound = fullCost - share * (fullCost - limit)
      guard let last = steps.last?.first else {
        steps.append(try first.candidates(costAtMost: bound))
        continue
      }
      var step = try PruningStep(search: first.search, graph: last.graph, kept: last.kept, measure: measure)
      steps.append(try step.candidates(costAtMost: bound))
    }
    return steps
  }
}
