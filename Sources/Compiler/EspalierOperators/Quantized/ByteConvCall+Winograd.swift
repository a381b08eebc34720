import EspalierGraph
import EspalierKernels

extension ByteConvCall {
  /// Whether the weights leave Winograd's scaled sums inside 32 bits.
  func sumsFit(tile: Int) -> Bool {
    ByteConvWinograd.SumBounds(of: weights, outputChannels: shape[0]).fit(tile: tile)
  }
}

extension Lowering {
  /// - Precondition: One group, a 3x3 window, stride and dilation 1; the sums fit; the input has a halo for all
  ///   windows.
  mutating func emitWinograd(_ call: ByteConvCall, tile: Int) {
    let (input, output) = (call.input, call.output)
    guard output.shape.elementCount > 0 else { return }
    let (height, width) = (output.shape[2], output.shape[3])
    let tiles = output.shape[0] * ((height + tile - 1) / tile) * ((width + tile - 1) / tile)
    let blocking = ByteConvWinograd.blocking(tiles: tiles, outputChannels: call.shape[0])
    var parameters = ByteConvWinogradParameters()
    parameters.batch = Int32(output.shape[0])
    (parameters.height, parameters.width) = (Int32(height), Int32(width))
    (parameters.input_stride_n, parameters.input_stride_h, parameters.input_stride_w) = pixelStrides(input)
    (parameters.output_stride_n, parameters.output_stride_h, parameters.output_stride_w) = pixelStrides(
      output)
    if let residual = call.residual {
      (parameters.residual_stride_n, parameters.residual_stride_h, parameters.residual_stride_w) =
        pixelStrides(residual)
    }
    (parameters.input_channels, parameters.output_channels) = (Int32(call.shape[1]), Int32(call.shape[0]))
    parameters.residual_scale = call.epilogue.residualScale
    (parameters.low, parameters.high) = (call.epilogue.low, call.epilogue.high)
    parameters.output_is_float = call.writesFloats ? 1 : 0
    parameters.tile = Int32(tile)
    parameters.tiles_per_item = Int32(blocking.tilesPerItem)
    parameters.panels_per_item = Int32(blocking.panelsPerItem)
    let packing = ByteConvGemm.Packing(shape: call.shape, groups: 1, merging: 1, tapSteps: call.tapSteps)
    let panels = packing.panels(of: call.weights)
    let numbers = packing.scalesAndOffsets(call.epilogue.scales, call.epilogue.offsets)
    let operands: [View?] = [
      input, weights.append(bytes: panels.map(UInt8.init(bitPattern:))), weights.append(floats: numbers),
      call.epilogue.table.map { weights.append(bytes: $0) }, call.residual, output,
    ]
    emit(parameters, operands)
  }

  /// Of `[N, C, H, W]` along N, H and W.
  private func pixelStrides(_ image: View) -> (Int32, Int32, Int32) {
    (Int32(image.strides[0]), Int32(image.strides[2]), Int32(image.strides[3]))
  }
}
