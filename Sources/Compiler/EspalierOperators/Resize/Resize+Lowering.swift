public import EspalierGraph
internal import EspalierKernels

extension Resize {
  /// One call of resize_f32 where at most two axes of at most four change; gathers where nearest changes
  /// more.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    if lowering.storedAsBytes.contains(node.outputs[0]) { return try lowerBytes(node, &lowering) }
    let source = lowering.view(of: node.inputs[0])
    let output = lowering.allocate(node.outputs[0])
    guard !output.shape.contains(0) else { return }
    let moved = axes.filter { axis in
      !taps(of: axis, inputExtent: source.shape[axis.axis]).isIdentity(of: source.shape[axis.axis])
    }
    if moved.isEmpty {
      try lowering.copy(from: source, to: output)
    } else if source.rank <= 4, moved.count <= 2 {
      try lowerAsImage(moved, from: source, to: output, &lowering)
    } else if mode == .nearest, coordinates != .cropAndResize {
      try lowerByGathering(moved, from: source, to: output, &lowering)
    } else {
      let reason = "\(mode.rawValue) resampling of \(moved.count) axes of \(source.rank)"
      throw .noKernel(node: node.name, type: Self.name, reason: reason)
    }
  }

  /// Sees the resampled axes as rows and columns and the others as images and channels.
  private func lowerAsImage(
    _ moved: [Axis], from source: View, to output: View, _ lowering: inout Lowering
  ) throws(LoweringError) {
    var view = source
    var target = output
    while view.rank < 4 {
      view = view.reshapedWithLeadingAxis
      target = target.reshapedWithLeadingAxis
    }
    let lead = view.rank - source.rank
    var spatial = moved.map { $0.axis + lead }.sorted()
    if spatial.count == 1 {
      // The other spatial axis stays as it is: preferably the one that is not the channels.
      let free = (0..<4).filter { $0 != spatial[0] }
      let partner = free.contains(2) || free.contains(3) ? free.filter { $0 >= 2 }[0] : free[0]
      spatial = [spatial[0], partner].sorted()
    }
    var rest = (0..<4).filter { !spatial.contains($0) }
    if target.strides[rest[0]] == 1, target.shape[rest[0]] > 1 { rest.reverse() }
    let order = rest + spatial
    func taps(_ axis: Int) -> ResizeTaps {
      let extent = view.shape[axis]
      guard let moved = moved.first(where: { $0.axis + lead == axis }) else { return .identity(extent) }
      return self.taps(of: moved, inputExtent: extent)
    }
    try lowering.resize(
      from: view.transposed(order), to: target.transposed(order), rows: taps(spatial[0]),
      columns: taps(spatial[1]), outside: extrapolationValue)
  }

  private func lowerByGathering(
    _ moved: [Axis], from source: View, to output: View, _ lowering: inout Lowering
  ) throws(LoweringError) {
    var view = source
    for (index, axis) in moved.enumerated() {
      let table = taps(of: axis, inputExtent: view.shape[axis.axis]).indices
      let shape = view.shape.replacing(axis: axis.axis, with: table.count)
      let target = index == moved.count - 1 ? output : lowering.newBuffer(shape: shape)
      try lowering.gather(axis: axis.axis, table: table, from: view, to: target)
      view = target
    }
  }
}

extension ResizeTaps {
  static func identity(_ extent: Int) -> ResizeTaps {
    ResizeTaps(
      count: 1, indices: Array(0..<extent), weights: [Float](repeating: 1, count: extent),
      outside: [Bool](repeating: false, count: extent))
  }

  /// Whether every output is the element at the same place of an axis of `extent`.
  func isIdentity(of extent: Int) -> Bool {
    guard outputExtent == extent, !outside.contains(true) else { return false }
    return (0..<extent).allSatisfy { position in
      let own = position * count..<(position + 1) * count
      return own.allSatisfy { weights[$0] == 0 || indices[$0] == position }
        && own.reduce(0) { $0 + weights[$1] } == 1
    }
  }
}

extension View {
  /// This view under one more axis of extent 1.
  fileprivate var reshapedWithLeadingAxis: View {
    View(buffer, base: base, shape: [1] + shape, strides: [0] + strides)
  }
}

extension Lowering {
  /// Resamples rows (axis 2) and columns (axis 3) of a rank-4 view by kernel resize_f32.
  fileprivate mutating func resize(
    from source: View, to output: View, rows: ResizeTaps, columns: ResizeTaps, outside: Float
  ) throws(LoweringError) {
    var image = source
    if Image(source) == nil {
      image = newBuffer(shape: source.shape)
      try copy(from: source, to: image)
    }
    let target = Image(output) == nil ? newBuffer(shape: output.shape) : output
    var parameters = ResizeParameters()
    parameters.batch = Int32(image.shape[0])
    parameters.channels = Int32(image.shape[1])
    parameters.input_height = Int32(image.shape[2])
    parameters.input_width = Int32(image.shape[3])
    parameters.output_height = Int32(rows.outputExtent)
    parameters.output_width = Int32(columns.outputExtent)
    parameters.row_taps = Int32(rows.count)
    parameters.column_taps = Int32(columns.count)
    parameters.input_stride_n = Int32(image.strides[0])
    parameters.input_stride_h = Int32(image.strides[2])
    parameters.input_stride_w = Int32(image.strides[3])
    parameters.output_stride_n = Int32(target.strides[0])
    parameters.output_stride_h = Int32(target.strides[2])
    parameters.output_stride_w = Int32(target.strides[3])
    emit(
      parameters,
      [
        image, weights.append(table: rows.indices.map(Int32.init)), weights.append(floats: rows.weights),
        weights.append(table: columns.indices.map(Int32.init)), weights.append(floats: columns.weights),
        target,
      ])
    fillOutside(of: target, axis: 2, rows, with: outside)
    fillOutside(of: target, axis: 3, columns, with: outside)
    if target != output { try copy(from: target, to: output) }
  }

  /// Places that `tf_crop_and_resize` finds outside the input: runs at the start and the end of an axis.
  private mutating func fillOutside(of target: View, axis: Int, _ taps: ResizeTaps, with value: Float) {
    var start = 0
    while start < taps.outputExtent {
      guard taps.outside[start] else {
        start += 1
        continue
      }
      let end = taps.outside[start...].firstIndex(of: false) ?? taps.outputExtent
      fill(target.sliced(axis: axis, start: start, count: end - start), with: value)
      start = end
    }
  }
}
