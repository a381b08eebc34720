import CEspalierKernels
import EspalierKernels
import Testing

/// A `conv_winograd_f32` call over a random example.
struct ConvWinogradExample {
  let example: ConvolutionExample
  let call: KernelCallUnderTest<ConvWinogradParameters>
  private let output: PaddedImage

  /// What a result may be off, relative to the sum of its terms' sizes, for up to 300 input channels. The
  /// transforms amplify rounding: measured over the cases below are at most 3e-7.
  static let relativeError = 1.5e-6

  /// - Parameters:
  ///   - hasHalo: Whether the zeros at the right and bottom exist in memory.
  init(
    _ shape: ConvolutionCase, tile: Int, blocking: ConvWinograd.Blocking, gap: Int = 0, hasHalo: Bool = true,
    using generator: inout SeededGenerator
  ) {
    example = ConvolutionExample(shape, relativeError: Self.relativeError, using: &generator)
    let input = PaddedImage(
      batch: shape.batch, height: shape.height, width: shape.width, channels: shape.inputs,
      pixelStride: shape.inputs + gap, halo: 1)
    output = PaddedImage(
      batch: shape.batch, height: shape.height, width: shape.width, channels: shape.outputs,
      pixelStride: shape.outputs + gap, halo: 0)
    var parameters = ConvWinogradParameters()
    parameters.batch = Int32(shape.batch)
    parameters.height = Int32(shape.height)
    parameters.width = Int32(shape.width)
    parameters.input_height = Int32(shape.height + (hasHalo ? 2 : 1))
    parameters.input_width = Int32(shape.width + (hasHalo ? 2 : 1))
    parameters.input_stride_n = Int32(input.strideN)
    parameters.input_stride_h = Int32(input.strideH)
    parameters.input_stride_w = Int32(input.pixelStride)
    parameters.output_stride_n = Int32(output.strideN)
    parameters.output_stride_h = Int32(output.strideH)
    parameters.output_stride_w = Int32(output.pixelStride)
    parameters.residual_stride_n = Int32(output.strideN)
    parameters.residual_stride_h = Int32(output.strideH)
    parameters.residual_stride_w = Int32(output.pixelStride)
    parameters.input_channels = Int32(shape.inputs)
    parameters.output_channels = Int32(shape.outputs)
    parameters.function = Int32(shape.function.rawValue)
    parameters.alpha = shape.alpha
    parameters.beta = shape.beta
    parameters.tiles_per_item = Int32(blocking.tilesPerItem)
    parameters.panels_per_item = Int32(blocking.panelsPerItem)
    parameters.tile = Int32(tile)
    let weights = ConvWinograd.packFilters(
      example.weights, outputChannels: shape.outputs, inputChannels: shape.inputs, tile: tile)
    var image = input.spread(example.input)
    if !hasHalo {
      // The last column and row of the halo are not to be read.
      for n in 0..<shape.batch {
        for y in 0..<shape.height + 2 {
          for x in 0..<shape.width + 2 where y == shape.height + 1 || x == shape.width + 1 {
            let pixel = n * input.strideN + y * input.strideH + x * input.pixelStride
            for c in 0..<shape.inputs { image[pixel + c] = .nan }
          }
        }
      }
    }
    call = KernelCallUnderTest(
      parameters: parameters,
      operands: [
        GuardedMemory(image), GuardedMemory(weights),
        shape.hasBias ? GuardedMemory(ConvWinograd.packBias(example.bias)) : nil,
        shape.hasResidual ? GuardedMemory(output.spread(example.residual)) : nil,
        GuardedMemory([Float](repeating: ConvolutionExample.untouched, count: output.count)),
      ], constants: [1, 2])
  }

  /// What is wrong after a run of the call, or nil.
  func fault() -> String? { example.fault(in: call.operands[4]?.values, of: output) }
}

@Suite("conv_winograd_f32") struct ConvWinogradTests {
  private func expectDefinition(_ cases: [ConvolutionCase], seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    for isa in espalier_isa.available(for: ConvWinogradParameters.family) {
      for shape in cases {
        let blocking = ConvWinograd.Blocking(
          tilesPerItem: Int.random(in: 1...30, using: &generator),
          panelsPerItem: Int.random(in: 1...6, using: &generator))
        let tile = Bool.random(using: &generator) ? 4 : 2
        let example = ConvWinogradExample(
          shape, tile: tile, blocking: blocking, gap: Int.random(in: 0...2, using: &generator),
          hasHalo: Bool.random(using: &generator), using: &generator)
        #expect(example.call.run(isa, using: &generator), "\(shape) on \(isa)")
        #expect(example.fault() == nil, "\(shape) tile \(tile) \(blocking) on \(isa)")
      }
    }
  }

