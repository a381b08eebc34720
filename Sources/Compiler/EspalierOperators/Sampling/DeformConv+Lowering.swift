public import EspalierGraph
internal import EspalierKernels

extension DeformConv {
  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    index == 0 ? .featureMap(inputs[0]) : .any
  }

  /// A call of sample_f32 for each tap and offset group puts what the tap reads beside what the others do: an image
  /// of `taps · C` channels, which a GEMM convolution sums up.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    guard let filters = lowering.graph.constant(of: node.inputs[1]) else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its weights are computed from the frame")
    }
    let bias = hasBias ? lowering.graph.constant(of: node.inputs[3]) : nil
    guard hasBias == (bias != nil) else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its bias is computed from the frame")
    }
    var input = try lowering.image(of: node.inputs[0])
    if input.view.buffer.isConstant, let copied = Image(lowering.newBuffer(shape: input.view.shape)) {
      // Calls read parts of the channels, and among the weights only a whole piece has an address.
      try lowering.copy(from: input.view, to: copied.view)
      input = copied
    }
    let offsets = lowering.view(of: node.inputs[2])
    let mask = hasMask ? lowering.view(of: node.inputs[node.inputs.count - 1]) : nil
    try lowering.writeFeatureMap(node.outputs[0]) { (lowering, output) throws(LoweringError) in
      guard !output.view.shape.contains(0) else { return }
      let taps = filters.shape[2] * filters.shape[3]
      let columns = lowering.newBuffer(
        shape: [output.batch, taps * input.channels, output.height, output.width])
      for tap in 0..<taps {
        for group in 0..<offsetGroups {
          sample(input, offsets, mask, tap: tap, group: group, filters.shape, to: columns, &lowering)
        }
      }
      try multiply(columns, filters, bias?.floats, channels: input.channels, to: output, &lowering)
    }
  }

  /// What one tap reads of the channels of one offset group.
  private func sample(
    _ input: Image, _ offsets: View, _ mask: View?, tap: Int, group: Int, _ weights: Shape,
    to columns: View, _ lowering: inout Lowering
  ) {
    let count = input.channels / offsetGroups
    let number = group * weights[2] * weights[3] + tap
    let source = input.view.sliced(axis: 1, start: group * count, count: count)
    let target = columns.sliced(axis: 1, start: tap * input.channels + group * count, count: count)
    var parameters = SampleParameters(from: source, to: target)
    parameters.setGrid(
      offsets.dropping(axis: 1),
      bases: (0..<2).map { Int(offsets.offsetFromLowest) + (2 * number + $0) * offsets.strides[1] })
    if let mask {
      parameters.setMask(
        mask.dropping(axis: 1), base: Int(mask.offsetFromLowest) + number * mask.strides[1])
    }
    let places = [tap / weights[3] * dilations[0] - pads[0], tap % weights[3] * dilations[1] - pads[1]]
    (parameters.mode, parameters.padding) = (1, 0)
    parameters.edge = 0.5
    parameters.scale = (1, 1, 1)
    parameters.shift = (0, Float(places[0]), Float(places[1]))
    parameters.step = (0, Int32(strides[0]), Int32(strides[1]))
    lowering.emit(parameters, [source, offsets.atLowest, mask?.atLowest, target])
  }

  private func multiply(
    _ columns: View, _ filters: Tensor, _ bias: [Float]?, channels: Int, to output: Image,
    _ lowering: inout Lowering
  ) throws(LoweringError) {
    let shape = filters.shape
    let merging = ConvGemm.groupsToMerge(groups: groups, outputChannelsPerGroup: shape[0] / groups)
    let own = shape[1] * merging
    let taps = (0..<shape[2] * shape[3]).map { (ky: $0 / shape[3], kx: $0 % shape[3]) }
    try lowering.convGemm(
      ConvGemmCall(
        input: columns.dropping(axis: 1), output: output.pixels, groups: groups / merging, inputGroup: own,
        outputChannels: shape[0] / groups * merging, runs: taps.indices.map { $0 * channels },
        runLength: own,
        filters: ConvGemm.packFilters(
          filters.floats, shape: shape, groups: groups, merging: merging,
          rows: ConvGemm.rows(taps: taps, channels: own)),
        bias: bias.map { ConvGemm.packBias($0, groups: groups, merging: merging) }, activation: .identity))
  }
}
