public import EspalierGraph
public import EspalierObserve
public import EspalierOperators

/// Which nodes compute in 8 bits, and how every tensor between them is quantized.
public struct QuantizationPlan: Sendable {
  /// Nodes that compute in 8 bits.
  public internal(set) var nodes: Set<NodeID> = []
  /// How tensors are quantized, where a reader or their producer works in 8 bits.
  public internal(set) var quantizations: [ValueID: Quantization] = [:]
  /// Why other nodes compute in float32, by the node's name.
  public internal(set) var reasons: [(node: String, reason: String)] = []

  public init() {}
}

/// Decides what computes in 8 bits.
public struct QuantizationPlanner: Sendable {
  /// The least and the largest number that 8 bits shall cover, by tensor.
  public typealias Ranges = [ValueID: (least: Float, largest: Float)]

  /// Steps of an output that rounding to a step of the input may make: one of its eight bits.
  private static let largestGain: Float = 2

  public var method: RangeMethod
  /// Nodes that stay in float32, and why.
  public var keptFloat: [NodeID: String]

  public init(method: RangeMethod = .meanSquaredError, keptFloat: [NodeID: String] = [:]) {
    self.method = method
    self.keptFloat = keptFloat
  }

  /// - Parameter statistics: Of every floating tensor that a node computes or reads from the frame.
  public func plan(_ graph: Graph, _ statistics: [ValueID: TensorStatistics]) -> QuantizationPlan {
    plan(graph, ranges(graph, statistics))
  }

  /// What the method makes of the statistics; the costly part of a plan.
  public func ranges(_ graph: Graph, _ statistics: [ValueID: TensorStatistics]) -> Ranges {
    var ranges: Ranges = [:]
    for (value, own) in statistics {
      let readers = graph.readerCount(of: value) == 1 ? graph.consumers(of: value) : []
      let function = (readers.first?.op as? Unary)?.function
      // Pictures come in steps of their own: their whole range meets those steps.
      let method = graph.inputs.contains(value) ? .minMax : method
      ranges[value] = method.range(of: own.histograms, through: function.map { f in { f.apply($0) } })
    }
    return ranges
  }

  public func plan(_ graph: Graph, _ ranges: Ranges) -> QuantizationPlan {
    var plan = QuantizationPlan()
    for node in graph.nodes {
      if let reason = keptFloat[node.id] ?? obstacle(node, graph, ranges) {
        plan.reasons.append((node.name, reason))
      } else {
        plan.nodes.insert(node.id)
      }
    }
    dropLonely(&plan, graph)
    for (value, range) in tied(ranges, plan, graph) {
      plan.quantizations[value] = Quantization(least: range.least, largest: range.largest)
    }
    fixKnownRanges(&plan, graph)
    return plan
  }

  /// Why a node cannot compute in 8 bits; nil where it can.
  private func obstacle(_ node: Node, _ graph: Graph, _ ranges: Ranges) -> String? {
    let types = graph.inputTypes(of: node)
    let frame = node.inputs.filter { graph.constant(of: $0) == nil }
    guard frame.allSatisfy({ ranges[$0] != nil }), node.outputs.allSatisfy({ ranges[$0] != nil }) else {
      return "its tensors hold no floating numbers that were observed"
    }
    switch node.op {
    case let conv as Conv:
      let constants = Array(node.inputs[1..<(conv.hasBias ? 3 : 2)])
      guard types[0].rank == 4 else { return "only convolutions over images have 8-bit kernels" }
      guard constants.allSatisfy({ graph.constant(of: $0) != nil }) else {
        return "its weights are computed from the frame"
      }
      return [.identity, .relu, .clip].contains(conv.activation.kind) ? nil : "its activation was not split"
    case let gemm as Gemm:
      guard !gemm.transposesA, gemm.alpha == 1, gemm.beta == 1,
        node.inputs.dropFirst().allSatisfy({ graph.constant(of: $0) != nil })
      else { return "only products with constant weights have 8-bit kernels" }
      let outputs = types[1].shape[gemm.transposesB ? 0 : 1]
      guard !gemm.hasAddend || [1, outputs].contains(types[2].elementCount) else {
        return "its addend differs from row to row"
      }
      return nil
    case let binary as Binary where binary.kind == .prelu:
      return ChannelSlopes(node, in: graph) != nil ? nil : "its slopes are not one per channel"
    case is BatchNormalization:
      guard let slopes = ChannelSlopes(node, in: graph) else {
        return "its parameters are computed from the frame"
      }
      let (x, y) = (ranges[node.inputs[0]], ranges[node.outputs[0]])
      let gain = slopes.stepGain(
        input: x.map { $0.largest - $0.least } ?? 0, output: y.map { $0.largest - $0.least } ?? 0)
      return gain <= Self.largestGain ? nil : "channels of its input differ too much for 8 bits in common"
    case let binary as Binary:
      guard binary.kind == .add || binary.kind == .multiply else {
        return "there is no 8-bit kernel for \(binary.kind.rawValue)"
      }
      return binary.activation == .identity || binary.activation == .relu
        ? nil : "its activation was not split"
    case let reduce as Reduce:
      let pools = reduce.kind == .mean && reduce.axes == [2, 3] && reduce.keepsAxes && types[0].rank == 4
      return pools ? nil : "there is no 8-bit kernel for this reduction"
    case is AveragePool: return types[0].rank == 4 ? nil : "only pooling of images has an 8-bit kernel"
    case let pool as MaxPool:
      return types[0].rank == 4 && !pool.givesIndices ? nil : "only pooling of images has an 8-bit kernel"
    case let unary as Unary:
      if case .float(let reason) = unary.quantizationRule(types) { return reason }
      return nil
    case let resize as Resize:
      return resize.fitsBytes && types[0].rank == 4
        ? nil : "only images are resampled in 8 bits, by neighbors or linearly"
    case is any MovingOperator: return frame.count == node.inputs.count ? nil : "it moves constants"
    default:
      if case .float(let reason) = node.op.quantizationRule(types) { return reason }
      return "there is no 8-bit kernel for \(node.op.name)"
    }
  }

