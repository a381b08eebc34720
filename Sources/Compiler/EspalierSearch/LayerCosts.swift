public import EspalierGraph
public import EspalierOperators

/// What layers cost on one processor with a number of threads: as measured, or else as estimated.
///
/// A shape that was not measured takes the model's estimate, corrected by how far the model was off for the
/// nearest shapes of the same kernel, window and strides that were. So times over the width of a layer follow the
/// kernels' blocks of channels between the widths that were measured, and meet the measured times.
public struct LayerCosts: Sendable {
  public let table: CostTable
  public let threads: Int
  private let rates: CostTable.Rates
  private let neighbors: [Family: [(shape: LayerShape, correction: Double)]]

  /// Shapes between which corrections carry over.
  private struct Family: Hashable {
    var precision: LayerShape.Precision
    var choice: KernelChoice
    var kernel: [Int]
    var strides: [Int]
    var dilations: [Int]
    var isGrouped: Bool

    init(_ shape: LayerShape, _ choice: KernelChoice) {
      (precision, self.choice) = (shape.precision, choice)
      (kernel, strides, dilations) = (shape.kernel, shape.strides, shape.dilations)
      isGrouped = shape.groups > 1
    }
  }

  /// - Throws: `noTimes` where the table holds nothing for this number of threads.
  public init(_ table: CostTable, threads: Int) throws(CostTableError) {
    guard table.threadCounts.isEmpty || table.threadCounts.contains(threads) else {
      throw .noTimes(threads: threads, available: table.threadCounts)
    }
    self.init(known: table, threads: threads)
  }

  private init(known table: CostTable, threads: Int) {
    (self.table, self.threads) = (table, threads)
    rates = table.rates[threads] ?? [:]
    let model = CostModel(rates, instructionSet: table.processor.instructionSet)
    var neighbors: [Family: [(shape: LayerShape, correction: Double)]] = [:]
    for (shape, own) in (table.times[threads] ?? [:]).sorted(by: { $0.key < $1.key }) {
      for (choice, time) in own {
        neighbors[Family(shape, choice), default: []].append(
          (shape, time / model.microseconds(shape, choice)))
      }
    }
    self.neighbors = neighbors
  }

  /// Estimates alone, from rates of processors with this instruction set.
  public static func estimated(instructionSet: String, threads: Int = 1) -> LayerCosts {
    let kind = ProcessorKind(vendor: "", family: "", model: "", instructionSet: instructionSet)
    return LayerCosts(known: CostTable(processor: kind, name: ""), threads: threads)
  }

  private var model: CostModel { CostModel(rates, instructionSet: table.processor.instructionSet) }

  /// Whether anything about this processor was measured.
  public var isMeasured: Bool { table.count > 0 || !rates.isEmpty }

  public func microseconds(_ shape: LayerShape, _ choice: KernelChoice) -> Double {
    if let measured = table.microseconds(shape, choice, threads: threads) { return measured }
    return model.microseconds(shape, choice) * correction(shape, choice)
  }

  /// The nearest shapes count the more the nearer they are.
  private func correction(_ shape: LayerShape, _ choice: KernelChoice) -> Double {
    let known = (neighbors[Family(shape, choice)] ?? []).map { neighbor in
      (distance: Self.distance(shape, neighbor.shape), neighbor.correction)
    }.filter { $0.distance < 2 }.sorted { $0.distance < $1.distance }.prefix(4)
    let weights = known.map { 1 / max(1e-6, $0.distance * $0.distance) }
    let sum = weights.reduce(0, +)
    guard sum > 0 else { return 1 }
    return zip(weights, known).reduce(0) { $0 + $1.0 * $1.1.1 } / sum
  }

  /// How many times over two layers differ, in powers of 2.
  private static func distance(_ a: LayerShape, _ b: LayerShape) -> Double {
    func octaves(_ x: Int, _ y: Int) -> Double {
      let (low, high) = (Double(min(x, y)), Double(max(x, y)))
      var (ratio, octaves) = (high / low, 0.0)
      while ratio >= 2 { (ratio, octaves) = (ratio / 2, octaves + 1) }
      return octaves + ratio - 1
    }
    return octaves(a.inputChannels, b.inputChannels) + octaves(a.outputChannels, b.outputChannels)
      + octaves(a.pixels, b.pixels)
  }
}

// MARK: - Choices

extension LayerCosts {
  /// A kernel that was measured to be less than this share faster than the favorite is not taken: that is noise.
  private static let measuredGain = 0.03
  /// As much for kernels that are estimated.
  private static let estimatedGain = 0.15

  /// The fastest kernel for a layer.
  public func best(_ shape: LayerShape) -> KernelChoice {
    let favorite = shape.favorite
    guard isMeasured else { return favorite }
    let known = shape.candidates.filter {
      table.microseconds(shape, $0, threads: threads) != nil
    }
    let isKnown = known.contains(favorite)
    var (best, bound) = (
      favorite, microseconds(shape, favorite) * (1 - (isKnown ? Self.measuredGain : Self.estimatedGain))
    )
    for choice in isKnown ? known : shape.candidates where choice != favorite {
      let time = microseconds(shape, choice)
      if time < bound { (best, bound) = (choice, time) }
    }
    return best
  }

  /// The time of a layer by its fastest kernel.
  public func microseconds(_ shape: LayerShape) -> Double { microseconds(shape, best(shape)) }

  /// The fastest kernels of all layers of a graph.
  public func choices(for graph: Graph) -> KernelChoices {
    var byShape: [LayerShape: KernelChoice] = [:]
    for shape in graph.layerShapes { byShape[shape] = best(shape) }
    return KernelChoices(byShape)
  }

  /// The time of all layers of a graph that have a shape.
  public func microseconds(_ graph: Graph, _ choices: KernelChoices) -> Double {
    graph.nodes.compactMap { graph.layerShape(of: $0) }.reduce(0) {
      $0 + microseconds($1, choices[$1])
    }
  }

  /// What a layer costs more in float32 than in 8 bits, in microseconds; nil for nodes without a shape.
  public func extraOfFloat(_ node: Node, in graph: Graph) -> Double? {
    graph.layerShape(of: node).map {
      microseconds($0.computed(in: .float32)) - microseconds($0.computed(in: .bytes))
    }
  }

  /// The microseconds of turning a tensor into bytes, or back.
  public func conversion(of value: ValueID, in graph: Graph) -> Double {
    model.conversion(elements: graph.type(of: value).elementCount)
  }

  /// The layers that are faster in float32 even if their input comes in bytes and their output must become
  /// bytes; by their outputs' names.
  public func fasterInFloat(_ graph: Graph) -> [String] {
    graph.nodes.filter { node in
      guard let extra = extraOfFloat(node, in: graph) else { return false }
      return extra + conversion(of: node.inputs[0], in: graph) + conversion(of: node.outputs[0], in: graph)
        < 0
    }.map { graph[$0.outputs[0]].name }
  }
}

extension Graph {
  /// The different shapes of its layers, in order.
  public var layerShapes: [LayerShape] {
    Set(nodes.compactMap { layerShape(of: $0) }).sorted()
  }
}
