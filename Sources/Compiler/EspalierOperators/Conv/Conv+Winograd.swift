import EspalierGraph
import EspalierKernels

/// 3x3 convolutions by Winograd's algorithm.
extension Conv {
  /// - Precondition: One group, a 3x3 window, stride and dilation 1; the corner has a halo for all windows.
  func lowerWinograd(
    _ images: ConvImages, _ kernel: ConvKernel, tile: Int, into lowering: inout Lowering
  ) {
    let output = images.output
    guard output.view.shape.elementCount > 0 else { return }
    let (outputs, channels) = (kernel.shape[0], kernel.shape[1])
    let tiles = output.batch * ((output.height + tile - 1) / tile) * ((output.width + tile - 1) / tile)
    let blocking = ConvWinograd.blocking(tiles: tiles, outputChannels: outputs, tile: tile)
    var parameters = ConvWinogradParameters()
    (parameters.batch, parameters.height, parameters.width) =
      (Int32(output.batch), Int32(output.height), Int32(output.width))
    (parameters.input_height, parameters.input_width) = (Int32(output.height + 2), Int32(output.width + 2))
    (parameters.input_stride_n, parameters.input_stride_h, parameters.input_stride_w) = strides(images.input)
    (parameters.output_stride_n, parameters.output_stride_h, parameters.output_stride_w) = strides(output)
    if let residual = images.residual {
      (parameters.residual_stride_n, parameters.residual_stride_h, parameters.residual_stride_w) =
        strides(residual)
    }
    (parameters.input_channels, parameters.output_channels) = (Int32(channels), Int32(outputs))
    parameters.function = activation.kernelCode
    parameters.alpha = activation.alpha
    parameters.beta = activation.beta
    parameters.tiles_per_item = Int32(blocking.tilesPerItem)
    parameters.panels_per_item = Int32(blocking.panelsPerItem)
    parameters.tile = Int32(tile)
    let filters = lowering.weights.append(
      floats: ConvWinograd.packFilters(
        kernel.filters, outputChannels: outputs, inputChannels: channels, tile: tile))
    let bias = kernel.bias.map { lowering.weights.append(floats: ConvWinograd.packBias($0)) }
    lowering.emit(parameters, [images.corner, filters, bias, images.residual?.view, output.view])
  }

  private func strides(_ image: Image) -> (Int32, Int32, Int32) {
    (Int32(image.strideN), Int32(image.strideH), Int32(image.strideW))
  }
}
