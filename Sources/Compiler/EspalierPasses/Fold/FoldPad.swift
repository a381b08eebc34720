public import EspalierGraph
internal import EspalierOperators

/// Lets a convolution or a pooling pad its input itself.
///
/// ## Before
///     t = Pad(x) {zeros around H and W}
///     y = Conv(t, W, b)            (or AveragePool that counts its padding, or MaxPool)
/// ## After
///     y = Conv(x, W, b) {pads = pads + Pad's}
///
/// Fires only for constant padding, nothing cropped, and no padding of N and C. Convolutions and mean values
/// need zeros; a maximum ignores padding, so it needs −∞, or zeros around what is nowhere negative.
public struct FoldPad: RewritePass {
  public static let name = "FoldPad"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let first = node.inputs.first, let producer = graph.producer(of: first),
      let pad = producer.op as? Pad, let added = spatialPads(of: pad),
      let folded = folded(
        node.op, pad.value, added, isNowhereNegative: graph.isNowhereNegative(producer.inputs[0]))
    else { return nil }
    let inputs = [producer.inputs[0]] + node.inputs.dropFirst()
    return .replacing(node, by: folded, inputs: inputs.map { .existing($0) })
  }

  private func folded(
    _ op: any Operator, _ value: Float, _ added: [Int], isNowhereNegative: Bool
  ) -> (any Operator)? {
    switch op {
    case var conv as Conv where value == 0 && conv.pads.count == added.count:
      conv.pads = zip(conv.pads, added).map { $0 + $1 }
      return conv
    case var pool as AveragePool where value == 0 && pool.pads.count == added.count && countsAllTaps(pool):
      pool.pads = zip(pool.pads, added).map { $0 + $1 }
      pool.countsPadding = true
      return pool
    case var pool as MaxPool where pool.pads.count == added.count && !pool.roundsUp && !pool.givesIndices:
      guard value == -.infinity || (value == 0 && isNowhereNegative) else { return nil }
      pool.pads = zip(pool.pads, added).map { $0 + $1 }
      return everyWindowSeesInput(pool) ? pool : nil
    default: return nil
    }
  }

  /// Whether every window divides by all its taps, so that padding may count as well.
  private func countsAllTaps(_ pool: AveragePool) -> Bool {
    !pool.roundsUp && (pool.countsPadding || pool.pads.allSatisfy { $0 == 0 })
  }

  /// Whether no window lies on padding alone, whose maximum would be −∞ instead of the pad's value.
  private func everyWindowSeesInput(_ pool: MaxPool) -> Bool {
    let twice = pool.kernel + pool.kernel
    return pool.dilations.allSatisfy { $0 == 1 } && zip(pool.pads, twice).allSatisfy { $0 < $1 }
  }

  /// What a Pad puts before and behind each spatial axis; nil where it does more than that.
  private func spatialPads(of pad: Pad) -> [Int]? {
    let (before, behind) = (pad.before, pad.after)
    guard pad.mode == .constant, before.count >= 3, (before + behind).allSatisfy({ $0 >= 0 }),
      before.prefix(2).allSatisfy({ $0 == 0 }), behind.prefix(2).allSatisfy({ $0 == 0 })
    else { return nil }
    return Array(before.dropFirst(2)) + Array(behind.dropFirst(2))
  }
}

extension Graph {
  /// Whether the way a value is computed rules negative elements out.
  func isNowhereNegative(_ value: ValueID) -> Bool {
    guard let node = producer(of: value) else { return false }
    switch node.op {
    case let unary as Unary: return unary.function.isNowhereNegative
    case let conv as Conv: return conv.activation.isNowhereNegative
    case let gemm as Gemm: return gemm.activation.isNowhereNegative
    case let binary as Binary: return binary.activation.isNowhereNegative
    case is MaxPool, is AveragePool: return isNowhereNegative(node.inputs[0])
    default: return false
    }
  }
}

extension ElementFunction {
  /// Whether no value of the function is below 0.
  var isNowhereNegative: Bool {
    switch kind {
    case .relu, .sigmoid, .hardSigmoid, .exp, .abs, .softplus: true
    case .clip: alpha >= 0
    default: false
    }
  }
}
