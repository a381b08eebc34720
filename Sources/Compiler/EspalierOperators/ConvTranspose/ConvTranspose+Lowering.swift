public import EspalierGraph
internal import EspalierKernels

/// A transposed convolution is one plain convolution for every phase of the output: indices that leave the
/// same remainder when divided by the stride see the same taps.
extension ConvTranspose {
  /// The output indices `first + t · stride` along one axis, and the taps that they see.
  public struct Phase {
    public var first: Int
    /// How many output indices there are.
    public var count: Int
    /// Each tap with the input index that output index `first` sees through it; ascending by index.
    public var taps: [(tap: Int, input: Int)]
  }

  /// The phases of one axis.
  public static func phases(_ window: Window, axis: Int, output: Int) -> [Phase] {
    let stride = window.strides[axis]
    return (0..<min(stride, output)).map { first in
      let taps = (0..<window.kernel[axis]).reversed().compactMap { tap -> (tap: Int, input: Int)? in
        let spread = first + window.before(axis) - tap * window.dilations[axis]
        return spread % stride == 0 ? (tap, spread / stride) : nil
      }
      return Phase(first: first, count: (output - first + stride - 1) / stride, taps: taps)
    }
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    index == 0 ? .featureMap(inputs[0], halo: halo(inputs)) : .any
  }

  /// The zeros around the input that some phase reaches.
  private func halo(_ inputs: [TensorType]) -> Halo {
    guard inputs[0].rank <= 4, let output = try? inferOutputs(inputs)[0] else { return .none }
    let window = window(inputs[1]).overImages
    func reach(_ axis: Int, input: Int, output: Int) -> (before: Int, behind: Int) {
      var (before, behind) = (0, 0)
      for phase in Self.phases(window, axis: axis, output: output) {
        before = max(before, -(phase.taps.first?.input ?? 0))
        behind = max(behind, (phase.taps.last?.input ?? -phase.count) + phase.count - input)
      }
      return (before, behind)
    }
    let rank = output.rank
    let columns = reach(1, input: inputs[0].shape[rank - 1], output: output.shape[rank - 1])
    let rows =
      rank == 4 ? reach(0, input: inputs[0].shape[2], output: output.shape[2]) : (before: 0, behind: 0)
    return Halo(top: rows.before, left: columns.before, bottom: rows.behind, right: columns.behind)
  }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let types = lowering.graph.inputTypes(of: node)
    try lowering.requireImageRank(node, types[0].rank)
    let constants = node.inputs.dropFirst().compactMap { lowering.graph.constant(of: $0) }
    guard constants.count == node.inputs.count - 1 else {
      throw .noKernel(
        node: node.name, type: Self.name, reason: "its weights or its bias are computed from the frame")
    }
    let kernel = ConvKernel(
      filters: filters(constants[0]), shape: filterShape(constants[0].shape),
      bias: hasBias ? constants[1].floats : nil, window: window(types[1]).overImages)
    let input = try lowering.featureMap(of: node.inputs[0], halo: halo(types))
    try lowering.writeFeatureMap(node.outputs[0]) { (lowering, output) throws(LoweringError) in
      let rows = Self.phases(kernel.window, axis: 0, output: output.height)
      let columns = Self.phases(kernel.window, axis: 1, output: output.width)
      if (rows + columns).contains(where: { $0.taps.isEmpty }) {
        try lowerUntouched(kernel, to: output.view, into: &lowering)
      }
      for row in rows where !row.taps.isEmpty {
        for column in columns where !column.taps.isEmpty {
          try lowerPhase(row, column, kernel, from: input, to: output, into: &lowering)
        }
      }
    }
  }

  /// `[M, C / groups, KH, KW]`, as `Conv` has it.
  private func filterShape(_ shape: Shape) -> Shape {
    [groups * shape[1], shape[0] / groups] + (shape.count == 3 ? [1, shape[2]] : Array(shape.dropFirst(2)))
  }

  private func filters(_ weights: Tensor) -> [Float] {
    let values = weights.floats
    let (channels, outputs) = (weights.shape[0] / groups, weights.shape[1])
    let taps = weights.shape.dropFirst(2).reduce(1, *)
    var filters: [Float] = []
    filters.reserveCapacity(values.count)
    for m in 0..<groups * outputs {
      for c in 0..<channels {
        let start = ((m / outputs * channels + c) * outputs + m % outputs) * taps
        filters += values[start..<start + taps]
      }
    }
    return filters
  }
}

extension ConvTranspose {
  /// - Precondition: Both phases have taps.
  private func lowerPhase(
    _ rows: Phase, _ columns: Phase, _ kernel: ConvKernel, from input: Image, to output: Image,
    into lowering: inout Lowering
  ) throws(LoweringError) {
    let target = output.view.every(window: kernel.window, rows, columns)
    guard let image = Image(target) else { preconditionFailure("a part of an image is an image") }
    let (firstRow, firstColumn) = (rows.taps[0].input, columns.taps[0].input)
    let (row, pixel) = (input.strideH, input.strideW)
    let merging = ConvGemm.groupsToMerge(groups: groups, outputChannelsPerGroup: kernel.shape[0] / groups)
    let channels = kernel.shape[1] * merging
    var taps: [(ky: Int, kx: Int)] = []
    var runs: [Int] = []
    for y in rows.taps {
      for x in columns.taps {
        taps.append((y.tap, x.tap))
        runs.append((y.input - firstRow) * row + (x.input - firstColumn) * pixel)
      }
    }
    var source = input.pixels
    source.base += firstRow * row + firstColumn * pixel
    source.shape = image.pixels.shape
    try lowering.convGemm(
      ConvGemmCall(
        input: source, output: image.pixels, groups: groups / merging, inputGroup: channels,
        outputChannels: kernel.shape[0] / groups * merging, runs: runs, runLength: channels,
        filters: ConvGemm.packFilters(
          kernel.filters, shape: kernel.shape, groups: groups, merging: merging,
          rows: ConvGemm.rows(taps: taps, channels: channels)),
        bias: kernel.bias.map { ConvGemm.packBias($0, groups: groups, merging: merging) },
        activation: activation))
  }

  /// Output elements that no window reaches hold the bias alone.
  private func lowerUntouched(
    _ kernel: ConvKernel, to target: View, into lowering: inout Lowering
  ) throws(LoweringError) {
    guard let bias = kernel.bias else { return lowering.fill(target, with: activation.apply(0)) }
    let addend = lowering.weights.append(floats: bias.map { activation.apply($0) })
    let perChannel = View(
      addend.buffer, base: addend.base, shape: [1, bias.count, 1, 1], strides: [0, 1, 0, 0])
    try lowering.copy(from: perChannel.broadcast(to: target.shape), to: target)
  }
}

extension View {
  /// The pixels of two phases.
  fileprivate func every(
    window: Window, _ rows: ConvTranspose.Phase, _ columns: ConvTranspose.Phase
  ) -> View {
    sliced(axis: 2, start: rows.first, count: rows.count, step: window.strides[0])
      .sliced(axis: 3, start: columns.first, count: columns.count, step: window.strides[1])
  }
}
