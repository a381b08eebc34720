public import EspalierGraph
internal import EspalierKernels

extension Conv {
  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    if index == 0 { return .featureMap(inputs[0], halo: halo(inputs)) }
    return index == residualIndex ? .featureMap(inputs[index]) : .any
  }

  /// The zeros around the input that windows reach; padding that no window reaches is left out.
  private func halo(_ inputs: [TensorType]) -> Halo {
    guard inputs[0].rank <= 4, let output = try? inferOutputs(inputs)[0] else { return .none }
    let window = window(inputs[1]).overImages
    func behind(_ axis: Int, _ fromEnd: Int) -> Int {
      guard output.rank - fromEnd >= 2 else { return 0 }
      let (o, i) = (output.shape[output.rank - fromEnd], inputs[0].shape[output.rank - fromEnd])
      return max(0, (o - 1) * window.strides[axis] + window.span(axis) - window.before(axis) - i)
    }
    return Halo(
      top: window.before(0), left: window.before(1), bottom: behind(0, 2), right: behind(1, 1))
  }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let types = lowering.graph.inputTypes(of: node)
    try lowering.requireImageRank(node, types[0].rank)
    guard let weights = lowering.graph.constant(of: node.inputs[1]) else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its weights are computed from the frame")
    }
    let bias = hasBias ? lowering.graph.constant(of: node.inputs[2]) : nil
    guard hasBias == (bias != nil) else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its bias is computed from the frame")
    }
    let halo = halo(types)
    let input = try lowering.featureMap(of: node.inputs[0], halo: halo)
    var residual: Image?
    if let index = residualIndex { residual = try lowering.featureMap(of: node.inputs[index]) }
    let shape = weights.shape.count == 4 ? weights.shape : Array(weights.shape[..<2]) + [1, weights.shape[2]]
    let filters = weights.reshaped(to: shape).floats
    try lowering.writeFeatureMap(node.outputs[0]) { (lowering, output) throws(LoweringError) in
      let images = ConvImages(
        input: input, corner: input.corner(of: halo), residual: residual, output: output)
      let kernel = ConvKernel(
        filters: filters, shape: shape, bias: bias?.floats, window: window(types[1]).overImages)
      switch layerShape(types).map({ lowering.choices[$0] }) {
      case .depthwise: lowerDepthwise(images, kernel, into: &lowering)
      case .winograd(let tile): lowerWinograd(images, kernel, tile: tile, into: &lowering)
      case .gemm(let panelsInner):
        try lowerGemm(images, kernel, panelsInner: panelsInner, into: &lowering)
      case nil: try lowerGemm(images, kernel, panelsInner: true, into: &lowering)
      }
    }
  }
}

/// The images that a convolution works on.
struct ConvImages {
  var input: Image
  /// The input from the corner of its halo on.
  var corner: View
  var residual: Image?
  var output: Image
}

/// What a convolution multiplies with.
struct ConvKernel {
  /// `[M, C / groups, KH, KW]`
  var filters: [Float]
  var shape: Shape
  var bias: [Float]?
  var window: Window
}

extension Image {
  /// The image's pixels `[n, h, w]`, at their channel 0.
  var pixels: View {
    View(
      view.buffer, base: view.base, shape: [batch, height, width], strides: [strideN, strideH, strideW])
  }
}

// MARK: - Kernels

extension Conv {
  /// Any convolution: every tap is a run of the group's channels.
  private func lowerGemm(
    _ images: ConvImages, _ kernel: ConvKernel, panelsInner: Bool, into lowering: inout Lowering
  ) throws(LoweringError) {
    let (window, shape) = (kernel.window, kernel.shape)
    let merging = ConvGemm.groupsToMerge(groups: groups, outputChannelsPerGroup: shape[0] / groups)
    let channels = shape[1] * merging
    let (row, pixel) = (images.input.strideH, images.input.strideW)
    var taps: [(ky: Int, kx: Int)] = []
    for ky in 0..<shape[2] { for kx in 0..<shape[3] { taps.append((ky, kx)) } }
    let strides = [images.input.strideN, row * window.strides[0], pixel * window.strides[1]]
    let call = ConvGemmCall(
      input: View(
        images.corner.buffer, base: images.corner.base, shape: images.output.pixels.shape, strides: strides),
      output: images.output.pixels, residual: images.residual?.pixels, groups: groups / merging,
      inputGroup: channels, outputChannels: shape[0] / groups * merging,
      runs: taps.map { $0.ky * window.dilations[0] * row + $0.kx * window.dilations[1] * pixel },
      runLength: channels,
      filters: ConvGemm.packFilters(
        kernel.filters, shape: shape, groups: groups, merging: merging,
        rows: ConvGemm.rows(taps: taps, channels: channels)),
      bias: kernel.bias.map { ConvGemm.packBias($0, groups: groups, merging: merging) },
      activation: activation, panelsInner: panelsInner)
    try lowering.convGemm(call)
  }

  /// One filter per channel.
  private func lowerDepthwise(_ images: ConvImages, _ kernel: ConvKernel, into lowering: inout Lowering) {
    let window = kernel.window
    let (row, pixel) = (images.input.strideH, images.input.strideW)
    lowering.depthwise(
      DepthwiseCall(
        input: images.corner, output: images.output, residual: images.residual,
        step: (row * window.strides[0], pixel * window.strides[1]),
        tapStep: (row * window.dilations[0], pixel * window.dilations[1]),
        kernel: (kernel.shape[2], kernel.shape[3]), filters: kernel.filters, bias: kernel.bias,
        activation: activation))
  }
}
