public import EspalierGraph
internal import EspalierOperators

/// Writes a transpose that only moves axes of one element as a reshape.
///
/// ## Before
///     y = Transpose(x) {the axes with more than one element in order}
/// ## After
///     y = Reshape(x)
///
/// Runs when transposes have sunk: a reshape stays where it is.
public struct TransposeToReshape: RewritePass {
  public static let name = "TransposeToReshape"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let transpose = node.op as? Transpose else { return nil }
    let (input, output) = (graph.type(of: node.inputs[0]).shape, graph.type(of: node.outputs[0]).shape)
    let moved = transpose.permutation.filter { input[$0] != 1 }
    guard moved == moved.sorted() else { return nil }
    return .replacing(
      node, by: Reshape(shape: output, allowsZero: true), inputs: [.existing(node.inputs[0])])
  }
}
