public import EspalierGraph
internal import EspalierKernels

extension QuantizedConv {
  public func writesBytes(_ inputs: [Bool]) -> Bool { outputElement != .float32 }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    guard inputs[0].rank == 4 else { return .any }
    if index == 0 { return .image(halo(inputs)) }
    return index == residualIndex ? .image(.none) : .any
  }

  /// The padding around the input that windows reach.
  private func halo(_ inputs: [TensorType]) -> Halo {
    guard let output = try? inferOutputs(inputs)[0] else { return .none }
    let window = window(inputs[1])
    func behind(_ axis: Int) -> Int {
      let last = (output.shape[2 + axis] - 1) * window.strides[axis] + window.span(axis)
      return max(0, last - window.before(axis) - inputs[0].shape[2 + axis])
    }
    return Halo(top: window.before(0), left: window.before(1), bottom: behind(0), right: behind(1))
  }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let types = lowering.graph.inputTypes(of: node)
    guard types[0].rank == 4 || types[0].rank == 2 else {
      throw .noKernel(node: node.name, type: Self.name, reason: "kernels take rank 2 and 4, not \(types[0])")
    }
    guard let weights = lowering.graph.constant(of: node.inputs[1]) else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its weights are computed from the frame")
    }
    let bias = hasBias ? lowering.graph.constant(of: node.inputs[2])?.floats : nil
    guard hasBias == (bias != nil) else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its bias is computed from the frame")
    }
    var call = ByteConvCall(
      weights: weights.integers.map { Int8(truncatingIfNeeded: $0) },
      shape: types[0].rank == 2 ? weights.shape + [1, 1] : weights.shape,
      epilogue: epilogue(weights: weights.integers, bias: bias, inputs: types), groups: groups,
      writesFloats: outputElement == .float32)
    if types[0].rank == 4 {
      let halo = halo(types)
      call.window = window(types[1])
      call.input = try lowering.byteImage(of: node.inputs[0], halo: halo, padding: paddingByte)
        .corner(of: halo)
      call.residual = try residualIndex.map { index throws(LoweringError) in
        try lowering.byteImage(of: node.inputs[index]).view
      }
    } else {
      call.input = try lowering.rowsOfBytes(of: node.inputs[0])
      call.residual = try residualIndex.map { index throws(LoweringError) in
        try lowering.rowsOfBytes(of: node.inputs[index])
      }
    }
    let shape = layerShape(types)
    var choice = shape.map { lowering.choices[$0] } ?? .gemm(panelsInner: true)
    // The depthwise kernel writes bytes alone.
    if choice == .depthwise, call.writesFloats { choice = .gemm(panelsInner: true) }
    if case .winograd(let tile) = choice, let shape, !call.sumsFit(tile: tile) {
      choice = shape.favoriteProducts
    }
    try lowering.write(node.outputs[0], of: call, by: choice)
  }
}

extension Lowering {
  /// A value of rank 4 as an image of bytes with at least `halo` of `padding` around it.
  fileprivate mutating func byteImage(
    of value: ValueID, halo: Halo = .none, padding: UInt8 = 0
  ) throws(LoweringError) -> Image {
    let source = try bytes(of: value)
    if let image = Image(source) {
      let filled = filledHalo(around: source)
      let fits = filled.contains(halo) && filledHalos[source.buffer]?.padding == padding
      if halo == .none || fits { return image }
    }
    let copied = newBuffer(shape: source.shape, element: .byte, halo: halo, padding: padding)
    try copy(from: source, to: copied)
    guard let image = Image(copied) else { preconditionFailure("a new rank-4 buffer is an image") }
    return image
  }

  /// A value of rank 2 as an image of one pixel.
  fileprivate mutating func rowsOfBytes(of value: ValueID) throws(LoweringError) -> View {
    var source = try bytes(of: value)
    if source.strides[1] != 1 {
      let rows = newBuffer(shape: source.shape, element: .byte)
      try copy(from: source, to: rows)
      source = rows
    }
    return source.onePixel
  }

  fileprivate mutating func write(
    _ value: ValueID, of call: ByteConvCall, by choice: KernelChoice
  ) throws(LoweringError) {
    var call = call
    let target = allocate(value)
    let flat = target.rank == 2 ? target.onePixel : target
    let direct = Image(flat) != nil
    call.output = direct ? flat : newBuffer(shape: flat.shape, element: element(of: target.buffer))
    switch choice {
    case .depthwise: emitDepthwise(call)
    case .gemm(let panelsInner): try emitGemm(call, panelsInner: panelsInner)
    case .winograd(let tile): emitWinograd(call, tile: tile)
    }
    if !direct { try copy(from: call.output, to: flat) }
  }
}

extension View {
  /// `[N, C]` as `[N, C, 1, 1]`.
  fileprivate var onePixel: View {
    View(buffer, base: base, shape: shape + [1, 1], strides: strides + [0, 0])
  }
}
