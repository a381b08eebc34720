public import EspalierGraph
internal import EspalierOperators

/// Lets a kernel compute the activation on its way out.
///
/// ## Before
///     t = Conv(x, W, b)            (or ConvTranspose, Gemm, Binary)
///     y = Unary(f)(t)
/// ## After
///     y = Conv(x, W, b) {activation = f}
///
/// Fires only when nothing else reads `t`, `t` has no activation yet, and kernels have `f` in their epilogue.
public struct FuseActivation: RewritePass {
  public static let name = "FuseActivation"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let function = (node.op as? Unary)?.function, function.fitsEpilogue,
      let producer = graph.producer(of: node.inputs[0]), graph.isOnlyReader(node, of: node.inputs[0]),
      let fused = fused(producer.op, function)
    else { return nil }
    var patch = GraphPatch()
    let result = patch.add(fused, name: producer.name, inputs: producer.inputs.map { .existing($0) })
    patch.replace(node.outputs[0], with: result)
    patch.remove(node.id)
    patch.remove(producer.id)
    return patch
  }

  private func fused(_ op: any Operator, _ function: ElementFunction) -> (any Operator)? {
    switch op {
    case let conv as Conv where conv.activation == .identity:
      return conv.withActivation(function)
    case var conv as ConvTranspose where conv.activation == .identity:
      conv.activation = function
      return conv
    case var gemm as Gemm where gemm.activation == .identity:
      gemm.activation = function
      return gemm
    case let binary as Binary where binary.activation == .identity && !binary.kind.givesTruthValues:
      return Binary(binary.kind, activation: function)
    default: return nil
    }
  }
}
