public import EspalierGraph
internal import EspalierOperators

/// Writes a product of two matrices as Gemm, which has a bias and an activation.
///
/// ## Before
///     y = MatMul(x, W)             x: [M, K], W: a constant [K, N]
/// ## After
///     y = Gemm(x, W)
public struct MatMulToGemm: RewritePass {
  public static let name = "MatMulToGemm"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is MatMul, graph.constant(of: node.inputs[1]) != nil,
      graph.inputTypes(of: node).allSatisfy({ $0.rank == 2 && $0.element == .float32 })
    else { return nil }
    return .replacing(node, by: Gemm(), inputs: node.inputs.map { .existing($0) })
  }
}
