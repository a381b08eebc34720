import EspalierGraph
import EspalierKernels

/// What all poolings share.
extension ImportedNode {
  /// The window of a pooling over input 0.
  func poolingWindow() throws(ImportError) -> Window {
    let spatial = try spatialExtents(ofInput: 0)
    guard let kernel = try ints("kernel_shape") else { throw invalid("kernel_shape", "is missing") }
    return try window(kernel: kernel, over: spatial)
  }
}

/// The cases stand in the order of `espalier_pool_mode` (espalier_parameters.h).
enum PoolMode: Int32 {
  case max
  /// Divides by the taps inside the input.
  case average
  /// Divides by the taps inside the input and its padding.
  case averagePadded
  /// `(Σ |x|^p)^(1/p)`
  case lp
}

/// What a pooling does to each channel's plane.
struct PooledPlane {
  /// The output's shape.
  var shape: Shape
  /// Planes: batch times channels.
  var channels: Int
  var inputCount: Int
  var outputCount: Int
  /// For every tap what each output row sees through it.
  var segments: [[Window.Segment]]
  /// Between the input elements that neighboring outputs of a segment see.
  var step: Int
}

extension Window {
  /// The output's type.
  ///
  /// - Throws: `ShapeError` where the window does not fit the only input.
  func pooled(_ inputs: [TensorType], roundsUp: Bool) throws(ShapeError) -> TensorType {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].rank >= 3 else { throw .rank(input: 0, expected: "at least 3", found: inputs[0]) }
    let spatial = try outputExtents(of: Array(inputs[0].shape.dropFirst(2)), roundsUp: roundsUp)
    return TensorType(inputs[0].element, Array(inputs[0].shape[..<2]) + spatial)
  }

  /// - Precondition: `pooled` accepts the input.
  func plane(of input: TensorType, roundsUp: Bool) -> PooledPlane {
    guard let output = try? pooled([input], roundsUp: roundsUp) else {
      preconditionFailure("evaluate is called with inputs that inferOutputs accepts")
    }
    let (from, to) = (Array(input.shape.dropFirst(2)), Array(output.shape.dropFirst(2)))
    return PooledPlane(
      shape: output.shape, channels: input.shape[0] * input.shape[1], inputCount: from.elementCount,
      outputCount: to.elementCount, segments: segments(input: from, output: to),
      step: strides[rank - 1])
  }
}

extension Lowering {
  /// Emits the pooling of input 0 into output 0.
  ///
  /// - Parameter p: The norm's exponent, for `.lp`.
  mutating func pool(
    _ node: Node, _ window: Window, mode: PoolMode, p: Float = 0
  ) throws(LoweringError) {
    try requireImageRank(node, window.rank + 2)
    let input = try featureMap(of: node.inputs[0])
    try writeFeatureMap(node.outputs[0]) { (lowering, output) throws(LoweringError) in
      guard output.view.shape.elementCount > 0 else { return }
      var parameters = PoolParameters()
      parameters.fill(mode, window.overImages, input, output)
      parameters.p = p
      lowering.emit(parameters, [input.view, output.view])
    }
  }
}

extension Lowering {
  /// Emits the pooling of input 0 into output 0, both of them bytes.
  ///
  /// - Parameter complete: Fills in what an average needs.
  mutating func poolBytes(
    _ node: Node, _ window: Window, mode: PoolMode, complete: (inout BytePoolParameters) -> Void = { _ in }
  ) throws(LoweringError) {
    let source = try packedImage(of: node.inputs[0])
    let target = allocate(node.outputs[0])
    let written = Image(target) == nil ? newBuffer(shape: target.shape, element: .byte) : target
    guard let input = Image(source), let output = Image(written), target.shape.elementCount > 0 else {
      return
    }
    var parameters = BytePoolParameters()
    parameters.fill(mode, window.overImages, input, output)
    (parameters.low, parameters.high) = (0, 255)
    complete(&parameters)
    emit(parameters, [input.view, output.view])
    if written != target { try copy(from: written, to: target) }
  }
}

extension PoolingParameters {
  /// - Precondition: The window has two spatial axes.
  fileprivate mutating func fill(_ mode: PoolMode, _ window: Window, _ input: Image, _ output: Image) {
    self.mode = mode.rawValue
    batch = Int32(input.batch)
    channels = Int32(input.channels)
    (input_height, input_width) = (Int32(input.height), Int32(input.width))
    (output_height, output_width) = (Int32(output.height), Int32(output.width))
    (kernel_h, kernel_w) = (Int32(window.kernel[0]), Int32(window.kernel[1]))
    (stride_h, stride_w) = (Int32(window.strides[0]), Int32(window.strides[1]))
    (dilation_h, dilation_w) = (Int32(window.dilations[0]), Int32(window.dilations[1]))
    (pad_top, pad_left) = (Int32(window.before(0)), Int32(window.before(1)))
    (pad_bottom, pad_right) = (Int32(window.behind(0)), Int32(window.behind(1)))
    (input_stride_n, input_stride_h, input_stride_w) =
      (Int32(input.strideN), Int32(input.strideH), Int32(input.strideW))
    (output_stride_n, output_stride_h, output_stride_w) =
      (Int32(output.strideN), Int32(output.strideH), Int32(output.strideW))
  }
}
