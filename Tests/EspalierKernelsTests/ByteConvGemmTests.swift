import CEspalierKernels
import EspalierKernels
import Testing

/// A `conv_gemm_u8` call over a random example.
struct ByteConvGemmExample {
  private(set) var call: GuardedCall<ByteConvGemmParameters>
  /// The output's memory after the call, bytes between the pixels included.
  private(set) var expected: [UInt8]
  private(set) var panels: [Int8]
  /// What is claimed of each panel.
  private(set) var sums: [ByteSums] = []

  /// - Parameters:
  ///   - gap: Bytes between the channels of one pixel and the next.
  ///   - claim: The strongest claim made of a panel, where it holds.
  init(
    _ shape: ConvolutionCase, _ epilogue: ByteEpilogue = .init(), gap: Int = 0, panelsInner: Bool = false,
    claim: ByteSums = .fours, using generator: inout SeededGenerator
  ) {
    let example = ByteConvolution(shape, epilogue.values, using: &generator)
    let merging = ConvGemm.groupsToMerge(
      groups: shape.groups, outputChannelsPerGroup: shape.outputs / shape.groups)
    let input = PaddedImage(
      batch: shape.batch, height: shape.height, width: shape.width, channels: shape.inputs,
      pixelStride: shape.inputs + gap, halo: shape.padding)
    let output = PaddedImage(
      batch: shape.batch, height: shape.outputHeight, width: shape.outputWidth, channels: shape.outputs,
      pixelStride: shape.outputs + gap, halo: 0)
    let packing = ByteConvGemm.Packing(
      shape: [shape.outputs, shape.inputs / shape.groups, shape.kernel, shape.kernel], groups: shape.groups,
      merging: merging,
      tapSteps: (row: shape.dilation * input.strideH, column: shape.dilation * input.pixelStride))
    panels = packing.panels(of: example.weights)

    var p = ByteConvGemmParameters()
    (p.batch, p.height, p.width) = (Int32(shape.batch), Int32(shape.outputHeight), Int32(shape.outputWidth))
    p.input_stride_n = Int32(input.strideN)
    p.input_stride_h = Int32(input.strideH * shape.stride)
    p.input_stride_w = Int32(input.pixelStride * shape.stride)
    p.output_stride_n = Int32(output.strideN)
    p.output_stride_h = Int32(output.strideH)
    p.output_stride_w = Int32(output.pixelStride)
    p.residual_stride_n = p.output_stride_n
    p.residual_stride_h = p.output_stride_h
    p.residual_stride_w = p.output_stride_w
    p.groups = Int32(shape.groups / merging)
    p.input_group = Int32(packing.channels)
    p.output_channels = Int32(packing.outputs)
    p.run_count = Int32(packing.runs.count)
    p.run_length = Int32(packing.runLength)
    p.residual_scale = example.residualScale
    (p.low, p.high) = (epilogue.low, epilogue.high)
    p.output_is_float = epilogue.outputIsFloat ? 1 : 0
    p.panels_inner = panelsInner ? 1 : 0

    let size = packing.runs.count * packing.runLength * 16
    for first in stride(from: 0, to: panels.count, by: size) {
      let proved = provedSums(panels[first..<first + size], runLength: packing.runLength)
      sums.append(proved.rawValue < claim.rawValue ? proved : claim)
    }
    let results = example.results(epilogue)
    let before: [UInt8]
    if epilogue.outputIsFloat {
      let floats = results.map { clamped($0, epilogue.low, epilogue.high) }
      expected = output.spread(floats, halo: 0, gap: 77).withUnsafeBytes { Array($0) }
      before = [Float](repeating: 77, count: output.count).withUnsafeBytes { Array($0) }
    } else {
      expected = output.spread(results.map { epilogue.byte($0, example.table) }, halo: 0, gap: 77)
      before = [UInt8](repeating: 77, count: output.count)
    }
    // A run of a rounded length reads up to 3 bytes behind the last pixel's channels.
    let bytes = input.spread(example.input, halo: example.zero, gap: 201) + generator.bytes(3)
    call = GuardedCall(
      p,
      [
        .bytes(bytes), .table(packing.runs.map(Int32.init)), .weights(panels),
        .floats(packing.scalesAndOffsets(example.scales, example.offsets)),
        epilogue.hasTable ? .bytes(example.table) : .absent,
        shape.hasResidual ? .bytes(output.spread(example.residual, halo: 0, gap: 255)) : .absent,
        .bytes(before), .weights(sums.map { Int8($0.rawValue) }),
      ])
  }
}

