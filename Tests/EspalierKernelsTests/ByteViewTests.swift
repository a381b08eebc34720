import CEspalierKernels
import EspalierKernels
import Testing

/// Lengths around the blocks of 16, 32, 64 and 256 bytes, and one of several items.
private let lengths =
  Array(1...9) + [15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 40_003]

/// A view of one row.
private func row(_ count: Int) -> SixAxes { sixAxes([count], fill: 1) }
private let step = sixAxes([1], fill: 0)

@Suite("Moving bytes") struct ByteMovementTests {
  @Test(arguments: espalier_isa.available(for: ByteFillParameters.family))
  func `fill sets a view and nothing else`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 1)
    for extent in testExtents {
      let view = TestView(random: extent, broadcast: false, using: &generator)
      let before = generator.bytes(view.elementCount)
      var expected = before
      forEachIndex(extent) { expected[view.offset($0)] = 201 }
      let p = ByteFillParameters(
        extent: sixAxes(extent, fill: 1), stride: view.axes, base: Int32(view.base), value: 201)
      #expect(try GuardedCall(p, [.bytes(before)]).runInExtents(isa)[0] == expected, "\(extent) \(view)")
    }
  }

  @Test(arguments: espalier_isa.available(for: ByteCopyParameters.family), 1...3 as ClosedRange<UInt64>)
  func `copy moves any view into any other`(isa: espalier_isa, seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    for extent in testExtents {
      let from = TestView(random: extent, broadcast: true, using: &generator)
      let to = TestView(random: extent, broadcast: false, using: &generator)
      let source = generator.bytes(from.elementCount), before = generator.bytes(to.elementCount)
      var expected = before
      forEachIndex(extent) { expected[to.offset($0)] = source[from.offset($0)] }
      let p = ByteCopyParameters(
        extent: sixAxes(extent, fill: 1), input_stride: from.axes, output_stride: to.axes,
        input_base: Int32(from.base), output_base: Int32(to.base))
      let results = try GuardedCall(p, [.bytes(source), .bytes(before)]).runInExtents(isa)
      #expect(results == [source, expected], "\(extent) \(from) \(to)")
    }
  }

  @Test func `survive hostile parameters`() {
    var generator = SeededGenerator(state: 3)
    let (view, extent) = (TestView(contiguous: [3, 5, 40]), sixAxes([3, 5, 40], fill: 1))
    let bytes = GuardedCall<ByteFillParameters>.Operand.bytes(generator.bytes(600))
    let fill = GuardedCall(ByteFillParameters(extent: extent, stride: view.axes, base: 0, value: 3), [bytes])
    var outcome = fill.underTest.surviveMutations(count: 2000, using: &generator) { indexCount($0.extent) }
    #expect(outcome.refused > 300 && outcome.ran > 100, "\(outcome)")
    let p = ByteCopyParameters(
      extent: extent, input_stride: view.axes, output_stride: view.axes, input_base: 0, output_base: 0)
    let copy = GuardedCall(p, [.bytes(generator.bytes(600)), .bytes(generator.bytes(600))])
    outcome = copy.underTest.surviveMutations(count: 2000, using: &generator) { indexCount($0.extent) }
    #expect(outcome.refused > 300 && outcome.ran > 100, "\(outcome)")
  }
}

