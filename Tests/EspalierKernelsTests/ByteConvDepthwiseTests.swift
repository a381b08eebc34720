import CEspalierKernels
import EspalierKernels
import Testing

/// A depthwise convolution of bytes, "same" padding.
struct ByteDepthwiseCase: CustomStringConvertible {
  var batch = 1
  var height: Int, width: Int
  var channels: Int
  var kernel: (height: Int, width: Int) = (3, 3)
  var stride = 1
  var dilation = 1
  var hasResidual = false
  var epilogue = ByteEpilogue()

  var description: String {
    "\(batch)x\(height)x\(width)x\(channels) k\(kernel) s\(stride) d\(dilation) \(epilogue)"
      + (hasResidual ? " residual" : "")
  }

  /// Extents of the input with its halo, just large enough for every tap.
  var inputHeight: Int { (height - 1) * stride + (kernel.height - 1) * dilation + 1 }
  var inputWidth: Int { (width - 1) * stride + (kernel.width - 1) * dilation + 1 }
}

/// A `conv_depthwise_u8` call over a random example.
struct ByteDepthwiseExample {
  private(set) var call: GuardedCall<ByteConvDepthwiseParameters>
  /// The output's memory after the call, bytes between the pixels included.
  private(set) var expected: [UInt8]
  /// The packed filters.
  let weights: [Int8]

  init(
    _ shape: ByteDepthwiseCase, gap: Int, trustsPairs: Bool = true, using generator: inout SeededGenerator
  ) {
    let values = shape.epilogue.values
    let pixel = shape.channels + gap
    let (taps, channels) = (shape.kernel.height * shape.kernel.width, shape.channels)
    let (row, outputRow) = (shape.inputWidth * pixel, shape.width * pixel)
    let image = shape.inputHeight * row
    let input = (0..<shape.batch * image - gap).map { _ in values.byte(using: &generator) }
    // The filter of a channel column by column: pairs lie below each other.
    let columns = (0..<channels * shape.kernel.width).map { _ in
      values.weights(shape.kernel.height, using: &generator)
    }
    var filters = [Int8](repeating: 0, count: channels * taps)
    forEachIndex([channels, shape.kernel.height, shape.kernel.width]) { i in
      filters[(i[0] * shape.kernel.height + i[1]) * shape.kernel.width + i[2]] =
        columns[i[0] * shape.kernel.width + i[2]][i[1]]
    }
    let scales = (0..<channels).map { _ in values.scale(terms: taps, using: &generator) }
    let offsets = (0..<channels).map { _ in values.offset(using: &generator) }
    let table = generator.bytes(256)
    let outputCount = shape.batch * shape.height * outputRow - gap
    let residual = generator.bytes(outputCount)
    weights = ByteConvDepthwise.packFilters(
      filters, channels: channels, kernelHeight: shape.kernel.height, kernelWidth: shape.kernel.width)

    var p = ByteConvDepthwiseParameters()
    (p.batch, p.height, p.width) = (Int32(shape.batch), Int32(shape.height), Int32(shape.width))
    p.channels = Int32(channels)
    p.input_stride_n = Int32(image)
    (p.input_stride_h, p.input_stride_w) = (Int32(shape.stride * row), Int32(shape.stride * pixel))
    (p.tap_stride_h, p.tap_stride_w) = (Int32(shape.dilation * row), Int32(shape.dilation * pixel))
    (p.kernel_h, p.kernel_w) = (Int32(shape.kernel.height), Int32(shape.kernel.width))
    p.output_stride_n = Int32(shape.height * outputRow)
    (p.output_stride_h, p.output_stride_w) = (Int32(outputRow), Int32(pixel))
    p.residual_stride_n = p.output_stride_n
    (p.residual_stride_h, p.residual_stride_w) = (p.output_stride_h, p.output_stride_w)
    p.residual_scale = 0.375
    (p.low, p.high) = (shape.epilogue.low, shape.epilogue.high)
    p.pairs_fit = trustsPairs && ByteConvDepthwise.pairsFit(weights) ? 1 : 0
    let before = [UInt8](repeating: 77, count: outputCount)
    call = GuardedCall(
      p,
      [
        .bytes(input), .weights(weights),
        .floats(ByteConvDepthwise.padded(scales) + ByteConvDepthwise.padded(offsets)),
        shape.epilogue.hasTable ? .bytes(table) : .absent, shape.hasResidual ? .bytes(residual) : .absent,
        .bytes(before),
      ])

    var expected = before
    forEachIndex([shape.batch, shape.height, shape.width, channels]) { i in
      var sum = 0
      forEachIndex([shape.kernel.height, shape.kernel.width]) { tap in
        let y = i[1] * shape.stride + tap[0] * shape.dilation
        let x = i[2] * shape.stride + tap[1] * shape.dilation
        let weight = filters[(i[3] * shape.kernel.height + tap[0]) * shape.kernel.width + tap[1]]
        sum += Int(input[i[0] * image + y * row + x * pixel + i[3]]) * Int(weight)
      }
      let at = (i[0] * shape.height + i[1]) * outputRow + i[2] * pixel + i[3]
      let rest = shape.hasResidual ? (value: residual[at], scale: p.residual_scale) : nil
      expected[at] = shape.epilogue.byte(
        shape.epilogue.t(sum, scales[i[3]], offsets[i[3]], rest), table)
    }
    self.expected = expected
  }
}

