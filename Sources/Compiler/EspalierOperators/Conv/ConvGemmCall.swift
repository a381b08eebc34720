import EspalierGraph
import EspalierKernels

/// A call of `conv_gemm_f32` in the making: pixels, what each of them reads, and what it is multiplied with.
struct ConvGemmCall {
  /// `[n, h, w]`: for every output pixel the first of the floats that `runs` count from.
  var input: View
  /// `[n, h, w]`: channel 0 of every output pixel.
  var output: View
  /// `[n, h, w]`: channel 0 of what is added to every output pixel.
  var residual: View?
  var groups = 1
  /// Floats between the first channels of two groups.
  var inputGroup = 0
  /// Of one group.
  var outputChannels: Int
  /// Where each run of neighboring floats starts.
  var runs: [Int]
  var runLength: Int
  /// As `ConvGemm.packFilters` makes them.
  var filters: [Float]
  /// As `ConvGemm.packBias` makes it.
  var bias: [Float]?
  var activation: ElementFunction
  /// Whether all panels of a block of pixels come before the next block; nil: where that is the rule.
  var panelsInner: Bool?

  /// Joins runs that continue each other, as long as all joined ones have the same length.
  mutating func joinRuns() {
    for factor in (2...max(2, runs.count)).reversed() where runs.count % factor == 0 {
      let joins = runs.indices.allSatisfy { $0 % factor == 0 || runs[$0] == runs[$0 - 1] + runLength }
      guard joins else { continue }
      runs = stride(from: 0, to: runs.count, by: factor).map { runs[$0] }
      runLength *= factor
      return
    }
  }
}

extension Lowering {
  /// Emits a GEMM convolution; pixels that continue each other in every operand become one row.
  mutating func convGemm(_ call: ConvGemmCall) throws(LoweringError) {
    var call = call
    call.joinRuns()
    let views = [call.output, call.input] + (call.residual.map { [$0] } ?? [])
    guard let pixels = try mergedAxes(views) else { return }
    let extent = pixels.extent
    let strides = pixels.strides
    let residualStrides = call.residual == nil ? [] : strides[2]
    var parameters = ConvGemmParameters()
    (parameters.batch, parameters.height, parameters.width) = threeAxes(extent, fill: 1)
    (parameters.output_stride_n, parameters.output_stride_h, parameters.output_stride_w) =
      threeAxes(strides[0], fill: 0)
    (parameters.input_stride_n, parameters.input_stride_h, parameters.input_stride_w) =
      threeAxes(strides[1], fill: 0)
    (parameters.residual_stride_n, parameters.residual_stride_h, parameters.residual_stride_w) =
      threeAxes(residualStrides, fill: 0)
    parameters.groups = Int32(call.groups)
    parameters.input_group = Int32(call.inputGroup)
    parameters.output_channels = Int32(call.outputChannels)
    parameters.run_count = Int32(call.runs.count)
    parameters.run_length = Int32(call.runLength)
    parameters.function = call.activation.kernelCode
    parameters.alpha = call.activation.alpha
    parameters.beta = call.activation.beta
    let panelsInner =
      call.panelsInner
      ?? ConvGemm.panelsInner(
        pixels: extent.elementCount, depth: call.runs.count * call.runLength,
        outputChannels: call.outputChannels)
    parameters.panels_inner = panelsInner ? 1 : 0
    let runs = weights.append(table: call.runs.map(Int32.init))
    let filters = weights.append(floats: call.filters)
    let bias = call.bias.map { weights.append(floats: $0) }
    emit(parameters, [call.input, runs, filters, bias, call.residual, call.output])
  }
}