@Suite("Looking up bytes") struct ByteTableTests {
  @Test(arguments: espalier_isa.available(for: ByteTableParameters.family))
  func `gives the table's byte for every byte and length`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 4)
    for count in lengths {
      let x = count >= 256 ? (0..<count).map { UInt8(truncatingIfNeeded: $0) } : generator.bytes(count)
      let table = generator.bytes(256)
      let p = ByteTableParameters(
        extent: row(count), input_stride: step, output_stride: step, input_base: 0, output_base: 0)
      let y = try GuardedCall(p, [.bytes(x), .bytes(table), .bytes(x)]).runInExtents(isa)[2]
      #expect(y == x.map { table[Int($0)] }, "\(count)")
    }
  }

  @Test(arguments: espalier_isa.available(for: ByteTableParameters.family))
  func `reads and writes any views`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 5)
    for extent in testExtents {
      let from = TestView(random: extent, broadcast: true, using: &generator)
      let to = TestView(random: extent, broadcast: false, using: &generator)
      let x = generator.bytes(from.elementCount), before = generator.bytes(to.elementCount)
      let table = generator.bytes(256)
      var expected = before
      forEachIndex(extent) { expected[to.offset($0)] = table[Int(x[from.offset($0)])] }
      let p = ByteTableParameters(
        extent: sixAxes(extent, fill: 1), input_stride: from.axes, output_stride: to.axes,
        input_base: Int32(from.base), output_base: Int32(to.base))
      let call = GuardedCall(p, [.bytes(x), .bytes(table), .bytes(before)])
      #expect(try call.runInExtents(isa)[2] == expected, "\(extent) \(from) \(to)")
    }
  }

  @Test(arguments: espalier_isa.available(for: DequantizeParameters.family))
  func `gives the table's float for every byte and length, in any views`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 6)
    for extent in lengths.map({ [$0] }) + testExtents {
      let isRow = extent.count == 1
      let from =
        isRow ? TestView(contiguous: extent) : TestView(random: extent, broadcast: true, using: &generator)
      let to =
        isRow ? TestView(contiguous: extent) : TestView(random: extent, broadcast: false, using: &generator)
      let x = generator.bytes(from.elementCount), before = generator.floats(to.elementCount)
      var table = generator.floats(256)
      (table[0], table[255]) = (.nan, -.infinity)
      var expected = before
      forEachIndex(extent) { expected[to.offset($0)] = table[Int(x[from.offset($0)])] }
      let p = DequantizeParameters(
        extent: sixAxes(extent, fill: 1), input_stride: from.axes, output_stride: to.axes,
        input_base: Int32(from.base), output_base: Int32(to.base))
      let call = GuardedCall(p, [.bytes(x), .floats(table), .floats(before)])
      #expect(
        try call.runInExtents(isa)[2] == expected.withUnsafeBytes { Array($0) }, "\(extent) \(from) \(to)")
    }
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 7)
    let (view, extent) = (TestView(contiguous: [3, 5, 40]), sixAxes([3, 5, 40], fill: 1))
    let p = ByteTableParameters(
      extent: extent, input_stride: view.axes, output_stride: view.axes, input_base: 0, output_base: 0)
    let bytes = GuardedCall(
      p, [.bytes(generator.bytes(600)), .bytes(generator.bytes(256)), .bytes(generator.bytes(600))])
    var outcome = bytes.underTest.surviveMutations(count: 2000, using: &generator) { indexCount($0.extent) }
    #expect(outcome.refused > 300 && outcome.ran > 100, "\(outcome)")
    let q = DequantizeParameters(
      extent: extent, input_stride: view.axes, output_stride: view.axes, input_base: 0, output_base: 0)
    let floats = GuardedCall(
      q, [.bytes(generator.bytes(600)), .floats(generator.floats(256)), .floats(generator.floats(600))])
    outcome = floats.underTest.surviveMutations(count: 2000, using: &generator) { indexCount($0.extent) }
    #expect(outcome.refused > 300 && outcome.ran > 100, "\(outcome)")
  }
}

@Suite("Quantizing") struct QuantizeTests {
  private func bytes(
    _ x: [Float], scale: Float, zero: Float, low: Float = 0, high: Float = 255, _ isa: espalier_isa
  ) throws -> [UInt8] {
    let p = QuantizeParameters(
      extent: row(x.count), input_stride: step, output_stride: step, input_base: 0, output_base: 0,
      scale: scale, zero: zero, low: low, high: high)
    return try GuardedCall(p, [.floats(x), .bytes([UInt8](repeating: 0, count: x.count))]).runInExtents(isa)[
      1]
  }

