public import EspalierGraph
internal import EspalierOperators

/// Moves transposes behind the operators that follow, until they meet their inverse.
///
/// Exports from channels-last frameworks stand between pairs of transposes; what is computed in between would
/// otherwise treat image rows as channels.
///
/// ## Before
///     t = Transpose(x) {0, 2, 3, 1};  y = op(t)
/// ## After
///     u = op'(x);  y = Transpose(u) {0, 2, 3, 1}
///
/// `op` is an operator of `MovedOperator`, `op'` the same with its axes renamed. Its other operands are
/// transposes of the same kind or constants; an element-wise operator may have any, which are then transposed
/// back. Other permutations move only where their inverse is all that reads `y`.
public struct SinkTransposes: RewritePass {
  public static let name = "SinkTransposes"
  static let channelsLast = [0, 2, 3, 1]

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let permutation = permutation(before: node, in: graph),
      graph.type(of: node.outputs[0]).elementCount > 0,
      let moved = MovedOperator(node, before: permutation, in: graph)
    else { return nil }
    let isLast = permutation == Self.channelsLast
    guard isLast || meetsInverse(node, moved, in: graph) else { return nil }
    var patch = GraphPatch()
    var inputs: [GraphPatch.Reference] = []
    for value in node.inputs.prefix(moved.inputCount) {
      if let source = source(of: value, permutation, in: graph) {
        inputs.append(.existing(source))
      } else if let tensor = graph.constant(of: value) {
        let own =
          moved.isBroadcast ? tensor.transposedBack(permutation) : tensor.transposed(permutation.inverse)
        guard let own else { return nil }
        inputs.append(patch.constant(own, name: graph[value].name + "/moved"))
      } else if isLast, moved.isBroadcast, graph.type(of: value).rank == permutation.count {
        let back = Transpose(permutation: permutation.inverse)
        inputs.append(patch.add(back, name: graph[value].name + "/back", inputs: [.existing(value)]))
      } else {
        return nil
      }
    }
    moved.add(to: &patch, replacing: node, inputs: inputs)
    return patch
  }

  /// The permutation of the first input that a transpose computes.
  private func permutation(before node: Node, in graph: Graph) -> [Int]? {
    for value in node.inputs where !(node.op is Transpose) {
      if let transpose = graph.producer(of: value)?.op as? Transpose { return transpose.permutation }
    }
    return nil
  }

  private func source(of value: ValueID, _ permutation: [Int], in graph: Graph) -> ValueID? {
    guard let producer = graph.producer(of: value), let transpose = producer.op as? Transpose,
      transpose.permutation == permutation
    else { return nil }
    return producer.inputs[0]
  }

  /// Whether transposes that undo what would be moved are all that reads the outputs.
  private func meetsInverse(_ node: Node, _ moved: MovedOperator, in graph: Graph) -> Bool {
    node.outputs.allSatisfy { output in
      let readers = graph.consumers(of: output)
      return graph.readerCount(of: output) == readers.count && !readers.isEmpty
        && readers.allSatisfy { ($0.op as? Transpose)?.permutation == moved.permutation.inverse }
    }
  }
}

extension [Int] {
  /// The permutation that undoes this one.
  var inverse: [Int] { indices.map { firstIndex(of: $0) ?? $0 } }
}

extension Tensor {
  /// Axis `i` of the result is axis `permutation[i]` of this tensor; nil where the ranks differ.
  func transposed(_ permutation: [Int]) -> Tensor? {
    guard permutation.count == shape.count else { return nil }
    let strides = shape.rowMajorStrides
    let target = permutation.map { shape[$0] }
    var offsets: [Int?] = []
    offsets.reserveCapacity(count)
    forEachIndex(of: target) { index, _ in
      offsets.append(zip(index, permutation).reduce(0) { $0 + $1.0 * strides[$1.1] })
    }
    return gathered(offsets, shape: target)
  }

  /// The tensor as it must be to broadcast with what stands before a transpose; nil where it has more axes.
  func transposedBack(_ permutation: [Int]) -> Tensor? {
    guard shape.count <= permutation.count else { return nil }
    if count == 1 { return self }
    let ones = Shape(repeating: 1, count: permutation.count - shape.count)
    return reshaped(to: ones + shape).transposed(permutation.inverse)
  }
}