@Suite("conv_depthwise_u8") struct ByteConvDepthwiseTests {
  /// Runs every case on every instruction set of this processor, bit by bit.
  private func expectDefinition(_ cases: [ByteDepthwiseCase], seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    for shape in cases {
      let gap = generator.pick([0, 1, 5])
      let example = ByteDepthwiseExample(
        shape, gap: gap, trustsPairs: generator.pick([false, true, true]), using: &generator)
      for isa in espalier_isa.available(for: ByteConvDepthwiseParameters.family) {
        let output = try example.call.runInExtents(isa)[5]
        #expect(output == example.expected, "\(shape) gap \(gap) on \(isa)")
      }
    }
  }

  /// Channels around 16, 32, 64 and the 128 of the definition.
  @Test(arguments: ByteValues.allCases)
  func `gives the definition's bits for every number of channels`(values: ByteValues) throws {
    let channels = Array(1...35) + [47, 48, 49, 63, 64, 65, 96, 99, 127, 128, 129, 144]
    try expectDefinition(
      channels.map {
        ByteDepthwiseCase(height: 4, width: 5, channels: $0, epilogue: .init(values: values))
      }, seed: 1)
  }

  @Test(arguments: ByteValues.allCases)
  func `gives the definition's bits for filters, strides, dilations and batches`(values: ByteValues) throws {
    var cases: [ByteDepthwiseCase] = []
    for kernel in [(1, 1), (3, 3), (5, 5), (3, 1), (2, 4), (4, 3), (7, 7), (9, 2)] {
      for (stride, dilation) in [(1, 1), (2, 1), (1, 2), (3, 2)] {
        cases.append(
          ByteDepthwiseCase(
            batch: 2, height: 5, width: 6, channels: 21, kernel: kernel, stride: stride, dilation: dilation,
            hasResidual: stride == 2, epilogue: .init(values: values)))
      }
    }
    try expectDefinition(cases, seed: 2)
  }

  @Test func `gives the definition's bits for every size of the map`() throws {
    let sizes = [(1, 1), (1, 9), (2, 2), (3, 7), (7, 7), (9, 1), (14, 13), (17, 16)]
    try expectDefinition(
      sizes.flatMap { size in
        [1, 2].map { ByteDepthwiseCase(height: size.0, width: size.1, channels: 24, stride: $0) }
      } + [
        ByteDepthwiseCase(height: 60, width: 40, channels: 70),
        ByteDepthwiseCase(height: 7, width: 40, channels: 70, stride: 2),
        ByteDepthwiseCase(height: 3, width: 23, channels: 130, kernel: (5, 5), stride: 2),
      ], seed: 3)
  }

  @Test(arguments: ByteValues.allCases)
  func `adds a residual, clamps and looks up`(values: ByteValues) throws {
    try expectDefinition(
      [3, 16, 23, 64, 67].flatMap { channels in
        [
          ByteDepthwiseCase(
            height: 3, width: 4, channels: channels, hasResidual: true,
            epilogue: .init(values: values, hasTable: true)),
          ByteDepthwiseCase(
            height: 3, width: 4, channels: channels, kernel: (5, 5), hasResidual: true,
            epilogue: .init(values: values, low: 31, high: 190)),
          ByteDepthwiseCase(
            height: 4, width: 4, channels: channels, kernel: (4, 1),
            epilogue: .init(values: values, hasTable: true, low: 3, high: 99)),
        ]
      }, seed: 4)
  }

  private func example(_ values: ByteValues = .pairsFit) -> ByteDepthwiseExample {
    var generator = SeededGenerator(state: 5)
    let shape = ByteDepthwiseCase(
      batch: 2, height: 6, width: 5, channels: 19, stride: 2, hasResidual: true,
      epilogue: .init(values: values, hasTable: true))
    return ByteDepthwiseExample(shape, gap: 2, using: &generator)
  }

  @Test(arguments: 0..<6) func `is refused where an operand is one byte short`(operand: Int) throws {
    let facts = try #require(example().call.underTest.check())
    var test = example().call.underTest
    #expect(facts.extents[operand] == UInt64(test.operands[operand]?.byteCount ?? 0))
    test.operands[operand] = GuardedMemory(bytes: test.operands[operand].map { $0.bytes.dropLast() } ?? [])
    #expect(test.check() == nil)
  }

  /// The 16-bit sums of the packed pairs, proved anew by trying the bytes' extremes.
  @Test(arguments: ByteValues.allCases)
  func `may claim that pairs fit exactly where they do`(values: ByteValues) {
    var call = example(values).call
    call.parameters.pairs_fit = 1
    #expect((call.underTest.check() != nil) == pairsStayInSixteenBits(example(values).weights))
    #expect(pairsStayInSixteenBits(example(values).weights) == ![.any, .extreme, .mixed].contains(values))
    var test = example(.pairsFit).call.underTest
    test.constants = []  // weights that the checker cannot see
    #expect(test.check() == nil)
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 6)
    let outcome = example().call.underTest.surviveMutations(count: 3000, using: &generator)
    #expect(outcome.refused > 500 && outcome.ran > 100, "\(outcome)")
  }
}
