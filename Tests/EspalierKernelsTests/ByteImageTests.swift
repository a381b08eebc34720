import CEspalierKernels
import EspalierKernels
import Testing

/// Pooling of images of bytes with a gap behind every pixel.
private struct BytePoolCase: CustomStringConvertible, Sendable {
  /// The window, as pooling of floats has it.
  var window: PoolCase
  var zero = 0
  var scale: Float = 1
  var offset: Float = 0
  var low: Float = 0
  var high: Float = 255

  var description: String { "\(window) zero \(zero) scale \(scale) offset \(offset) \(low)…\(high)" }

  var parameters: BytePoolParameters {
    let w = window.parameters
    return BytePoolParameters(
      mode: w.mode, batch: w.batch, input_height: w.input_height, input_width: w.input_width,
      channels: w.channels, output_height: w.output_height, output_width: w.output_width,
      kernel_h: w.kernel_h, kernel_w: w.kernel_w, stride_h: w.stride_h, stride_w: w.stride_w,
      dilation_h: w.dilation_h, dilation_w: w.dilation_w, pad_top: w.pad_top, pad_left: w.pad_left,
      pad_bottom: w.pad_bottom, pad_right: w.pad_right, input_stride_n: w.input_stride_n,
      input_stride_h: w.input_stride_h, input_stride_w: w.input_stride_w, output_stride_n: w.output_stride_n,
      output_stride_h: w.output_stride_h, output_stride_w: w.output_stride_w, zero: Int32(zero), scale: scale,
      offset: offset, low: low, high: high)
  }

  /// The largest byte, or the quantized average over the taps in the image (or in image and padding).
  func definition(_ taps: (inside: [Double], padded: Int)) -> UInt8 {
    let sum = Int(taps.inside.reduce(0, +)), count = taps.inside.count
    if window.mode == espalier_pool_max { return UInt8(taps.inside.max() ?? 0) }
    let isPadded = window.mode == espalier_pool_average_padded
    let divisor = isPadded ? taps.padded : count
    let total = isPadded ? sum + (taps.padded - count) * zero : sum
    let scale = divisor == 0 ? 0 : self.scale / Float(divisor)
    return quantized(offset.addingProduct(Float(total), scale), low, high)
  }

  func expected(_ x: [UInt8], _ before: [UInt8]) -> [UInt8] {
    let floats = x.map(Float.init)
    var expected = before
    forEachIndex([window.batch, window.outputHeight, window.outputWidth, window.channels]) { i in
      let at = ((i[0] * window.outputHeight + i[1]) * window.outputWidth + i[2]) * window.pixel + i[3]
      expected[at] = definition(window.window(floats, i[0], i[1], i[2], i[3]))
    }
    return expected
  }
}

@Suite("Pooling bytes") struct BytePoolTests {
  private static let modes = [espalier_pool_max, espalier_pool_average, espalier_pool_average_padded]

  /// Runs every case on every instruction set of this processor, bit by bit.
  private func expectDefinition(_ cases: [BytePoolCase]) throws {
    var generator = SeededGenerator(state: 21)
    for shape in cases {
      let x = generator.bytes(shape.window.inputCount), before = generator.bytes(shape.window.outputCount)
      let expected = shape.expected(x, before)
      for isa in espalier_isa.available(for: BytePoolParameters.family) {
        let y = try GuardedCall(shape.parameters, [.bytes(x), .bytes(before)]).runInExtents(isa)[1]
        #expect(y == expected, "\(shape) on \(isa)")
      }
    }
  }

  /// Channels around 16, 32, 64 and the 256 of the definition.
  @Test(arguments: modes)
  func `gives the definition's bits for every number of channels`(mode: espalier_pool_mode) throws {
    let channels = [1, 3, 8, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 99, 127, 128, 129, 255, 256, 257, 300]
    try expectDefinition(
      channels.flatMap { channels in
        [
          PoolCase(mode: mode, height: 5, width: 7, channels: channels, kernel: (2, 2), stride: 2),
          PoolCase(mode: mode, height: 5, width: 5, channels: channels, kernel: (3, 3), stride: 2, pad: 1),
          PoolCase(mode: mode, height: 4, width: 3, channels: channels, kernel: (4, 3), batch: 2),
        ].map { BytePoolCase(window: $0, zero: 13, scale: 0.75, offset: 20) }
      })
  }

