import EspalierGraph
import EspalierKernels

/// A convolution of bytes in the making.
struct ByteConvCall {
  /// `[M, C / groups, KH, KW]`
  var weights: [Int8]
  var shape: Shape
  var epilogue: ByteEpilogue
  var groups: Int
  var writesFloats: Bool
  var window = Window(kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0])
  /// The input `[N, C, H, W]` from the corner of its halo on.
  var input = View(.weights, shape: [], strides: [])
  var residual: View?
  var output = View(.weights, shape: [], strides: [])

  /// Bytes between neighboring taps of the window.
  var tapSteps: (row: Int, column: Int) {
    (input.strides[2] * window.dilations[0], input.strides[3] * window.dilations[1])
  }

  /// The input under every output pixel, at its channel 0.
  var inputPixels: View {
    View(
      input.buffer, base: input.base, shape: pixels(output).shape,
      strides: [input.strides[0], input.strides[2] * window.strides[0], input.strides[3] * window.strides[1]])
  }

  /// `[n, h, w]`, at channel 0.
  func pixels(_ image: View) -> View {
    View(
      image.buffer, base: image.base, shape: [image.shape[0], image.shape[2], image.shape[3]],
      strides: [image.strides[0], image.strides[2], image.strides[3]])
  }
}

extension Lowering {
  /// - Parameter panelsInner: Whether all panels of a block of pixels come before the next block.
  mutating func emitGemm(_ call: ByteConvCall, panelsInner: Bool) throws(LoweringError) {
    let shape = call.shape
    let merging = ConvGemm.groupsToMerge(groups: call.groups, outputChannelsPerGroup: shape[0] / call.groups)
    let packing = ByteConvGemm.Packing(
      shape: shape, groups: call.groups, merging: merging, tapSteps: call.tapSteps)
    let views =
      [call.pixels(call.output), call.inputPixels] + (call.residual.map { [call.pixels($0)] } ?? [])
    guard let pixels = try mergedAxes(views) else { return }
    var parameters = ByteConvGemmParameters()
    (parameters.batch, parameters.height, parameters.width) = threeAxes(pixels.extent, fill: 1)
    (parameters.output_stride_n, parameters.output_stride_h, parameters.output_stride_w) =
      threeAxes(pixels.strides[0], fill: 0)
    (parameters.input_stride_n, parameters.input_stride_h, parameters.input_stride_w) =
      threeAxes(pixels.strides[1], fill: 0)
    (parameters.residual_stride_n, parameters.residual_stride_h, parameters.residual_stride_w) =
      threeAxes(call.residual == nil ? [] : pixels.strides[2], fill: 0)
    parameters.groups = Int32(call.groups / merging)
    parameters.input_group = Int32(packing.channels)
    parameters.output_channels = Int32(packing.outputs)
    parameters.run_count = Int32(packing.runs.count)
    parameters.run_length = Int32(packing.runLength)
    parameters.residual_scale = call.epilogue.residualScale
    (parameters.low, parameters.high) = (call.epilogue.low, call.epilogue.high)
    parameters.output_is_float = call.writesFloats ? 1 : 0
    let panels = packing.panels(of: call.weights)
    parameters.panels_inner = panelsInner ? 1 : 0
    let numbers = packing.scalesAndOffsets(call.epilogue.scales, call.epilogue.offsets)
    let operands: [View?] = [
      call.input, weights.append(table: packing.runs.map(Int32.init)),
      weights.append(bytes: panels.map(UInt8.init(bitPattern:))), weights.append(floats: numbers),
      call.epilogue.table.map { weights.append(bytes: $0) }, call.residual, call.output,
      weights.append(bytes: packing.sums(of: panels).map(\.rawValue)),
    ]
    emit(parameters, operands)
  }

  mutating func emitDepthwise(_ call: ByteConvCall) {
    let output = call.output
    guard output.shape.elementCount > 0 else { return }
    var parameters = ByteConvDepthwiseParameters()
    parameters.batch = Int32(output.shape[0])
    parameters.channels = Int32(output.shape[1])
    (parameters.height, parameters.width) = (Int32(output.shape[2]), Int32(output.shape[3]))
    let step = call.inputPixels.strides
    (parameters.input_stride_n, parameters.input_stride_h, parameters.input_stride_w) =
      (Int32(step[0]), Int32(step[1]), Int32(step[2]))
    (parameters.tap_stride_h, parameters.tap_stride_w) =
      (Int32(call.tapSteps.row), Int32(call.tapSteps.column))
    (parameters.kernel_h, parameters.kernel_w) = (Int32(call.shape[2]), Int32(call.shape[3]))
    (parameters.output_stride_n, parameters.output_stride_h, parameters.output_stride_w) =
      (Int32(output.strides[0]), Int32(output.strides[2]), Int32(output.strides[3]))
    if let residual = call.residual {
      (parameters.residual_stride_n, parameters.residual_stride_h, parameters.residual_stride_w) =
        (Int32(residual.strides[0]), Int32(residual.strides[2]), Int32(residual.strides[3]))
    }
    parameters.residual_scale = call.epilogue.residualScale
    (parameters.low, parameters.high) = (call.epilogue.low, call.epilogue.high)
    let packed = ByteConvDepthwise.packFilters(
      call.weights, channels: output.shape[1], kernelHeight: call.shape[2], kernelWidth: call.shape[3])
    parameters.pairs_fit = ByteConvDepthwise.pairsFit(packed) ? 1 : 0
    let operands: [View?] = [
      call.input, weights.append(bytes: packed.map(UInt8.init(bitPattern:))),
      weights.append(
        floats: ByteConvDepthwise.padded(call.epilogue.scales)
          + ByteConvDepthwise.padded(call.epilogue.offsets)),
      call.epilogue.table.map { weights.append(bytes: $0) }, call.residual, call.output,
    ]
    emit(parameters, operands)
  }
}
