public import EspalierGraph
internal import EspalierOperators

/// Lets a convolution or an average pool pad its input itself.
///
/// ## Before
///     t = Pad(x) {zeros around H and W}
///     y = Conv(t, W, b)            (or AveragePool that counts its padding)
/// ## After
///     y = Conv(x, W, b) {pads = pads + Pad's}
///
/// Fires only for constant padding with zero, nothing cropped, and no padding of N and C.
public struct FoldPad: RewritePass {
  public static let name = "FoldPad"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let first = node.inputs.first, let producer = graph.producer(of: first),
      let pad = producer.op as? Pad, let added = spatialZeros(of: pad),
      let folded = folded(node.op, added)
    else { return nil }
    let inputs = [producer.inputs[0]] + node.inputs.dropFirst()
    return .replacing(node, by: folded, inputs: inputs.map { .existing($0) })
  }

  private func folded(_ op: any Operator, _ added: [Int]) -> (any Operator)? {
    guard var conv = op as? Conv, conv.pads.count == added.count else { return nil }
    conv.pads = zip(conv.pads, added).map { $0 + $1 }
    return conv
  }

  /// The zeros that a Pad puts before and behind each spatial axis; nil where it does anything else.
  private func spatialZeros(of pad: Pad) -> [Int]? {
    let rank = pad.pads.count / 2
    guard pad.mode == .constant, pad.value == 0, rank >= 3, pad.pads.allSatisfy({ $0 >= 0 }) else {
      return nil
    }
    let (before, behind) = (pad.pads.prefix(rank), pad.pads.suffix(rank))
    guard before.prefix(2).allSatisfy({ $0 == 0 }), behind.prefix(2).allSatisfy({ $0 == 0 }) else {
      return nil
    }
    return Array(before.dropFirst(2)) + Array(behind.dropFirst(2))
  }
}
