import CEspalierKernels
import EspalierKernels
import Testing

/// A `conv_winograd_u8` call over a random example.
struct ByteConvWinogradExample {
  private(set) var call: GuardedCall<ByteConvWinogradParameters>
  /// The output's memory after the call, bytes between the pixels included.
  private(set) var expected: [UInt8]

  /// - Parameters:
  ///   - gap: Bytes between the channels of one pixel and the next.
  ///   - weights, zero: Instead of those of the epilogue's values.
  init(
    _ shape: ConvolutionCase, _ epilogue: ByteEpilogue = .init(), tile: Int = 4,
    blocking: ConvWinograd.Blocking = .init(tilesPerItem: 3, panelsPerItem: 1), gap: Int = 0,
    weights: [Int8]? = nil, zero: UInt8? = nil, using generator: inout SeededGenerator
  ) {
    var example = ByteConvolution(shape, epilogue.values, using: &generator)
    example.weights = weights ?? example.weights
    example.zero = zero ?? example.zero
    let input = PaddedImage(
      batch: shape.batch, height: shape.height, width: shape.width, channels: shape.inputs,
      pixelStride: shape.inputs + gap, halo: 1)
    let output = PaddedImage(
      batch: shape.batch, height: shape.height, width: shape.width, channels: shape.outputs,
      pixelStride: shape.outputs + gap, halo: 0)
    let packing = ByteConvGemm.Packing(
      shape: [shape.outputs, shape.inputs, 3, 3], groups: 1, merging: 1, tapSteps: (row: 0, column: 0))

    var p = ByteConvWinogradParameters()
    (p.batch, p.height, p.width) = (Int32(shape.batch), Int32(shape.height), Int32(shape.width))
    p.input_stride_n = Int32(input.strideN)
    p.input_stride_h = Int32(input.strideH)
    p.input_stride_w = Int32(input.pixelStride)
    p.output_stride_n = Int32(output.strideN)
    p.output_stride_h = Int32(output.strideH)
    p.output_stride_w = Int32(output.pixelStride)
    p.residual_stride_n = p.output_stride_n
    p.residual_stride_h = p.output_stride_h
    p.residual_stride_w = p.output_stride_w
    (p.input_channels, p.output_channels) = (Int32(shape.inputs), Int32(shape.outputs))
    p.residual_scale = example.residualScale
    (p.low, p.high) = (epilogue.low, epilogue.high)
    p.output_is_float = epilogue.outputIsFloat ? 1 : 0
    p.tile = Int32(tile)
    p.tiles_per_item = Int32(blocking.tilesPerItem)
    p.panels_per_item = Int32(blocking.panelsPerItem)

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
    call = GuardedCall(
      p,
      [
        // A quad reads up to 3 bytes behind the last pixel's channels.
        .bytes(input.spread(example.input, halo: example.zero, gap: 201) + generator.bytes(3)),
        .weights(packing.panels(of: example.weights)),
        .floats(packing.scalesAndOffsets(example.scales, example.offsets)),
        epilogue.hasTable ? .bytes(example.table) : .absent,
        shape.hasResidual ? .bytes(output.spread(example.residual, halo: 0, gap: 255)) : .absent,
        .bytes(before),
      ])
  }
}

@Suite("conv_winograd_u8") struct ByteConvWinogradTests {
  /// Runs every case with every kind of values and both tiles on every instruction set of this processor, bit by
  /// bit.
  private func expectDefinition(
    _ cases: [ConvolutionCase], _ epilogues: [ByteEpilogue] = ByteValues.allCases.map { .init(values: $0) },
    seed: UInt64
  ) throws {
    var generator = SeededGenerator(state: seed)
    for (i, shape) in cases.enumerated() {
      let epilogue = epilogues[i % epilogues.count]
      let tile = generator.pick([4, 4, 2])
      let blocking = ConvWinograd.Blocking(
        tilesPerItem: Int.random(in: 1...30, using: &generator),
        panelsPerItem: Int.random(in: 1...6, using: &generator))
      let example = ByteConvWinogradExample(
        shape, epilogue, tile: tile, blocking: blocking, gap: generator.pick([0, 0, 1, 3]), using: &generator)
      for isa in espalier_isa.available(for: ByteConvWinogradParameters.family) {
        let output = try example.call.runInExtents(isa)[5]
        #expect(output == example.expected, "\(shape) \(epilogue) tile \(tile) \(blocking) on \(isa)")
      }
    }
  }

