public import EspalierGraph
internal import EspalierOperators

/// Moves transposes to channels-last behind the operators that follow, until they meet their inverse.
///
/// Exports from channels-last frameworks stand between pairs of transposes; what is computed in between would
/// otherwise treat image rows as channels.
///
/// ## Before
///     t = Transpose(x) {0, 2, 3, 1};  y = op(t)
/// ## After
///     u = op'(x);  y = Transpose(u) {0, 2, 3, 1}
///
/// `op` is an element-wise operator (its other operand a transpose of the same kind or a constant), Concat, or
/// a reduction that keeps its axes; `op'` is the same with its axes renamed.
public struct SinkTransposes: RewritePass {
  public static let name = "SinkTransposes"
  private static let channelsLast = [0, 2, 3, 1]

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.outputs.count == 1, node.inputs.contains(where: { Self.isTransposed($0, in: graph) })
    else { return nil }
    switch node.op {
    case is Unary: return sink(node, node.op, in: graph)
    case is Binary: return sink(node, node.op, in: graph)
    case let concat as Concat:
      return sink(node, Concat(axis: Self.channelsLast[concat.axis]), in: graph)
    case let reduce as Reduce where reduce.keepsAxes:
      return sink(
        node, Reduce(reduce.kind, axes: reduce.axes.map { Self.channelsLast[$0] }.sorted()), in: graph)
    default: return nil
    }
  }

  private func sink(_ node: Node, _ op: any Operator, in graph: Graph) -> GraphPatch? {
    var patch = GraphPatch()
    var inputs: [GraphPatch.Reference] = []
    for value in node.inputs {
      if Self.isTransposed(value, in: graph), let producer = graph.producer(of: value) {
        inputs.append(.existing(producer.inputs[0]))
      } else if let tensor = graph.constant(of: value), !(op is Concat), tensor.shape.count <= 4 {
        inputs.append(patch.constant(Self.channelsFirst(tensor), name: graph[value].name + "/NCHW"))
      } else {
        return nil
      }
    }
    let moved = patch.add(op, name: node.name + "/NCHW", inputs: inputs)
    let back = patch.add(Transpose(permutation: Self.channelsLast), name: node.name, inputs: [moved])
    patch.replace(node.outputs[0], with: back)
    patch.remove(node.id)
    return patch
  }

  private static func isTransposed(_ value: ValueID, in graph: Graph) -> Bool {
    (graph.producer(of: value)?.op as? Transpose)?.permutation == channelsLast
  }

  /// A channels-last constant of up to 4 axes as NCHW.
  private static func channelsFirst(_ tensor: Tensor) -> Tensor {
    let shape = Shape(repeating: 1, count: 4 - tensor.shape.count) + tensor.shape
    let target = [shape[0], shape[3], shape[1], shape[2]]
    var offsets: [Int?] = []
    forEachIndex(of: target) { index, _ in
      offsets.append(((index[0] * shape[1] + index[2]) * shape[2] + index[3]) * shape[3] + index[1])
    }
    return tensor.gathered(offsets, shape: target)
  }
}
