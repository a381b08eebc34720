public import EspalierGraph
internal import EspalierOperators

/// Takes activations that are more than a clamp out of the operators that compute them on the way: in 8 bits
/// they are looked up in a table, and their inputs have a range of their own.
///
/// ## Before
///     y = Conv(x, W, b) {activation = silu}
/// ## After
///     t = Conv(x, W, b)
///     y = Unary(silu)(t)
public struct SplitActivations: RewritePass {
  public static let name = "SplitActivations"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let (bare, activation) = parts(node.op) else { return nil }
    var patch = GraphPatch()
    let sum = patch.add(bare, name: "\(node.name)/sum", inputs: node.inputs.map { .existing($0) })
    let result = patch.add(Unary(activation), name: node.name, inputs: [sum])
    patch.replace(node.outputs[0], with: result)
    patch.remove(node.id)
    return patch
  }

  private func parts(_ op: any Operator) -> (any Operator, ElementFunction)? {
    switch op {
    case let conv as Conv where !isClamp(conv.activation):
      return (conv.withActivation(.identity), conv.activation)
    case var gemm as Gemm where !isClamp(gemm.activation):
      let activation = gemm.activation
      gemm.activation = .identity
      return (gemm, activation)
    case let binary as Binary where binary.activation.kind != .identity && binary.activation.kind != .relu:
      return (Binary(binary.kind), binary.activation)
    default: return nil
    }
  }

  private func isClamp(_ function: ElementFunction) -> Bool {
    [.identity, .relu, .clip].contains(function.kind)
  }
}
