import CEspalierKernels
import EspalierKernels
import Testing

/// A `conv_gemm_f32` call over a random example.
struct ConvGemmExample {
  let example: ConvolutionExample
  let call: KernelCallUnderTest<ConvGemmParameters>
  private let output: PaddedImage

  /// - Parameters:
  ///   - gap: Floats between the channels of one pixel and the next.
  ///   - mergesTaps: Reads the taps of a filter row as one run where the pixels are adjacent.
  init(_ shape: ConvolutionCase, gap: Int, panelsInner: Bool, using generator: inout SeededGenerator) {
    example = ConvolutionExample(shape, using: &generator)
    let merging = ConvGemm.groupsToMerge(
      groups: shape.groups, outputChannelsPerGroup: shape.outputs / shape.groups)
    let groups = shape.groups / merging
    let input = PaddedImage(
      batch: shape.batch, height: shape.height, width: shape.width, channels: shape.inputs,
      pixelStride: shape.inputs + gap, halo: shape.padding)
    output = PaddedImage(
      batch: shape.batch, height: shape.outputHeight, width: shape.outputWidth, channels: shape.outputs,
      pixelStride: shape.outputs + gap, halo: 0)
    let channels = shape.inputs / groups
    let mergesTaps = gap == 0 && shape.groups == 1 && shape.dilation == 1
    var taps: [(ky: Int, kx: Int)] = []
    var runs: [Int32] = []
    for ky in 0..<shape.kernel {
      for kx in 0..<shape.kernel {
        taps.append((ky, kx))
        if mergesTaps && kx > 0 { continue }
        runs.append(Int32(ky * shape.dilation * input.strideH + kx * shape.dilation * input.pixelStride))
      }
    }

    var parameters = ConvGemmParameters()
    parameters.batch = Int32(shape.batch)
    parameters.height = Int32(shape.outputHeight)
    parameters.width = Int32(shape.outputWidth)
    parameters.input_stride_n = Int32(input.strideN)
    parameters.input_stride_h = Int32(input.strideH * shape.stride)
    parameters.input_stride_w = Int32(input.pixelStride * shape.stride)
    parameters.output_stride_n = Int32(output.strideN)
    parameters.output_stride_h = Int32(output.strideH)
    parameters.output_stride_w = Int32(output.pixelStride)
    parameters.residual_stride_n = Int32(output.strideN)
    parameters.residual_stride_h = Int32(output.strideH)
    parameters.residual_stride_w = Int32(output.pixelStride)
    parameters.groups = Int32(groups)
    parameters.input_group = Int32(channels)
    parameters.output_channels = Int32(shape.outputs / groups)
    parameters.run_count = Int32(runs.count)
    parameters.run_length = Int32(mergesTaps ? shape.kernel * channels : channels)
    parameters.function = Int32(shape.function.rawValue)
    parameters.alpha = shape.alpha
    parameters.beta = shape.beta
    parameters.panels_inner = panelsInner ? 1 : 0

    let panels = ConvGemm.packFilters(
      example.weights, shape: [shape.outputs, shape.inputs / shape.groups, shape.kernel, shape.kernel],
      groups: shape.groups, merging: merging, rows: ConvGemm.rows(taps: taps, channels: channels))
    let bias = ConvGemm.packBias(example.bias, groups: shape.groups, merging: merging)
    call = KernelCallUnderTest(
      parameters: parameters,
      operands: [
        GuardedMemory(input.spread(example.input)), GuardedMemory(runs), GuardedMemory(panels),
        shape.hasBias ? GuardedMemory(bias) : nil,
        shape.hasResidual ? GuardedMemory(output.spread(example.residual)) : nil,
        GuardedMemory([Float](repeating: ConvolutionExample.untouched, count: output.count)),
      ], constants: [1, 2, 3])
  }

  /// What is wrong after a run of the call, or nil.
  func fault() -> String? { example.fault(in: call.operands[5]?.values, of: output) }
}

