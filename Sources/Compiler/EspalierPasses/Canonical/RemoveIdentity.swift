public import EspalierGraph
internal import EspalierOperators

/// Takes out operators that hand their input through.
///
/// ## Before
///     y = Identity(x)        (also a Reshape, Transpose, Slice, Expand, Cast, … that changes nothing)
/// ## After
///     readers of y read x
public struct RemoveIdentity: RewritePass {
  public static let name = "RemoveIdentity"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard isIdentity(node, in: graph), graph.type(of: node.inputs[0]) == graph.type(of: node.outputs[0]),
      node.outputs.dropFirst().allSatisfy({ graph.readerCount(of: $0) == 0 })
    else { return nil }
    var patch = GraphPatch()
    patch.replace(node.outputs[0], with: .existing(node.inputs[0]))
    patch.remove(node.id)
    return patch
  }

  private func isIdentity(_ node: Node, in graph: Graph) -> Bool {
    switch node.op {
    case is Identity, is Reshape, is Flatten, is Squeeze, is Unsqueeze, is Expand, is Cast: true
    case let transpose as Transpose: transpose.permutation == Array(transpose.permutation.indices)
    case let unary as Unary: isIdentity(unary.function)
    case is Concat, is Split: node.inputs.count == 1
    case let slice as Slice: slice.ranges.allSatisfy { $0.step > 0 }
    case let pad as Pad: (pad.before + pad.after).allSatisfy { $0 == 0 }
    case let tile as Tile: tile.repeats.allSatisfy { $0 == 1 }
    case let pool as MaxPool: !pool.givesIndices && (pool.kernel + pool.strides).allSatisfy { $0 == 1 }
    case let pool as AveragePool: (pool.kernel + pool.strides).allSatisfy { $0 == 1 }
    case let shuffle as ChannelShuffle: shuffle.groups == 1
    default: false
    }
  }

  private func isIdentity(_ function: ElementFunction) -> Bool {
    switch function.kind {
    case .identity: true
    case .affine: function.alpha == 1 && function.beta == 0
    case .clip: function.alpha == -.infinity && function.beta == .infinity
    default: false
    }
  }
}
