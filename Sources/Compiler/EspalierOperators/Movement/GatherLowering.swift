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
}
