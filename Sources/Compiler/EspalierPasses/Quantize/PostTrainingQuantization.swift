public import EspalierGraph
public import EspalierObserve
internal import EspalierOperators

/// Makes a network of float32 compute in 8 bits from what calibration frames show, without labels or training.
public struct PostTrainingQuantization: Sendable {
  /// Makes something that runs a graph frame by frame.
  public typealias Engine = (_ graph: Graph) throws -> Observer.Execute

  /// What takes time, for progress bars.
  public enum Stage: String, Sendable {
    case equalizing = "evening out channels"
    case observing = "calibrating"
    case rounding = "rounding weights"
    case correcting = "correcting biases"
    case judging
    case searching = "looking for sensitive layers"
  }

  public struct Options: Sendable {
    public var method = RangeMethod.meanSquaredError
    /// Nodes by their names, or by those of their outputs.
    public var keptFloat: [String] = []
    /// Likewise, those that 8 bits would make slower.
    public var fasterInFloat: [String] = []
    /// At most so many frames move biases and judge the result.
    public var frameLimit = 64
    /// Layers go back to float32 until every output's noise, relative to its signal, is at most this; nil:
    /// none does.
    public var noiseLimit: Double?
    /// What sums of products shall be safe for.
    public var instructions = InstructionClass.vnni

    public init() {}
  }

  /// The float32 network that was quantized: activations but clamps are nodes of their own, and channels are
  /// evened out.
  public let source: Graph
  /// What all frames showed of every floating tensor of `source`.
  public let statistics: [ValueID: TensorStatistics]
  public let plan: QuantizationPlan
  /// Those of the plan in bytes, those of layers in float32 in finer steps.
  public let products: [NodeID: QuantizedProduct]
  public let graph: Graph
  /// How far the outputs are from float32, group by group.
  public let errors: [GroupError]