  private func convolution(
    _ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int, residual: Bool = false, batch: Int = 1
  ) -> ConvolutionCase {
    ConvolutionCase(
      batch: batch, height: height, width: width, inputs: inputs, outputs: outputs, kernel: 3, padding: 1,
      hasResidual: residual)
  }

  /// Channels around quads and the vectors of the transforms, 16 and 32; panels around the four of a strip.
  @Test func `gives the definition's bits for every number of channels`() throws {
    try expectDefinition((1...33).map { convolution(5, 6, $0, 7) }, seed: 41)
    try expectDefinition(((1...33) + [48, 65, 81]).map { convolution(4, 4, 9, $0) }, seed: 42)
    try expectDefinition([convolution(3, 5, 100, 20), convolution(9, 9, 21, 70)], seed: 43)
  }

  /// Tiles around the 6, 8 and 12 rows of a product.
  @Test func `gives the definition's bits for every size, and batches`() throws {
    try expectDefinition((1...17).map { convolution($0, 20 - $0, 6, 18, batch: 1 + $0 % 2) }, seed: 44)
    try expectDefinition([convolution(21, 33, 3, 34), convolution(28, 28, 5, 5)], seed: 45)
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
      let cases = [1, 16, 23, 67].map { convolution(7, 6, 12, $0, residual: $0 % 3 != 1) }
      try expectDefinition(cases, [epilogue], seed: 50 + UInt64(i))
    }
  }

  /// Filters of one sign, as large as the proof allows: the scaled sums come as near to 2³¹ as they may.
  @Test(arguments: [127, -128] as [Int8], [0, 128, 255] as [UInt8])
  func `gives the definition's bits where its bounds are reached`(weight: Int8, zero: UInt8) throws {
    var generator = SeededGenerator(state: 58)
    let largest = (1 << 25 - 1) / (255 * abs(Int(weight)))
    let shape = convolution(5, 4, (largest + 8) / 9, 1)
    var weights = [Int8](repeating: 0, count: shape.inputs * 9)
    for i in 0..<largest { weights[i] = weight }
    let example = ByteConvWinogradExample(
      shape, .init(values: .extreme, outputIsFloat: true, low: -.infinity, high: .infinity),
      weights: weights, zero: zero, using: &generator)
    for isa in espalier_isa.available(for: ByteConvWinogradParameters.family) {
      #expect(try example.call.runInExtents(isa)[5] == example.expected, "on \(isa)")
    }
  }

  /// The extremes of both transforms, by their definitions over all corners of the cube.
  @Test func `transforms bytes and weights inside sixteen bits`() {
    let inputs = [
      [4, 0, -5, 0, 1, 0], [0, 4, 4, -1, -1, 0], [0, -4, 4, 1, -1, 0], [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
    ]
    let weights = [[6, 0, 0], [4, 4, 4], [4, -4, 4], [1, 2, 4], [1, -2, 4], [0, 0, 6]]
    for a in inputs {
      for b in inputs {
        let products = a.flatMap { x in b.map { x * $0 } }
        #expect(products.filter { $0 > 0 }.reduce(0, +) * 255 <= 17340)
        #expect(products.filter { $0 < 0 }.reduce(0, +) * 255 >= -12750)
      }
    }
    for a in weights {
      for b in weights {
        let size = a.flatMap { x in b.map { abs(x * $0) } }.reduce(0, +)
        #expect(size * 128 <= 18432)
      }
    }
  }
}

@Suite("The checker of conv_winograd_u8") struct ByteConvWinogradCheckTests {
  private func example(_ values: ByteValues = .any) -> ByteConvWinogradExample {
    var generator = SeededGenerator(state: 61)
    let shape = ConvolutionCase(
      batch: 2, height: 6, width: 7, inputs: 6, outputs: 20, kernel: 3, padding: 1, hasResidual: true)
    return ByteConvWinogradExample(shape, .init(values: values, hasTable: true), gap: 1, using: &generator)
  }

  @Test func `accepts a call that fills its operands`() throws {
    let facts = try #require(example().call.underTest.check())
    #expect(facts.multiply_adds == 2 * 6 * 7 * 20 * 6 * 9 && facts.scratch_bytes > 0)
    // 8 tiles in blocks of 3 at most, 2 panels one by one.
    #expect(facts.items == 3 * 2)
    for (operand, extent) in zip(example().call.operands, facts.extents).dropFirst() {
      #expect(extent == UInt64(operand.bytes?.count ?? 0))
    }
  }