  private func convolution(_ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int) -> ConvolutionCase {
    ConvolutionCase(height: height, width: width, inputs: inputs, outputs: outputs, kernel: 3, padding: 1)
  }

  @Test func `agrees with the definition for every number of channels`() {
    expectDefinition((1...33).map { convolution(5, 6, $0, 7) }, seed: 21)
    expectDefinition((1...33).map { convolution(4, 4, 9, $0) }, seed: 22)
    expectDefinition([convolution(3, 5, 300, 40), convolution(9, 9, 40, 130)], seed: 23)
  }

  @Test func `agrees with the definition for every size`() {
    expectDefinition((1...17).map { convolution($0, 20 - $0, 6, 18) }, seed: 24)
    expectDefinition([convolution(21, 33, 3, 64), convolution(28, 28, 5, 5)], seed: 25)
  }

  @Test func `adds a residual and applies every function, for a batch`() {
    var cases: [ConvolutionCase] = []
    for function in espalier_function_identity.rawValue...espalier_function_tanh.rawValue {
      for outputs in [16, 21] {
        var shape = convolution(7, 6, 4, outputs)
        shape.batch = 2
        shape.hasBias = outputs == 21
        shape.hasResidual = function % 2 == 0 || outputs == 21
        shape.function = espalier_function(function)
        (shape.alpha, shape.beta) = (0.3, 0.8)
        cases.append(shape)
      }
    }
    expectDefinition(cases, seed: 26)
  }

  @Test func `gives the same bits however its items are spread over threads`() {
    for isa in espalier_isa.available(for: ConvWinogradParameters.family) {
      var results: [[Float]] = []
      for seed in 0..<4 {
        var generator = SeededGenerator(state: 27)
        let example = ConvWinogradExample(
          convolution(13, 14, 19, 50), tile: 4,
          blocking: ConvWinograd.Blocking(tilesPerItem: 4, panelsPerItem: 1), using: &generator)
        generator.state = UInt64(seed)
        #expect(example.call.run(isa, using: &generator))
        results.append(example.call.operands[4]?.values ?? [])
      }
      #expect(Set(results).count == 1)
    }
  }
}

@Suite("The checker of conv_winograd_f32") struct ConvWinogradCheckTests {
  private func example() -> ConvWinogradExample {
    var generator = SeededGenerator(state: 31)
    let shape = ConvolutionCase(
      batch: 2, height: 6, width: 7, inputs: 6, outputs: 20, kernel: 3, padding: 1, hasResidual: true)
    return ConvWinogradExample(
      shape, tile: 4, blocking: ConvWinograd.Blocking(tilesPerItem: 3, panelsPerItem: 1), gap: 1,
      using: &generator)
  }

  @Test func `accepts a call that exactly fills its operands`() throws {
    let facts = try #require(example().call.check())
    #expect(facts.multiply_adds == 2 * 6 * 7 * 20 * 6 * 9 && facts.scratch_bytes > 0)
    // 8 tiles in blocks of 3 at most, 2 panels one by one.
    #expect(facts.items == 3 * 2)
  }

  @Test(arguments: 0..<5)
  func `refuses a call whose operand is one float short`(operand: Int) {
    var call = example().call
    let values = call.operands[operand]?.values ?? []
    call.operands[operand] = GuardedMemory(Array(values.dropLast()))
    #expect(call.check() == nil)
  }

  @Test func `refuses tiles that it does not know`() {
    for tile: Int32 in [-2, 0, 1, 3, 5, 6] {
      var call = example().call
      call.parameters.tile = tile
      #expect(call.check() == nil)
    }
  }

  @Test func `accepts nothing that leaves its operands`() {
    var generator = SeededGenerator(state: 32)
    let outcome = example().call.surviveMutations(count: 6000, using: &generator)
    #expect(outcome.refused > 1500 && outcome.ran > 300)
  }
}
