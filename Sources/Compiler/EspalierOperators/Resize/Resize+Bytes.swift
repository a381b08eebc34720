import EspalierGraph
internal import EspalierKernels

/// Nearest neighbors among quantized pixels: bytes move and keep their scale.
extension Resize: ByteOperator {
  public func writesBytes(_ inputs: [Bool]) -> Bool { inputs[0] && mode == .nearest && fitsBytes }

  /// Whether kernel `resize_u8` takes this from quantized images: a weighted mean, or neighbors, of pixels.
  public var fitsBytes: Bool {
    mode != .cubic && coordinates != .cropAndResize && axes.allSatisfy { $0.axis >= 2 }
  }

  /// - Precondition: `fitsBytes` holds.
  func lowerBytes(_ node: Node, _ lowering: inout Lowering) throws(LoweringError) {
    let types = lowering.graph.inputTypes(of: node)
    guard types[0].rank == 4 else {
      throw .noKernel(
        node: node.name, type: Self.name, reason: "quantized tensors of rank 4 alone are resized")
    }
    let source = try lowering.packedImage(of: node.inputs[0])
    let target = lowering.allocate(node.outputs[0])
    guard !target.shape.contains(0) else { return }
    let written = Image(target) == nil ? lowering.newBuffer(shape: target.shape, element: .byte) : target
    let (rows, columns) = (byteTaps(axis: 2, of: source.shape), byteTaps(axis: 3, of: source.shape))
    lowering.emitByteResize(from: source, to: written, rows: rows, columns: columns)
    if written != target { try lowering.copy(from: written, to: target) }
  }
}

extension Lowering {
  /// A quantized value of rank 4 as an image of bytes.
  mutating func packedImage(of value: ValueID) throws(LoweringError) -> View {
    let source = try bytes(of: value)
    guard Image(source) == nil else { return source }
    let image = newBuffer(shape: source.shape, element: .byte)
    try copy(from: source, to: image)
    return image
  }

  mutating func emitByteResize(from source: View, to target: View, rows: ByteTaps, columns: ByteTaps) {
    var parameters = ByteResizeParameters()
    (parameters.batch, parameters.channels) = (Int32(source.shape[0]), Int32(source.shape[1]))
    (parameters.input_height, parameters.input_width) = (Int32(source.shape[2]), Int32(source.shape[3]))
    (parameters.output_height, parameters.output_width) = (Int32(rows.extent), Int32(columns.extent))
    (parameters.row_taps, parameters.column_taps) = (Int32(rows.count), Int32(columns.count))
    (parameters.input_stride_n, parameters.input_stride_h, parameters.input_stride_w) =
      (Int32(source.strides[0]), Int32(source.strides[2]), Int32(source.strides[3]))
    (parameters.output_stride_n, parameters.output_stride_h, parameters.output_stride_w) =
      (Int32(target.strides[0]), Int32(target.strides[2]), Int32(target.strides[3]))
    let tables = [rows.indices, rows.weights, columns.indices, columns.weights].map {
      weights.append(table: $0.map(Int32.init))
    }
    emit(parameters, [source] + tables + [target])
  }
}
