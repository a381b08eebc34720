import CEspalierKernels
import EspalierKernels
import Testing

/// A depthwise convolution of a padded image with a gap behind every pixel.
struct DepthwiseCase: CustomStringConvertible {
  var height: Int, width: Int, channels: Int
  var kernel = (3, 3)
  var stride = 1
  var dilation = 1
  var batch = 1
  var hasBias = true
  var hasResidual = false
  var function = espalier_function_identity

  var description: String {
    "\(batch)x\(height)x\(width)x\(channels) k\(kernel) s\(stride) d\(dilation) f\(function.rawValue)"
  }

  /// Floats from one pixel to the next.
  var pixel: Int { channels + 3 }
  var inputWidth: Int { (width - 1) * stride + (kernel.1 - 1) * dilation + 1 }
  var inputHeight: Int { (height - 1) * stride + (kernel.0 - 1) * dilation + 1 }
  var inputCount: Int { batch * inputHeight * inputWidth * pixel - 3 }
  var outputCount: Int { batch * height * width * pixel - 3 }
  var padded: Int { (channels + 15) / 16 * 16 }

  func output(_ n: Int, _ y: Int, _ x: Int, _ c: Int) -> Int { ((n * height + y) * width + x) * pixel + c }
  func input(_ n: Int, _ y: Int, _ x: Int, _ c: Int) -> Int {
    ((n * inputHeight + y) * inputWidth + x) * pixel + c
  }

  var parameters: ConvDepthwiseParameters {
    let (row, outputRow) = (inputWidth * pixel, width * pixel)
    return ConvDepthwiseParameters(
      batch: Int32(batch), height: Int32(height), width: Int32(width), channels: Int32(channels),
      input_stride_n: Int32(inputHeight * row), input_stride_h: Int32(stride * row),
      input_stride_w: Int32(stride * pixel), tap_stride_h: Int32(dilation * row),
      tap_stride_w: Int32(dilation * pixel), kernel_h: Int32(kernel.0), kernel_w: Int32(kernel.1),
      output_stride_n: Int32(height * outputRow), output_stride_h: Int32(outputRow),
      output_stride_w: Int32(pixel), residual_stride_n: Int32(height * outputRow),
      residual_stride_h: Int32(outputRow), residual_stride_w: Int32(pixel),
      function: Int32(function.rawValue), alpha: -0.5, beta: 1)
  }
}

@Suite("Depthwise convolution") struct ConvDepthwiseTests {
  /// Channels around the vector widths, output widths that need every tile, all unrolled filters and others.
  static let cases: [DepthwiseCase] =
    [1, 3, 8, 15, 16, 17, 24, 33, 99].flatMap { channels in
      [
        DepthwiseCase(height: 3, width: 15, channels: channels),
        DepthwiseCase(height: 2, width: 7, channels: channels, stride: 2, hasResidual: true),
        DepthwiseCase(
          height: 2, width: 9, channels: channels, kernel: (5, 5), function: espalier_function_hard_swish),
        DepthwiseCase(height: 2, width: 11, channels: channels, kernel: (5, 5), stride: 2, batch: 2),
        DepthwiseCase(height: 3, width: 8, channels: channels, dilation: 2, hasBias: false),
        DepthwiseCase(
          height: 3, width: 5, channels: channels, kernel: (1, 7), function: espalier_function_relu),
      ]
    } + [
      DepthwiseCase(height: 40, width: 29, channels: 40, function: espalier_function_clip),
      DepthwiseCase(height: 6, width: 14, channels: 32, kernel: (7, 7), function: espalier_function_silu),
      DepthwiseCase(height: 1, width: 1, channels: 5, kernel: (1, 1)),
      DepthwiseCase(height: 5, width: 6, channels: 20, kernel: (2, 4), stride: 3, dilation: 3),
    ]

  @Test(arguments: espalier_isa.available(for: ConvDepthwiseParameters.family), cases)
  func `agrees with the definition`(isa: espalier_isa, shape: DepthwiseCase) throws {
    var generator = SeededGenerator(state: 11)
    let x = generator.floats(shape.inputCount)
    let before = generator.floats(shape.outputCount)
    let residual = generator.floats(shape.outputCount)
    let taps = shape.kernel.0 * shape.kernel.1
    let filters = generator.floats(shape.channels * taps)
    let bias = generator.floats(shape.channels)
    let packed = ConvDepthwise.packFilters(
      filters, channels: shape.channels, kernelHeight: shape.kernel.0, kernelWidth: shape.kernel.1)
    let result = try GuardedCall(
      shape.parameters,
      [
        .floats(x), .floats(packed), shape.hasBias ? .floats(ConvDepthwise.packBias(bias)) : .absent,
        shape.hasResidual ? .floats(residual) : .absent, .floats(before),
      ]
    ).run(isa)[4]
    var expected = before.map(Double.init)
    forEachIndex([shape.batch, shape.height, shape.width, shape.channels]) { i in
      let (n, oy, ox, c) = (i[0], i[1], i[2], i[3])
      var sum = shape.hasBias ? Double(bias[c]) : 0
      forEachIndex([shape.kernel.0, shape.kernel.1]) { tap in
        let (y, x0) = (
          oy * shape.stride + tap[0] * shape.dilation, ox * shape.stride + tap[1] * shape.dilation
        )
        sum +=
          Double(x[shape.input(n, y, x0, c)]) * Double(filters[c * taps + tap[0] * shape.kernel.1 + tap[1]])
      }
      let at = shape.output(n, oy, ox, c)
      if shape.hasResidual { sum += Double(residual[at]) }
      expected[at] = definition(shape.function, sum, -0.5, 1)
    }
    // at most 50 terms, each below 1, rounded once: 50 · 2⁻²⁴ · their sum
    expectClose(result, expected, tolerance: 1e-5)
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 12)
    let shape = DepthwiseCase(height: 4, width: 9, channels: 20, hasResidual: true)
    let call = GuardedCall(
      shape.parameters,
      [
        .floats(generator.floats(shape.inputCount)), .floats(generator.floats(9 * 32)),
        .floats(generator.floats(32)), .floats(generator.floats(shape.outputCount)),
        .floats(generator.floats(shape.outputCount)),
      ])
    let outcome = call.underTest.surviveMutations(count: 3000, using: &generator)
    #expect(outcome.refused > 500 && outcome.ran > 100, "\(outcome)")
  }
}