@Suite("conv_gemm_f32") struct ConvGemmTests {
  /// Runs every case on every instruction set of this processor.
  private func expectDefinition(_ cases: [ConvolutionCase], seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    for isa in espalier_isa.available(for: ConvGemmParameters.family) {
      for shape in cases {
        let gap = [0, 0, 3].randomElement(using: &generator) ?? 0
        let panelsInner = Bool.random(using: &generator)
        let example = ConvGemmExample(shape, gap: gap, panelsInner: panelsInner, using: &generator)
        #expect(example.call.run(isa, using: &generator), "\(shape) on \(isa)")
        #expect(example.fault() == nil, "\(shape) gap \(gap) on \(isa)")
      }
    }
  }

  /// Channels around half a panel, a panel and the four panels of an item.
  @Test func `agrees with the definition for every number of channels`() {
    let channels = Array(1...33) + [47, 48, 49, 63, 64, 65, 72, 80, 129]
    expectDefinition(
      channels.map { ConvolutionCase(height: 1, width: 13, inputs: $0 % 19 + 1, outputs: $0) }, seed: 1)
    expectDefinition(
      channels.map { ConvolutionCase(height: 3, width: 5, inputs: $0, outputs: 20) }, seed: 2)
  }

  /// Pixels around the tile heights and the 24 of an item; 49 is a 7x7 map.
  @Test func `agrees with the definition for every number of pixels`() {
    let pixels = Array(1...27) + [47, 48, 49, 50, 71, 73]
    for outputs in [7, 16, 24, 40, 64] {
      expectDefinition(
        pixels.map { ConvolutionCase(height: 1, width: $0, inputs: 9, outputs: outputs) },
        seed: 3 + UInt64(outputs))
    }
  }

  @Test func `agrees with the definition for filters, strides, dilations and batches`() {
    var cases: [ConvolutionCase] = []
    for kernel in [1, 2, 3, 5] {
      for stride in 1...3 {
        for dilation in 1...2 {
          cases.append(
            ConvolutionCase(
              batch: 2, height: 11, width: 9, inputs: 5, outputs: 18, kernel: kernel, stride: stride,
              dilation: dilation, padding: kernel / 2 * dilation, hasBias: stride != 2))
        }
      }
    }
    cases.append(
      ConvolutionCase(height: 15, width: 15, inputs: 3, outputs: 32, kernel: 7, stride: 2, padding: 3))
    expectDefinition(cases, seed: 4)
  }

  @Test func `agrees with the definition for groups, merged and not`() {
    let cases = [(2, 4, 6), (4, 8, 8), (8, 16, 16), (3, 3, 3), (32, 64, 64), (3, 15, 51), (2, 10, 70)].map {
      ConvolutionCase(
        batch: 2, height: 6, width: 5, inputs: $0.1, outputs: $0.2, kernel: 3, padding: 1, groups: $0.0,
        hasResidual: $0.0 % 2 == 0)
    }
    expectDefinition(cases, seed: 5)
  }

  @Test func `adds a residual and applies every function`() {
    var cases: [ConvolutionCase] = []
    for function in espalier_function_identity.rawValue...espalier_function_tanh.rawValue {
      for outputs in [3, 8, 23, 64, 67] {
        cases.append(
          ConvolutionCase(
            height: 4, width: 8, inputs: 12, outputs: outputs, hasResidual: outputs != 8,
            function: espalier_function(function), alpha: 0.3, beta: 0.8))
      }
    }
    expectDefinition(cases, seed: 6)
  }

  @Test func `keeps a NaN that a clamp sees`() {
    for isa in espalier_isa.available(for: ConvGemmParameters.family) {
      for function in [espalier_function_relu, espalier_function_clip] {
        var generator = SeededGenerator(state: 7)
        let shape = ConvolutionCase(height: 1, width: 9, inputs: 4, outputs: 20, function: function, beta: 6)
        let example = ConvGemmExample(shape, gap: 0, panelsInner: true, using: &generator)
        example.call.operands[0]?.pointer[0] = .nan
        #expect(example.call.run(isa, using: &generator))
        #expect(example.call.operands[5]?.values.prefix(20).allSatisfy(\.isNaN) == true)
      }
    }
  }
}