  /// How many steps of the scale a number is, halves to even.
  private func place(_ x: Float, _ scale: Float) -> Float { (x / scale).rounded(.toNearestOrEven) }

  @Test(arguments: espalier_isa.available(for: QuantizeParameters.family))
  func `divides, rounds and adds one after the other`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 8)
    for count in lengths {
      let scale = Float.random(in: 0.001...0.1, using: &generator)
      let zero = Float(Int.random(in: 0...255, using: &generator))
      let x = generator.floats(count, in: -300 * scale...300 * scale)
      let y = try bytes(x, scale: scale, zero: zero, isa)
      #expect(y == x.map { quantized(place($0, scale) + zero, 0, 255) }, "\(count)")
    }
  }

  @Test(arguments: espalier_isa.available(for: QuantizeParameters.family))
  func `takes halves to the even byte, NaN to the lower bound, infinities to the bounds`(isa: espalier_isa)
    throws
  {
    let x: [Float] = [0.5, 1.5, 2.5, -0.5, 254.5, 255.5, 3e38, -3e38, .infinity, -.infinity, .nan, -0.0, 2.5]
    #expect(try bytes(x, scale: 1, zero: 0, isa) == [0, 2, 2, 0, 254, 255, 255, 0, 255, 0, 0, 0, 2])
    #expect(
      try bytes([0.5, 1.5, 2.5, -0.5, 3.49], scale: 1, zero: 3, isa) == [3, 5, 5, 3, 6], "an odd zero point")
    #expect(
      try bytes(x, scale: 1, zero: 0, low: 2, high: 250, isa) == [
        2, 2, 2, 2, 250, 250, 250, 2, 250, 2, 2, 2, 2,
      ])
    #expect(try bytes(x, scale: .nan, zero: 0, low: 7, isa) == [UInt8](repeating: 7, count: x.count))
  }

  @Test(arguments: espalier_isa.available(for: QuantizeParameters.family))
  func `reads and writes any views`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 9)
    for extent in testExtents {
      let from = TestView(random: extent, broadcast: true, using: &generator)
      let to = TestView(random: extent, broadcast: false, using: &generator)
      let x = generator.floats(from.elementCount), before = generator.bytes(to.elementCount)
      var expected = before
      forEachIndex(extent) {
        expected[to.offset($0)] = quantized(place(x[from.offset($0)], 0.007) + 130, 2, 240)
      }
      let p = QuantizeParameters(
        extent: sixAxes(extent, fill: 1), input_stride: from.axes, output_stride: to.axes,
        input_base: Int32(from.base), output_base: Int32(to.base), scale: 0.007, zero: 130, low: 2, high: 240)
      let call = GuardedCall(p, [.floats(x), .bytes(before)])
      #expect(try call.runInExtents(isa)[1] == expected, "\(extent) \(from) \(to)")
    }
  }

  /// Planar pictures to pixels, as a network's input is quantized.
  @Test(
    arguments: espalier_isa.available(for: QuantizeParameters.family),
    [(1, 2), (1, 4), (3, 4), (4, 4), (4, 5), (13, 14)])
  func `changes from NCHW to NHWC`(isa: espalier_isa, size: (channels: Int, stride: Int)) throws {
    let (channels, stride) = size
    var generator = SeededGenerator(state: 10)
    for (height, width) in [(1, 1), (3, 5), (8, 16), (13, 33), (30, 71)] {
      let extent = [2, channels, height, width]
      let planar = TestView(contiguous: extent)
      let row = stride * (width + 2)
      var to = planar
      to.stride = [row * height, 1, row, stride]
      to.base = stride
      to.elementCount = 2 * row * height
      let x = generator.floats(planar.elementCount), before = generator.bytes(to.elementCount)
      var expected = before
      forEachIndex(extent) {
        expected[to.offset($0)] = quantized(place(x[planar.offset($0)], 0.01) + 128, 0, 255)
      }
      let p = QuantizeParameters(
        extent: sixAxes(extent, fill: 1), input_stride: planar.axes, output_stride: to.axes, input_base: 0,
        output_base: Int32(to.base), scale: 0.01, zero: 128, low: 0, high: 255)
      let call = GuardedCall(p, [.floats(x), .bytes(before)])
      #expect(try call.runInExtents(isa)[1] == expected, "\(extent)")
    }
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 11)
    let view = TestView(contiguous: [3, 5, 40])
    let p = QuantizeParameters(
      extent: sixAxes([3, 5, 40], fill: 1), input_stride: view.axes, output_stride: view.axes, input_base: 0,
      output_base: 0, scale: 0.01, zero: 3, low: 0, high: 255)
    let call = GuardedCall(p, [.floats(generator.floats(600)), .bytes(generator.bytes(600))])
    let outcome = call.underTest.surviveMutations(count: 2000, using: &generator) { indexCount($0.extent) }
    #expect(outcome.refused > 300 && outcome.ran > 100, "\(outcome)")
  }
}