  /// - Parameters:
  ///   - graph: Simplified, in float32.
  ///   - groups: Frames in the graph's own layout and units.
  ///   - known: Statistics that all frames gave elsewhere, one for each of `observed(in:)` the source: then no frames are
  ///     read but those that `framesRead` names.
  ///   - progress: Gets how many steps of a stage are done.
  /// - Throws: `ObservationError`, `QuantizationError`, `PassError`, or what `engine` throws.
  public init(
    of graph: Graph, groups: [FrameGroup], options: Options, engine: @escaping Engine,
    known: [TensorStatistics]? = nil,
    progress: (_ stage: Stage, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws {
    let original = try Self.prepared(graph)
    let frames = CalibrationSets(groups, frameLimit: options.frameLimit)
    source = try Self.evened(original, frames.few, options, engine, progress)
    let asked = try Self.kept(options.keptFloat, in: source, "kept by --keep-float")
    let faster = try Self.kept(options.fasterInFloat, in: source, "float32 is faster")
    let statistics: [ValueID: TensorStatistics]
    if let known {
      statistics = Dictionary(uniqueKeysWithValues: zip(Self.observed(in: source), known))
    } else {
      statistics = try Self.statistics(of: source, groups, engine, progress)
    }
    var planner = QuantizationPlanner(method: options.method, keptFloat: asked)
    let ranges = planner.ranges(source, statistics)
    let rounding = WeightRounding(
      quantizer: ProductQuantizer(
        graph: source, statistics: statistics, instructions: options.instructions),
      collector: MomentCollector(graph: source, groups: frames.many, engine: engine))
    let layers = rounding.layers(of: planner.plan(source, ranges))
    planner.keptFloat.merge(faster) { asked, _ in asked }
    let bytes = try rounding.bytes(layers.filter { faster[$0.id] == nil }) { progress(.rounding, $0, $1) }
    if let limit = options.noiseLimit {
      let search = SensitivitySearch(
        graph: source, ranges: ranges, products: bytes, groups: frames.fewest, engine: engine)
      planner = try search.relieved(planner, noiseLimit: limit) { progress(.searching, $0, $1) }
    }
    let plan = planner.plan(source, ranges)
    let words = rounding.words(layers.filter { !plan.nodes.contains($0.id) })
    products = try BiasCorrection(graph: source, plan: plan, groups: frames.few, engine: engine)
      .corrected(bytes.filter { plan.nodes.contains($0.key) }.merging(words) { $1 }) {
        progress(.correcting, $0, $1)
      }
    (self.statistics, self.plan) = (statistics, plan)
    self.graph = try Quantizer.quantize(source, plan, products)
    let judged = known == nil ? groups : frames.many
    errors = try Self.errors(of: self.graph, against: original, judged, engine, progress)
  }

  /// The network whose tensors calibration looks at: `source` before anything else of a quantization is done.
  ///
  /// - Parameter groups: Of these no frames are read but those of `framesRead`.
  /// - Throws: As `init`.
  public static func source(
    of graph: Graph, groups: [FrameGroup], options: Options, engine: Engine,
    progress: (_ stage: Stage, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws -> Graph {
    let frames = CalibrationSets(groups, frameLimit: options.frameLimit)
    return try evened(prepared(graph), frames.few, options, engine, progress)
  }

  /// The tensors of a source that calibration looks at.
  public static func observed(in source: Graph) -> [ValueID] {
    (source.inputs + source.nodes.flatMap(\.outputs)).filter {
      source.type(of: $0).element == .float32
    }
  }

  /// The frames of each group that a quantization reads beside looking at all of them once: to even channels out, to round
  /// weights, to search and to correct biases.
  ///
  /// - Parameter frameCounts: Of each group.
  public static func framesRead(of frameCounts: [Int], frameLimit: Int = Options().frameLimit) -> [[Int]] {
    frameCounts.enumerated().map { index, _ in
      // Groups whose frames are numbers, so that thinning says which it keeps.
      let groups = frameCounts.map { count in
        FrameGroup(name: "", frames: (0..<count).map(String.init)) { _ in [] }
      }
      let sets = CalibrationSets(groups, frameLimit: frameLimit)
      let names = [sets.few, sets.many, sets.fewest].flatMap { $0[index].frames }
      return Set(names.compactMap { Int($0) }).sorted()
    }
  }

  private static func evened(
    _ original: Graph, _ groups: [FrameGroup], _ options: Options, _ engine: Engine,
    _ progress: (Stage, Int, Int) -> Void
  ) throws -> Graph {
    // Divergence cuts off numbers for being few, not small: of channels evened out it would cut them all.
    options.method == .divergence ? original : try equalized(original, groups, engine, progress)
  }

  private static func errors(
    of graph: Graph, against original: Graph, _ groups: [FrameGroup], _ engine: Engine,
    _ progress: (Stage, Int, Int) -> Void
  ) throws -> [GroupError] {
    let judge = OutputJudge(reference: try engine(original), names: original.outputNames)
    return try judge.errors(of: try engine(graph), groups) { progress(.judging, $0, groups.frameCount) }
  }

  /// The frames of every stage.
  private struct CalibrationSets {
    let few: [FrameGroup]
    let many: [FrameGroup]
    let fewest: [FrameGroup]

    init(_ groups: [FrameGroup], frameLimit: Int) {
      let perGroup = max(1, frameLimit / max(1, groups.count))
      few = groups.map { $0.thinned(to: perGroup) }
      many = groups.map { $0.thinned(to: 4 * perGroup) }
      fewest = groups.map { $0.thinned(to: max(1, perGroup / 4)) }
    }
  }

  /// The network in the form in which it is quantized.
  private static func prepared(_ graph: Graph) throws -> Graph {
    var graph = graph
    try TransposedConvToConv().run(on: &graph)
    try SplitActivations().run(on: &graph)
    try requireFiniteConstants(graph)
    return graph
  }

  /// The nodes that the user's names stand for.
  private static func kept(
    _ names: [String], in graph: Graph, _ reason: String
  ) throws -> [NodeID: String] {
    var kept: [NodeID: String] = [:]
    let unknown = names.filter { name in
      let found = graph.nodes.filter { node in
        node.name == name || node.name == "\(name)/sum" || node.outputs.contains { graph[$0].name == name }
      }
      for node in found { kept[node.id] = reason }
      return found.isEmpty
    }
    guard unknown.isEmpty else { throw QuantizationError.unknownNodes(unknown) }
    return kept
  }

  /// No scale stands for weights that are no numbers.
  private static func requireFiniteConstants(_ graph: Graph) throws {
    for node in graph.nodes where node.op is Conv || node.op is Gemm {
      for input in node.inputs {
        guard let constant = graph.constant(of: input), constant.type.element.isFloating else { continue }
        guard constant.floats.allSatisfy(\.isFinite) else {
          throw QuantizationError.notFinite(constant: graph[input].name, node: node.name)
        }
      }
    }
  }

  private static func equalized(
    _ graph: Graph, _ groups: [FrameGroup], _ engine: Engine,
    _ progress: (Stage, Int, Int) -> Void
  ) throws -> Graph {
    var observer = Observer(graph, observing: Equalization.values(of: graph))
    let execute = try engine(observer.graph)
    var done = 0
    try observer.observeRanges(groups, execute: execute) {
      done += 1
      progress(.equalizing, done, groups.frameCount)
    }
    let channels = observer.statistics.mapValues {
      Equalization.Channels(
        least: $0.channelLeast, largest: $0.channelLargest, meanSquares: $0.channelMeanSquares)
    }
    return Equalization(graph, channels).equalized()
  }

  private static func statistics(
    of graph: Graph, _ groups: [FrameGroup], _ engine: Engine,
    _ progress: (Stage, Int, Int) -> Void
  ) throws -> [ValueID: TensorStatistics] {
    var observer = Observer(graph, observing: observed(in: graph))
    let execute = try engine(observer.graph)
    var done = 0
    try observer.observe(groups, execute: execute) {
      done += 1
      progress(.observing, done, 2 * groups.frameCount)
    }
    return observer.statistics
  }
}
