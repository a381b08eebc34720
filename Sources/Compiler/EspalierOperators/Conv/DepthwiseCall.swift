import EspalierGraph
import EspalierKernels

/// A call of `conv_depthwise_f32` in the making.
struct DepthwiseCall {
  /// What output pixel (0, 0) reads first.
  var input: View
  var output: Image
  var residual: Image?
  /// Floats between the inputs of neighboring output pixels, downwards and to the right.
  var step: (h: Int, w: Int)
  /// Floats between neighboring taps.
  var tapStep: (h: Int, w: Int)
  var kernel: (h: Int, w: Int)
  /// `[C, KH, KW]`
  var filters: [Float]
  /// `[C]`
  var bias: [Float]?
  var activation: ElementFunction
}

extension Lowering {
  mutating func depthwise(_ call: DepthwiseCall) {
    let output = call.output
    var parameters = ConvDepthwiseParameters()
    parameters.batch = Int32(output.batch)
    parameters.height = Int32(output.height)
    parameters.width = Int32(output.width)
    parameters.channels = Int32(output.channels)
    parameters.input_stride_n = Int32(call.input.strides[0])
    parameters.input_stride_h = Int32(call.step.h)
    parameters.input_stride_w = Int32(call.step.w)
    parameters.tap_stride_h = Int32(call.tapStep.h)
    parameters.tap_stride_w = Int32(call.tapStep.w)
    parameters.kernel_h = Int32(call.kernel.h)
    parameters.kernel_w = Int32(call.kernel.w)
    parameters.output_stride_n = Int32(output.strideN)
    parameters.output_stride_h = Int32(output.strideH)
    parameters.output_stride_w = Int32(output.strideW)
    parameters.residual_stride_n = Int32(call.residual?.strideN ?? 0)
    parameters.residual_stride_h = Int32(call.residual?.strideH ?? 0)
    parameters.residual_stride_w = Int32(call.residual?.strideW ?? 0)
    parameters.function = call.activation.kernelCode
    parameters.alpha = call.activation.alpha
    parameters.beta = call.activation.beta
    let filters = weights.append(
      floats: ConvDepthwise.packFilters(
        call.filters, channels: output.channels, kernelHeight: call.kernel.h, kernelWidth: call.kernel.w))
    let bias = call.bias.map { weights.append(floats: ConvDepthwise.packBias($0)) }
    emit(parameters, [call.input, filters, bias, call.residual?.view, output.view])
  }
}