@Suite("Functions of two bytes") struct ByteBinaryTests {
  private func definition(_ p: ByteBinaryParameters, _ a: UInt8, _ b: UInt8, _ table: [UInt8]?) -> UInt8 {
    let t =
      if p.operation == Int32(espalier_binary_u8_add.rawValue) {
        p.offset.addingProduct(Float(a), p.a_scale).addingProduct(Float(b), p.b_scale)
      } else {
        p.offset.addingProduct(Float((Int32(a) - p.a_zero) * (Int32(b) - p.b_zero)), p.a_scale)
      }
    let y = quantized(t, p.low, p.high)
    return table?[Int(y)] ?? y
  }

  private func parameters(
    _ operation: espalier_binary_u8, extent: SixAxes, using generator: inout SeededGenerator
  ) -> ByteBinaryParameters {
    var p = ByteBinaryParameters()
    p.operation = Int32(operation.rawValue)
    p.extent = extent
    (p.a_zero, p.b_zero) = (
      Int32.random(in: 0...255, using: &generator), Int32.random(in: 0...255, using: &generator)
    )
    p.a_scale = generator.pick([0.5, Float.random(in: 0.001...1, using: &generator)])
    if operation == espalier_binary_u8_multiply { p.a_scale /= 128 }
    p.b_scale = generator.pick([0.5, Float.random(in: -0.5...1, using: &generator)])
    p.offset = generator.pick([0, 20, Float.random(in: -60...99, using: &generator)])
    (p.low, p.high) = generator.pick([(0, 255), (0, 255), (3, 197)])
    return p
  }

  @Test(
    arguments: espalier_isa.available(for: ByteBinaryParameters.family),
    [espalier_binary_u8_add, espalier_binary_u8_multiply])
  func `give the definition's bits for every pair of bytes and every length`(
    isa: espalier_isa, operation: espalier_binary_u8
  ) throws {
    var generator = SeededGenerator(state: 12)
    for count in lengths + [65_536] {
      var p = parameters(operation, extent: row(count), using: &generator)
      (p.a_stride, p.b_stride, p.output_stride) = (step, step, step)
      let a = count == 65_536 ? (0..<count).map { UInt8($0 >> 8) } : generator.bytes(count)
      let b = count == 65_536 ? (0..<count).map { UInt8($0 & 255) } : generator.bytes(count)
      let table = generator.pick([nil, generator.bytes(256)])
      let call = GuardedCall(
        p,
        [
          .bytes(a), .bytes(b), table.map { .bytes($0) } ?? .absent,
          .bytes([UInt8](repeating: 7, count: count)),
        ])
      let y = try call.runInExtents(isa)[3]
      #expect(y == zip(a, b).map { definition(p, $0, $1, table) }, "\(p) of \(count)")
    }
  }