  @Test(arguments: modes)
  func `gives the definition's bits for windows, strides and dilations`(mode: espalier_pool_mode) throws {
    let windows = [
      PoolCase(mode: mode, height: 11, width: 12, channels: 20, kernel: (5, 5), pad: 2),
      PoolCase(mode: mode, height: 8, width: 9, channels: 10, kernel: (1, 4), stride: 3),
      PoolCase(mode: mode, height: 9, width: 9, channels: 18, kernel: (3, 2), dilation: 3, pad: 2),
      PoolCase(mode: mode, height: 2, width: 2, channels: 5, kernel: (1, 1), stride: 4, pad: 3),
      PoolCase(mode: mode, height: 6, width: 7, channels: 40, kernel: (3, 3), pad: 1, batch: 2),
      PoolCase(mode: mode, height: 14, width: 13, channels: 205, kernel: (14, 13)),
      PoolCase(mode: mode, height: 40, width: 41, channels: 24, kernel: (3, 3), stride: 1),
    ]
    try expectDefinition(
      windows.flatMap { window in
        [
          BytePoolCase(window: window, zero: 255, scale: 1, offset: 0),
          BytePoolCase(window: window, zero: 0, scale: 0.5, offset: 0, low: 5, high: 90),
          BytePoolCase(window: window, zero: 128, scale: 1.25, offset: -31.5),
        ]
      })
  }

  /// 300 x 300 taps of 255: more than 16 bits hold, and more than float32 holds exactly.
  @Test func `averages large images exactly`() throws {
    let window = PoolCase(
      mode: espalier_pool_average, height: 300, width: 300, channels: 1, kernel: (300, 300))
    let shape = BytePoolCase(window: window)
    var x = [UInt8](repeating: 255, count: window.inputCount)
    x[0] = 0
    for isa in espalier_isa.available(for: BytePoolParameters.family) {
      let y = try GuardedCall(shape.parameters, [.bytes(x), .bytes([0])]).runInExtents(isa)[1]
      #expect(y == [255])
    }
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 23)
    for mode in [espalier_pool_max, espalier_pool_average_padded] {
      let shape = BytePoolCase(
        window: PoolCase(mode: mode, height: 9, width: 8, channels: 20, kernel: (3, 3), stride: 2, pad: 1))
      let call = GuardedCall(
        shape.parameters,
        [.bytes(generator.bytes(shape.window.inputCount)), .bytes(generator.bytes(shape.window.outputCount))])
      let outcome = call.underTest.surviveMutations(count: 2000, using: &generator)
      #expect(outcome.refused > 300 && outcome.ran > 60, "\(outcome)")
    }
  }
}

@Suite("Resampling bytes") struct ByteResizeTests {
  /// Random taps whose weights add up to 128.
  private func taps(
    _ outputs: Int, _ count: Int, of size: Int, using generator: inout SeededGenerator
  ) -> (indices: [Int32], weights: [Int32]) {
    var indices: [Int32] = [], weights: [Int32] = []
    for _ in 0..<outputs {
      var left: Int32 = 128
      for tap in 0..<count {
        let weight =
          tap == count - 1 ? left : generator.pick([0, left, Int32.random(in: 0...left, using: &generator)])
        left -= weight
        weights.append(weight)
        indices.append(Int32.random(in: 0..<Int32(size), using: &generator))
      }
    }
    return (indices, weights)
  }

