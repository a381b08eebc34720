public import EspalierGraph
internal import EspalierKernels

extension GridSample {
  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    index == 0 ? .featureMap(inputs[0]) : .any
  }

  /// One call of sample_f32. Volumes lie row by row: they are copied so that channels lie next to each other.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let grid = lowering.view(of: node.inputs[1])
    let output = lowering.graph.type(of: node.outputs[0]).shape
    if output.count == 4 {
      let input = try lowering.image(of: node.inputs[0]).view
      return try lowering.writeFeatureMap(node.outputs[0]) { (lowering, image) throws(LoweringError) in
        emit(from: input, grid, to: image.view, into: &lowering)
      }
    }
    let source = lowering.view(of: node.inputs[0])
    let target = lowering.allocate(node.outputs[0])
    let input = lowering.newVolume(shape: source.shape)
    try lowering.copy(from: source, to: input)
    let made = lowering.newVolume(shape: target.shape)
    emit(from: input, grid, to: made, into: &lowering)
    try lowering.copy(from: made, to: target)
  }

  private func emit(from input: View, _ grid: View, to output: View, into lowering: inout Lowering) {
    guard !output.shape.contains(0) else { return }
    var parameters = SampleParameters(from: input, to: output)
    let axes = input.rank - 2
    let bases = (0..<axes).reversed().map { Int(grid.offsetFromLowest) + $0 * grid.strides[axes + 1] }
    parameters.setGrid(grid.dropping(axis: axes + 1), bases: bases)
    parameters.mode = Int32(mode == .nearest ? 0 : mode == .linear ? 1 : 2)
    parameters.padding = Int32(padding == .zeros ? 0 : padding == .border ? 1 : 2)
    parameters.edge = alignsCorners ? 0 : 0.5
    parameters.offset = 1
    let extents = [Int](repeating: 1, count: 3 - axes) + input.shape.dropFirst(2)
    parameters.scale = SampleParameters.three(extents.map { Float(alignsCorners ? $0 - 1 : $0) / 2 })
    parameters.shift = SampleParameters.three(extents.map { _ in alignsCorners ? 0 : -0.5 })
    lowering.emit(parameters, [input, grid.atLowest, nil, output])
  }
}

extension Lowering {
  /// Working memory of a volume `[N, C, D, H, W]` whose channels lie next to each other.
  fileprivate mutating func newVolume(shape: Shape) -> View {
    let order = [0, 2, 3, 4, 1]
    let lying = newBuffer(shape: order.map { shape[$0] })
    return lying.transposed([0, 4, 1, 2, 3])
  }
}