@Suite("conv_gemm_u8") struct ByteConvGemmTests {
  /// Runs every case with every kind of values on every instruction set of this processor, bit by bit.
  private func expectDefinition(
    _ cases: [ConvolutionCase], _ epilogues: [ByteEpilogue] = ByteValues.allCases.map { .init(values: $0) },
    seed: UInt64
  ) throws {
    var generator = SeededGenerator(state: seed)
    for (i, shape) in cases.enumerated() {
      let epilogue = epilogues[i % epilogues.count]
      let gap = generator.pick([0, 0, 1, 3])
      let example = ByteConvGemmExample(
        shape, epilogue, gap: gap, panelsInner: generator.pick([false, true]),
        claim: generator.pick([.words, .pairs, .fours, .fours]), using: &generator)
      for isa in espalier_isa.available(for: ByteConvGemmParameters.family) {
        let output = try example.call.runInExtents(isa)[6]
        #expect(output == example.expected, "\(shape) \(epilogue) gap \(gap) on \(isa)")
      }
    }
  }

  /// Channels around quads, half a panel, a panel and the four panels of an item.
  @Test func `gives the definition's bits for every number of channels`() throws {
    let channels = Array(1...33) + [47, 48, 49, 63, 64, 65, 72, 80, 129]
    try expectDefinition(
      channels.map { ConvolutionCase(height: 1, width: 13, inputs: $0 % 19 + 1, outputs: $0) }, seed: 1)
    try expectDefinition(
      channels.map { ConvolutionCase(height: 3, width: 5, inputs: $0, outputs: 20) }, seed: 2)
  }

  /// Pixels around the tile heights and the 24 of an item; 49 is a 7x7 map.
  @Test(arguments: [7, 16, 24, 40, 64])
  func `gives the definition's bits for every number of pixels`(outputs: Int) throws {
    let pixels = Array(1...27) + [47, 48, 49, 50, 71, 73]
    try expectDefinition(
      pixels.map { ConvolutionCase(height: 1, width: $0, inputs: 9, outputs: outputs) },
      seed: 3 + UInt64(outputs))
  }

  /// 1 … 17 quads: those that have tiles of their own, and one more; four items of pixels and some.
  @Test(arguments: [13, 32, 70])
  func `gives the definition's bits for short sums of many pixels`(outputs: Int) throws {
    let quads = (1...17).map {
      ConvolutionCase(height: 3, width: 20 + 3 * $0, inputs: 4 * $0 - $0 % 4, outputs: outputs)
    }
    let first = [9, 29, 61].map {
      ConvolutionCase(height: 4, width: $0, inputs: 3, outputs: outputs, kernel: 3, stride: 2, padding: 1)
    }
    try expectDefinition(quads + first, seed: 90 + UInt64(outputs))
  }

  @Test func `gives the definition's bits for filters, strides, dilations and batches`() throws {
    var cases: [ConvolutionCase] = []
    for kernel in [1, 2, 3, 5] {
      for stride in 1...3 {
        for dilation in 1...2 {
          cases.append(
            ConvolutionCase(
              batch: 2, height: 11, width: 9, inputs: dilation == 1 ? 4 : 5, outputs: 18, kernel: kernel,
              stride: stride, dilation: dilation, padding: kernel / 2 * dilation))
        }
      }
    }
    cases.append(
      ConvolutionCase(height: 15, width: 15, inputs: 3, outputs: 32, kernel: 7, stride: 2, padding: 3))
    cases.append(ConvolutionCase(height: 3, width: 3, inputs: 301, outputs: 33))
    try expectDefinition(cases, seed: 4)
  }

  @Test func `gives the definition's bits for groups, merged and not`() throws {
    let groups = [(2, 4, 6), (4, 8, 8), (8, 16, 16), (3, 3, 3), (32, 64, 64), (3, 15, 51), (2, 10, 70)]
    let cases = groups.map {
      ConvolutionCase(
        batch: 2, height: 6, width: 5, inputs: $0.1, outputs: $0.2, kernel: 3, padding: 1, groups: $0.0,
        hasResidual: $0.0 % 2 == 0)
    }
    try expectDefinition(cases, seed: 5)
  }

  @Test(arguments: ByteValues.allCases)
  func `adds a residual, clamps, looks up and writes floats`(values: ByteValues) throws {
    let epilogues: [ByteEpilogue] = [
      .init(values: values, hasTable: true), .init(values: values, low: 31, high: 190),
      .init(values: values, hasTable: true, low: 3, high: 100),
      .init(values: values, outputIsFloat: true, low: -.infinity, high: .infinity),
      .init(values: values, outputIsFloat: true, low: 0, high: 120),
    ]
    for (i, epilogue) in epilogues.enumerated() {
      let cases = [1, 3, 8, 16, 23, 64, 67, 130].map {
        ConvolutionCase(height: 4, width: 8, inputs: 12, outputs: $0, hasResidual: $0 % 3 != 1)
      }
      try expectDefinition(cases, [epilogue], seed: 60 + UInt64(i))
    }
  }

  @Test func `takes offsets that are not numbers for the lower bound`() throws {
    var generator = SeededGenerator(state: 7)
    let shape = ConvolutionCase(height: 1, width: 9, inputs: 4, outputs: 20)
    var call = ByteConvGemmExample(shape, .init(low: 5), using: &generator).call
    call.operands[3] = .floats([Float](repeating: .nan, count: 64))
    for isa in espalier_isa.available(for: ByteConvGemmParameters.family) {
      #expect(try call.runInExtents(isa)[6] == [UInt8](repeating: 5, count: 180))
    }
  }
}