  /// Channels around 16, 32, 64 and the 256 of the definition.
  @Test(arguments: [(1, 1), (2, 2), (4, 4), (1, 3)])
  func `gives the definition's bits`(count: (Int, Int)) throws {
    var generator = SeededGenerator(state: 31)
    for channels in [1, 3, 8, 15, 16, 17, 21, 31, 32, 33, 63, 64, 65, 96, 127, 129, 255, 256, 257] {
      let shape = ResizeCase(input: (4, 5), output: (7, 6), channels: channels, taps: count, batch: 2)
      let f = shape.parameters
      let p = ByteResizeParameters(
        batch: f.batch, input_height: f.input_height, input_width: f.input_width,
        output_height: f.output_height, output_width: f.output_width, channels: f.channels,
        row_taps: f.row_taps, column_taps: f.column_taps, input_stride_n: f.input_stride_n,
        input_stride_h: f.input_stride_h, input_stride_w: f.input_stride_w,
        output_stride_n: f.output_stride_n, output_stride_h: f.output_stride_h,
        output_stride_w: f.output_stride_w)
      let rows = taps(shape.output.height, count.0, of: shape.input.height, using: &generator)
      let columns = taps(shape.output.width, count.1, of: shape.input.width, using: &generator)
      let x = generator.bytes(shape.inputCount), before = generator.bytes(shape.outputCount)
      var expected = before
      forEachIndex([shape.batch, shape.output.height, shape.output.width, channels]) { i in
        var sum = 0
        forEachIndex([count.0, count.1]) { tap in
          let (r, c) = (i[1] * count.0 + tap[0], i[2] * count.1 + tap[1])
          let row = i[0] * shape.input.height + Int(rows.indices[r])
          let at = (row * shape.input.width + Int(columns.indices[c])) * shape.pixel + i[3]
          sum += Int(rows.weights[r]) * Int(columns.weights[c]) * Int(x[at])
        }
        let row = i[0] * shape.output.height + i[1]
        expected[(row * shape.output.width + i[2]) * shape.pixel + i[3]] = UInt8((sum + 8192) >> 14)
      }
      let call = GuardedCall(
        p,
        [
          .bytes(x), .table(rows.indices), .table(rows.weights), .table(columns.indices),
          .table(columns.weights), .bytes(before),
        ])
      for isa in espalier_isa.available(for: ByteResizeParameters.family) {
        #expect(try call.runInExtents(isa)[5] == expected, "\(shape) on \(isa)")
      }
    }
  }

  /// Weights that no compiler writes: sums wrap and are cut to a byte in one way everywhere.
  @Test func `gives the same bits for weights that do not add up`() throws {
    var generator = SeededGenerator(state: 32)
    let (taps, size) = (12, 6)
    let stride = Int32(size * 20)
    let p = ByteResizeParameters(
      batch: 1, input_height: Int32(size), input_width: Int32(size), output_height: 3, output_width: 3,
      channels: 20, row_taps: Int32(taps), column_taps: Int32(taps), input_stride_n: 0,
      input_stride_h: stride,
      input_stride_w: 20, output_stride_n: 0, output_stride_h: 60, output_stride_w: 20)
    let indices = (0..<3 * taps).map { _ in Int32.random(in: 0..<Int32(size), using: &generator) }
    let weights = [Int32](repeating: 128, count: 3 * taps)
    let call = GuardedCall(
      p,
      [
        .bytes(generator.bytes(size * size * 20)), .table(indices), .table(weights), .table(indices),
        .table(weights), .bytes([UInt8](repeating: 1, count: 180)),
      ])
    let expected = try call.runInExtents(espalier_isa_scalar)[5]
    for isa in espalier_isa.available(for: ByteResizeParameters.family) {
      #expect(try call.runInExtents(isa)[5] == expected)
    }
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 33)
    let shape = ResizeCase(input: (5, 6), output: (7, 9), channels: 19, taps: (2, 2))
    let f = shape.parameters
    let p = ByteResizeParameters(
      batch: f.batch, input_height: f.input_height, input_width: f.input_width,
      output_height: f.output_height, output_width: f.output_width, channels: f.channels,
      row_taps: f.row_taps, column_taps: f.column_taps, input_stride_n: f.input_stride_n,
      input_stride_h: f.input_stride_h, input_stride_w: f.input_stride_w, output_stride_n: f.output_stride_n,
      output_stride_h: f.output_stride_h, output_stride_w: f.output_stride_w)
    let call = GuardedCall(
      p,
      [
        .bytes(generator.bytes(shape.inputCount)), .table([Int32](repeating: 4, count: 14)),
        .table([Int32](repeating: 64, count: 14)), .table([Int32](repeating: 5, count: 18)),
        .table([Int32](repeating: 64, count: 18)), .bytes(generator.bytes(shape.outputCount)),
      ])
    let outcome = call.underTest.surviveMutations(count: 3000, using: &generator) {
      Double($0.output_height) * Double($0.output_width) * Double($0.channels) * Double($0.row_taps)
    }
    #expect(outcome.refused > 500 && outcome.ran > 100, "\(outcome)")
  }
}
