internal import EspalierGraph
internal import EspalierKernels

extension Lowering {
  /// `target[…, i, …] = source[…, table[i], …]` along one axis, by kernel gather_f32.
  ///
  /// - Precondition: The views agree along every other axis; entries of `table` lie inside the source.
  mutating func gather(
    axis: Int, table: [Int], from source: View, to target: View
  ) throws(LoweringError) {
    let others = [target.dropping(axis: axis), source.dropping(axis: axis)]
    guard !table.isEmpty, let axes = try mergedAxes(others) else { return }
    var parameters = GatherParameters()
    // Axes outside the gathered one in memory come first, so that contiguous runs are copied whole.
    let outside = axes.strides[0].prefix { abs($0) > abs(target.strides[axis]) }.count
    let cut = min(3, max(outside, axes.extent.count - 3))
    parameters.outer = threeAxes(Array(axes.extent[..<cut]), fill: 1)
    parameters.outer_output_stride = threeAxes(Array(axes.strides[0][..<cut]), fill: 0)
    parameters.outer_input_stride = threeAxes(Array(axes.strides[1][..<cut]), fill: 0)
    parameters.inner = threeAxes(Array(axes.extent[cut...]), fill: 1)
    parameters.inner_output_stride = threeAxes(Array(axes.strides[0][cut...]), fill: 0)
    parameters.inner_input_stride = threeAxes(Array(axes.strides[1][cut...]), fill: 0)
    parameters.axis = Int32(source.shape[axis])
    parameters.axis_input_stride = Int32(source.strides[axis])
    parameters.count = Int32(table.count)
    parameters.count_output_stride = Int32(target.strides[axis])
    parameters.input_base = source.offsetFromLowest
    parameters.output_base = target.offsetFromLowest
    let entries = weights.append(table: table.map(Int32.init))
    emit(parameters, [source.atLowest, entries, target.atLowest])
  }

  /// Output element by output element what its index names along `axis` of input 0, by kernel take_f32. Indices are
  /// input 1.
  ///
  /// - Parameters:
  ///   - strides: Along each axis of the output, elements between neighbors in the input.
  ///   - indexStrides: The same among the indices.
  mutating func take(
    _ node: Node, axis: Int, strides: [Int], indexStrides: [Int]
  ) throws(LoweringError) {
    let (source, indices) = (view(of: node.inputs[0]), view(of: node.inputs[1]))
    let output = allocate(node.outputs[0])
    guard !output.shape.contains(0) else { return }
    guard source.shape[axis] > 0 else {
      throw .noKernel(node: node.name, type: node.op.name, reason: "there is nothing along axis \(axis)")
    }
    let from = View(source.buffer, base: source.base, shape: output.shape, strides: strides)
    let named = View(indices.buffer, base: indices.base, shape: output.shape, strides: indexStrides)
    guard let axes = try mergedAxes([output, from, named]) else { return }
    var parameters = TakeParameters()
    parameters.extent = sixAxes(axes.extent, fill: 1)
    parameters.output_stride = sixAxes(axes.strides[0], fill: 0)
    parameters.input_stride = sixAxes(axes.strides[1], fill: 0)
    parameters.index_stride = sixAxes(axes.strides[2], fill: 0)
    parameters.axis = Int32(source.shape[axis])
    parameters.axis_stride = Int32(source.strides[axis])
    parameters.input_base = source.offsetFromLowest
    parameters.index_base = indices.offsetFromLowest
    parameters.output_base = output.offsetFromLowest
    emit(parameters, [source.atLowest, indices.atLowest, output.atLowest])
  }
}

extension [Int] {
  /// The list with others put in front of element `index`.
  func inserting(_ others: [Int], at index: Int) -> [Int] { Array(self[..<index]) + others + self[index...] }
}