@Suite("The checker of conv_gemm_u8") struct ByteConvGemmCheckTests {
  private func example(_ values: ByteValues = .pairsFit) -> ByteConvGemmExample {
    var generator = SeededGenerator(state: 11)
    let shape = ConvolutionCase(
      batch: 2, height: 6, width: 7, inputs: 6, outputs: 20, kernel: 3, padding: 1, groups: 2,
      hasResidual: true)
    return ByteConvGemmExample(shape, .init(values: values, hasTable: true), gap: 1, using: &generator)
  }

  @Test func `accepts a call that fills its operands`() throws {
    let facts = try #require(example().call.underTest.check())
    // Runs of 3 channels are 4 bytes long.
    #expect(facts.multiply_adds == 2 * 6 * 7 * 20 * 9 * 4 && facts.scratch_bytes == 0)
    for (operand, extent) in zip(example().call.operands, facts.extents).dropFirst() {
      #expect(extent == UInt64(operand.bytes?.count ?? 0))
    }
  }

  @Test(arguments: 0..<8)
  func `refuses a call whose operand is one byte short`(operand: Int) throws {
    var call = example().call
    let extent = try #require(call.underTest.check()).extents[operand]
    let bytes = Array((call.operands[operand].bytes ?? []).prefix(Int(extent) - 1))
    var test = call.underTest
    test.operands[operand] = GuardedMemory(bytes: bytes)
    #expect(test.check() == nil)
    call.operands[operand] = .absent
    #expect((call.underTest.check() != nil) == [4, 5, 7].contains(operand))
  }

  @Test func `refuses runs that it cannot see, that are negative or that leave the input`() {
    var test = example().call.underTest
    test.constants = [2]
    #expect(test.check() == nil)
    for run: Int32 in [-1, .min, 1 << 20, .max] {
      var call = example().call
      call.operands[1] = .table([0, 1, 2, 3, run, 5, 6, 7, 8])
      #expect(call.underTest.check() == nil)
    }
  }

  @Test func `refuses bounds that are no bytes, and a table for floats`() {
    for (low, high) in [(-1, 255), (0, 256), (9, 8), (.nan, 255), (0, .nan)] as [(Float, Float)] {
      var call = example().call
      (call.parameters.low, call.parameters.high) = (low, high)
      #expect(call.underTest.check() == nil)
    }
    var call = example().call
    call.parameters.output_is_float = 1
    #expect(call.underTest.check() == nil)
  }

  /// The 16-bit sums of the packed weights, proved anew by trying the bytes' extremes.
  @Test(arguments: ByteValues.allCases, ByteSums.allCases)
  func `accepts a claim about a panel exactly where it holds`(values: ByteValues, claim: ByteSums) {
    let example = example(values)
    for (panel, proved) in example.sums.enumerated() {
      var (call, claims) = (example.call, [Int8](repeating: 0, count: example.sums.count))
      claims[panel] = Int8(claim.rawValue)
      call.operands[7] = .weights(claims)
      #expect((call.underTest.check() != nil) == (claim.rawValue <= proved.rawValue), "panel \(panel)")
    }
  }

  @Test func `refuses claims that it cannot see, of weights that it cannot see, and unknown ones`() {
    for constants: Set<Int> in [[1, 2], [1, 7], [1]] {
      var test = example(.foursFit).call.underTest
      test.constants = constants
      #expect(test.check() == nil)
    }
    for unknown: Int8 in [3, 4, 127, -128, -1] {
      var call = example(.foursFit).call
      call.operands[7] = .weights([0, unknown, 0, 0])
      #expect(call.underTest.check() == nil)
    }
  }

  /// Maps of 7x7, 14x14 and 1x1 with 3 or 1 blocks of panels: 9, 9 and 3 items otherwise.
  @Test(arguments: [(7, 160), (14, 64), (1, 144)])
  func `cuts small calls into an even number of items`(size: Int, outputs: Int) throws {
    var generator = SeededGenerator(state: 13)
    let shape = ConvolutionCase(height: size, width: size, inputs: 5, outputs: outputs)
    let example = ByteConvGemmExample(shape, using: &generator)
    let facts = try #require(example.call.underTest.check())
    #expect(facts.items > 1 && facts.items % 2 == 0)
    for isa in espalier_isa.available(for: ByteConvGemmParameters.family) {
      #expect(try example.call.runInExtents(isa)[6] == example.expected)
    }
  }

  @Test func `accepts nothing that leaves its operands`() {
    var generator = SeededGenerator(state: 12)
    let outcome = example().call.underTest.surviveMutations(count: 4000, using: &generator)
    #expect(outcome.refused > 1000 && outcome.ran > 200, "\(outcome)")
  }
}