  @Test(arguments: espalier_isa.available(for: ByteBinaryParameters.family), 1...4 as ClosedRange<UInt64>)
  func `broadcast and look up on any views`(isa: espalier_isa, seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    for extent in testExtents {
      let operation = generator.pick([espalier_binary_u8_add, espalier_binary_u8_multiply])
      let views = [true, true, false].map { TestView(random: extent, broadcast: $0, using: &generator) }
      let data = views.map { generator.bytes($0.elementCount) }
      let table = generator.pick([nil, generator.bytes(256)])
      var p = parameters(operation, extent: sixAxes(extent, fill: 1), using: &generator)
      (p.a_stride, p.b_stride, p.output_stride) = (views[0].axes, views[1].axes, views[2].axes)
      (p.a_base, p.b_base, p.output_base) = (Int32(views[0].base), Int32(views[1].base), Int32(views[2].base))
      var expected = data[2]
      forEachIndex(extent) {
        expected[views[2].offset($0)] = definition(
          p, data[0][views[0].offset($0)], data[1][views[1].offset($0)], table)
      }
      let call = GuardedCall(
        p, [.bytes(data[0]), .bytes(data[1]), table.map { .bytes($0) } ?? .absent, .bytes(data[2])])
      #expect(try call.runInExtents(isa)[3] == expected, "\(extent) \(views) \(p)")
    }
  }

  /// A gate of squeeze and excitation: one byte per channel for all pixels.
  @Test(arguments: espalier_isa.available(for: ByteBinaryParameters.family), [1, 16, 37, 64, 96, 130])
  func `scale channels by one byte each`(isa: espalier_isa, channels: Int) throws {
    var generator = SeededGenerator(state: 13)
    var p = parameters(
      espalier_binary_u8_multiply, extent: sixAxes([5, 7, channels], fill: 1), using: &generator)
    let image = sixAxes([7 * channels, channels, 1], fill: 0)
    (p.a_stride, p.b_stride, p.output_stride) = (image, sixAxes([0, 0, 1], fill: 0), image)
    let x = generator.bytes(35 * channels), gates = generator.bytes(channels)
    let call = GuardedCall(p, [.bytes(x), .bytes(gates), .absent, .bytes(x)])
    let expected = x.indices.map { definition(p, x[$0], gates[$0 % channels], nil) }
    #expect(try call.runInExtents(isa)[3] == expected)
  }

  @Test func `take scales that are not numbers for the lower bound`() throws {
    var p = ByteBinaryParameters()
    (p.extent, p.a_stride, p.b_stride, p.output_stride) = (row(70), step, step, step)
    (p.a_scale, p.b_scale, p.low, p.high) = (.nan, 1, 9, 255)
    let x = [UInt8](repeating: 40, count: 70)
    for isa in espalier_isa.available(for: ByteBinaryParameters.family) {
      let y = try GuardedCall(p, [.bytes(x), .bytes(x), .absent, .bytes(x)]).runInExtents(isa)[3]
      #expect(y == [UInt8](repeating: 9, count: 70))
    }
  }

  @Test func `survive hostile parameters`() {
    var generator = SeededGenerator(state: 14)
    let view = TestView(contiguous: [3, 5, 40])
    var p = parameters(espalier_binary_u8_add, extent: sixAxes([3, 5, 40], fill: 1), using: &generator)
    (p.a_stride, p.b_stride, p.output_stride) = (view.axes, view.axes, view.axes)
    let call = GuardedCall(p, [600, 600, 256, 600].map { .bytes(generator.bytes($0)) })
    let outcome = call.underTest.surviveMutations(count: 3000, using: &generator) { indexCount($0.extent) }
    #expect(outcome.refused > 500 && outcome.ran > 100, "\(outcome)")
  }
}
