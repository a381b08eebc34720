internal import EspalierGraph

/// Where blocks of `length` consecutive elements of a tensor stand: what GatherElements, GatherND and the
/// Scatter operators make of their indices.
struct BlockTable {
  /// Numbers of blocks, counted in the data tensor.
  var blocks: [Int]
  /// Elements of one block.
  var length: Int

  init(blocks: [Int], length: Int) {
    self.blocks = blocks
    self.length = length
  }

  /// One element for each index: the index replaces the position along `axis`.
  ///
  /// - Throws: `EvaluationError.indexOutOfRange`.
  init(elementsOf data: Shape, axis: Int, indices: [Int], shape: Shape) throws(EvaluationError) {
    let indices = try checkedIndices(indices, extent: data[axis])
    let strides = data.rowMajorStrides
    var positions: [Int] = []
    positions.reserveCapacity(indices.count)
    forEachIndex(of: shape) { index, position in
      var place = 0
      for (other, value) in index.enumerated() {
        place += (other == axis ? indices[position] : value) * strides[other]
      }
      positions.append(place)
    }
    blocks = positions
    length = 1
  }

  /// One block for each row of `indices`, which names the position along the axes behind the batch axes.
  ///
  /// - Throws: `EvaluationError.indexOutOfRange`.
  init(
    blocksOf data: Shape, batchAxes: Int, indices: [Int], shape: Shape
  ) throws(EvaluationError) {
    let depth = shape.last ?? 0
    let named = data[batchAxes..<batchAxes + depth]
    let rows = shape.dropLast().reduce(1, *)
    let batches = data[..<batchAxes].reduce(1, *)
    let perBatch = batches == 0 ? 0 : rows / batches
    length = data[(batchAxes + depth)...].reduce(1, *)
    blocks = []
    blocks.reserveCapacity(rows)
    for row in 0..<rows {
      var place = perBatch == 0 ? 0 : row / perBatch
      for (offset, extent) in named.enumerated() {
        let index = indices[row * depth + offset]
        guard index >= -extent, index < extent else { throw .indexOutOfRange(index, limit: extent) }
        place = place * extent + (index < 0 ? index + extent : index)
      }
      blocks.append(place)
    }
  }
}

extension Lowering {
  /// A view as `[rows, length]`; copied where its strides do not allow that.
  mutating func rows(of view: View, length: Int) throws(LoweringError) -> View {
    let shape = [length == 0 ? 0 : view.shape.elementCount / length, length]
    if let rows = view.reshaped(to: shape) { return rows }
    let copied = newBuffer(shape: shape)
    try copy(from: view, reshapedTo: copied)
    return copied
  }

  /// Block i of `output` becomes block `table.blocks[i]` of `rows`.
  mutating func gatherBlocks(
    _ table: BlockTable, from rows: View, to output: View
  ) throws(LoweringError) {
    guard !output.shape.contains(0) else { return }
    let shape = [table.blocks.count, table.length]
    if let target = output.reshaped(to: shape) {
      return try gather(axis: 0, table: table.blocks, from: rows, to: target)
    }
    let target = newBuffer(shape: shape)
    try gather(axis: 0, table: table.blocks, from: rows, to: target)
    try copy(from: target, reshapedTo: output)
  }
}
