public import EspalierGraph

/// A cache with an update written into it along one axis, from a known place on in every batch.
///
/// Rewritten as ScatterElements. Source: ONNX `TensorScatter`, opset 24.
public enum TensorScatter: NodeImporter {
  public static let onnxNames = ["TensorScatter"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (cache, update) = (try node.requiredInput(0), try node.requiredInput(1))
    let (shape, extents) = (update.type.shape, cache.type.shape)
    let axis = try node.resolvedAxis(try node.int("axis") ?? -2, rank: extents.count)
    let mode = try node.string("mode") ?? "linear"
    guard mode == "linear" || mode == "circular" else { throw node.invalid("mode", "'\(mode)' is not known") }
    let batches = extents.first ?? 0
    let starts = try node.constantInput(2)?.asInts ?? [Int](repeating: 0, count: batches)
    guard axis > 0, shape.count == extents.count, starts.count == batches,
      shape.indices.allSatisfy({ $0 == axis ? shape[$0] <= extents[$0] : shape[$0] == extents[$0] }),
      starts.allSatisfy({ $0 >= 0 && $0 < max(1, extents[axis]) })
    else { throw node.invalid("axis", "\(axis): \(update.type) does not fit into \(cache.type)") }
    var indices: [Int] = []
    forEachIndex(of: shape) { index, _ in
      let place = starts[index[0]] + index[axis]
      indices.append(mode == "circular" ? place % extents[axis] : place)
    }
    guard indices.allSatisfy({ $0 < extents[axis] }) else {
      throw node.invalid("write_indices", "reach beyond axis \(axis) of \(cache.type): \(starts)")
    }
    let table = Gather.Table(shape: shape, indices: indices)
    return try builder.add(
      ScatterElements(axis: axis, table: table), [cache.value, update.value],
      outputNames: node.outputNames)
  }
}