  @Test(arguments: 0..<6)
  func `refuses a call whose operand is one byte short`(operand: Int) throws {
    var call = example().call
    let extent = try #require(call.underTest.check()).extents[operand]
    let bytes = Array((call.operands[operand].bytes ?? []).prefix(Int(extent) - 1))
    var test = call.underTest
    test.operands[operand] = GuardedMemory(bytes: bytes)
    #expect(test.check() == nil)
    call.operands[operand] = .absent
    #expect((call.underTest.check() != nil) == (operand == 3 || operand == 4))
  }

  @Test func `refuses tiles that it does not know, bounds that are no bytes, and a table for floats`() {
    for tile: Int32 in [-2, 0, 1, 3, 5, 6] {
      var call = example().call
      call.parameters.tile = tile
      #expect(call.underTest.check() == nil)
    }
    for (low, high) in [(-1, 255), (0, 256), (9, 8), (.nan, 255), (0, .nan)] as [(Float, Float)] {
      var call = example().call
      (call.parameters.low, call.parameters.high) = (low, high)
      #expect(call.underTest.check() == nil)
    }
    var call = example().call
    call.parameters.output_is_float = 1
    #expect(call.underTest.check() == nil)
  }

  /// 2²⁵ / 255 is 131586.0: the sum of weights 131586 leaves the bits, 131585 does not.
  @Test(arguments: [(4, 25), (2, 29)], [1, -1])
  func `accepts sums exactly up to the bits that are left`(tile: (edge: Int, bits: Int), sign: Int) throws {
    var generator = SeededGenerator(state: 62)
    let limit = 1 << tile.bits
    // The greatest sum of weights whose product with 255 is less than 2^bits, or at least minus that.
    let largest = sign > 0 ? (limit - 1) / 255 : limit / 255
    let size = sign > 0 ? 127 : 128
    let shape = ConvolutionCase(
      height: 1, width: 1, inputs: (largest / size + 10) / 9, outputs: 1, kernel: 3, padding: 1)
    for (sum, fits) in [(largest, true), (largest + 1, false)] {
      var weights = [Int8](repeating: 0, count: shape.inputs * 9)
      for i in 0...sum / size { weights[i] = Int8(sign * min(size, sum - i * size)) }
      let bounds = ByteConvWinograd.SumBounds(of: weights, outputChannels: 1)
      #expect(bounds.fit(tile: tile.edge) == fits)
      let call = ByteConvWinogradExample(shape, tile: tile.edge, weights: weights, using: &generator).call
      #expect((call.underTest.check() != nil) == fits)
    }
    var hidden = example().call.underTest
    hidden.constants = [2]  // weights that the checker cannot see
    #expect(hidden.check() == nil)
  }

  @Test func `accepts nothing that leaves its operands`() {
    var generator = SeededGenerator(state: 63)
    let outcome = example().call.underTest.surviveMutations(count: 4000, using: &generator)
    #expect(outcome.refused > 1000 && outcome.ran > 200, "\(outcome)")
  }
}

@Suite("Choosing how to convolve bytes") struct ByteConvolutionChoiceTests {
  /// Winograd's tiles as `tools/benchmarks` measured them, GEMM as nil.
  @Test(
    arguments: [
      (56, 64, 64, 4), (56, 128, 128, 4), (28, 128, 128, 4), (28, 67, 67, 4), (20, 64, 64, 4),
      (14, 256, 256, nil), (7, 512, 512, nil), (80, 32, 32, 4), (80, 16, 16, nil), (1, 64, 64, nil),
    ] as [(Int, Int, Int, Int?)])
  func `takes the family that was measured fastest`(size: Int, inputs: Int, outputs: Int, tile: Int?) {
    let best = ByteConvolutionChoice.best(
      batch: 1, outputHeight: size, outputWidth: size, inputChannels: inputs, outputChannels: outputs)
    switch best {
    case .gemm: #expect(tile == nil)
    case .winograd(let found, _): #expect(tile == found)
    }
  }

  @Test(arguments: [1, 4, 9, 16, 25, 49, 100, 196, 400])
  func `cuts the work so that two threads have equal shares`(tiles: Int) {
    for panels in 2...32 {
      let cut = ByteConvWinograd.blocking(tiles: tiles, outputChannels: panels * 16)
      let blocks = (tiles + cut.tilesPerItem - 1) / cut.tilesPerItem
      let items = blocks * ((panels + cut.panelsPerItem - 1) / cut.panelsPerItem)
      #expect(items >= 2)
      #expect(items % 2 == 0 || panels * tiles / items * 3 <= panels * tiles, "\(panels) panels")
    }
  }
}