  /// A node that only moves or looks up gains nothing unless its input is 8 bits anyway.
  private func dropLonely(_ plan: inout QuantizationPlan, _ graph: Graph) {
    for node in graph.nodes where plan.nodes.contains(node.id) && !(node.op is Conv || node.op is Gemm) {
      let known = node.inputs.filter { graph.constant(of: $0) == nil }
      let fed = known.filter { input in
        graph.producer(of: input).map { plan.nodes.contains($0.id) } ?? false
      }
      let enough = node.op is Binary ? !fed.isEmpty : fed.count == known.count
      guard !enough else { continue }
      plan.nodes.remove(node.id)
      plan.reasons.append((node.name, "its inputs are float32"))
    }
    for node in graph.nodes.reversed()
    where plan.nodes.contains(node.id) && !(node.op is Conv || node.op is Gemm) {
      let readers = node.outputs.flatMap { graph.consumers(of: $0) }
      guard !readers.contains(where: { plan.nodes.contains($0.id) }) else { continue }
      plan.nodes.remove(node.id)
      plan.reasons.append((node.name, "only float32 reads its outputs"))
    }
  }

  /// Ranges with those united whose tensors must share one quantization.
  private func tied(_ ranges: Ranges, _ plan: QuantizationPlan, _ graph: Graph) -> Ranges {
    var parent: [ValueID: ValueID] = [:]
    func root(_ value: ValueID) -> ValueID {
      var value = value
      while let next = parent[value] { value = next }
      return value
    }
    for node in graph.nodes where plan.nodes.contains(node.id) && movesElements(node.op) {
      for input in node.inputs {
        for output in node.outputs {
          let (a, b) = (root(input), root(output))
          if a != b { parent[a] = b }
        }
      }
    }
    var united: Ranges = [:]
    for (value, range) in ranges {
      let root = root(value)
      let known = united[root] ?? range
      united[root] = (min(known.least, range.least), max(known.largest, range.largest))
    }
    return ranges.keys.reduce(into: [:]) { $0[$1] = united[root($1)] }
  }

  /// Sigmoid, tanh and their like have a range that no frame needs to show.
  private func fixKnownRanges(_ plan: inout QuantizationPlan, _ graph: Graph) {
    for node in graph.nodes where plan.nodes.contains(node.id) {
      guard case .fixed(let scale, let zeroPoint) = node.op.quantizationRule(graph.inputTypes(of: node)),
        graph.consumers(of: node.outputs[0]).allSatisfy({ !movesElements($0.op) })
      else { continue }
      plan.quantizations[node.outputs[0]] = Quantization(scale: scale, zeroPoint: zeroPoint)
    }
  }
}

/// Whether an operator's outputs have the quantization of its inputs.
func movesElements(_ op: any Operator) -> Bool {
  op is any MovingOperator || op is MaxPool || op is Resize
}
