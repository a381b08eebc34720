import CEspalierKernels
import EspalierKernels
import Foundation
import Testing

/// Pooling of images with a gap behind every pixel.
struct PoolCase: CustomStringConvertible {
  var mode = espalier_pool_max
  var height: Int, width: Int, channels: Int
  var kernel: (Int, Int)
  var stride = 1
  var dilation = 1
  var pad = 0
  var batch = 1
  var p: Float = 2

  var description: String {
    "mode \(mode.rawValue) \(batch)x\(height)x\(width)x\(channels) k\(kernel) s\(stride) d\(dilation) p\(pad)"
  }

  var pixel: Int { channels + 3 }
  var outputHeight: Int { (height + 2 * pad - (kernel.0 - 1) * dilation - 1) / stride + 1 }
  var outputWidth: Int { (width + 2 * pad - (kernel.1 - 1) * dilation - 1) / stride + 1 }
  var inputCount: Int { batch * height * width * pixel - 3 }
  var outputCount: Int { batch * outputHeight * outputWidth * pixel - 3 }

  var parameters: PoolParameters {
    let (row, outputRow) = (width * pixel, outputWidth * pixel)
    return PoolParameters(
      mode: Int32(mode.rawValue), batch: Int32(batch), input_height: Int32(height),
      input_width: Int32(width), channels: Int32(channels), output_height: Int32(outputHeight),
      output_width: Int32(outputWidth), kernel_h: Int32(kernel.0), kernel_w: Int32(kernel.1),
      stride_h: Int32(stride), stride_w: Int32(stride), dilation_h: Int32(dilation),
      dilation_w: Int32(dilation), pad_top: Int32(pad), pad_left: Int32(pad), pad_bottom: Int32(pad),
      pad_right: Int32(pad), input_stride_n: Int32(height * row), input_stride_h: Int32(row),
      input_stride_w: Int32(pixel), output_stride_n: Int32(outputHeight * outputRow),
      output_stride_h: Int32(outputRow), output_stride_w: Int32(pixel), p: p)
  }

  /// The window's elements inside the image, and how many taps lie inside image and padding.
  func window(_ x: [Float], _ n: Int, _ oy: Int, _ ox: Int, _ c: Int) -> (inside: [Double], padded: Int) {
    var result: (inside: [Double], padded: Int) = ([], 0)
    forEachIndex([kernel.0, kernel.1]) { tap in
      let (y, x0) = (oy * stride - pad + tap[0] * dilation, ox * stride - pad + tap[1] * dilation)
      if y < height + pad && x0 < width + pad { result.padded += 1 }
      guard (0..<height).contains(y), (0..<width).contains(x0) else { return }
      result.inside.append(Double(x[((n * height + y) * width + x0) * pixel + c]))
    }
    return result
  }

  func definition(_ window: (inside: [Double], padded: Int)) -> Double {
    let sum = window.inside.reduce(0, +)
    switch mode {
    case espalier_pool_max:
      if window.inside.contains(where: \.isNaN) { return .nan }
      return window.inside.max() ?? -.infinity
    case espalier_pool_average: return window.inside.isEmpty ? 0 : sum / Double(window.inside.count)
    case espalier_pool_average_padded: return window.padded == 0 ? 0 : sum / Double(window.padded)
    default: return pow(window.inside.reduce(0) { $0 + pow(abs($1), Double(p)) }, 1 / Double(p))
    }
  }

  func expected(_ x: [Float], _ before: [Float]) -> [Double] {
    var expected = before.map(Double.init)
    forEachIndex([batch, outputHeight, outputWidth, channels]) { i in
      let at = ((i[0] * outputHeight + i[1]) * outputWidth + i[2]) * pixel + i[3]
      expected[at] = definition(window(x, i[0], i[1], i[2], i[3]))
    }
    return expected
  }
}

@Suite("Pooling") struct PoolTests {
  static let modes = [
    espalier_pool_max, espalier_pool_average, espalier_pool_average_padded, espalier_pool_lp,
  ]

  /// Channels around the vector widths and the blocks of four vectors, all windows that are unrolled, windows
  /// that the image clips.
  static let cases: [PoolCase] =
    [1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 65, 99].flatMap { channels in
      modes.flatMap { mode in
        [
          PoolCase(mode: mode, height: 7, width: 9, channels: channels, kernel: (2, 2), stride: 2),
          PoolCase(mode: mode, height: 6, width: 5, channels: channels, kernel: (3, 3), pad: 1),
          PoolCase(mode: mode, height: 7, width: 7, channels: channels, kernel: (3, 3), stride: 2, pad: 1),
          PoolCase(mode: mode, height: 7, width: 7, channels: channels, kernel: (7, 7), batch: 2),
        ]
      }
    }
    + modes.flatMap { mode in
      [
        PoolCase(mode: mode, height: 11, width: 12, channels: 20, kernel: (5, 5), pad: 2),
        PoolCase(mode: mode, height: 8, width: 9, channels: 10, kernel: (1, 4), stride: 3),
        PoolCase(mode: mode, height: 9, width: 9, channels: 18, kernel: (3, 2), dilation: 3, pad: 2),
        PoolCase(mode: mode, height: 2, width: 2, channels: 5, kernel: (1, 1), stride: 4, pad: 3),
        PoolCase(mode: mode, height: 40, width: 41, channels: 40, kernel: (3, 3), stride: 1),
        PoolCase(mode: mode, height: 30, width: 30, channels: 205, kernel: (30, 30)),
      ]
    }
    + [1, 3].map {
      PoolCase(mode: espalier_pool_lp, height: 5, width: 6, channels: 19, kernel: (2, 3), p: $0)
    }

  @Test(arguments: espalier_isa.available(for: PoolParameters.family), cases)
  func `agrees with the definition`(isa: espalier_isa, shape: PoolCase) throws {
    var generator = SeededGenerator(state: 21)
    let x = generator.floats(shape.inputCount)
    let before = generator.floats(shape.outputCount)
    let y = try GuardedCall(shape.parameters, [.floats(x), .floats(before)]).run(isa)[1]
    // sums of n terms below 1 in float: n · 2⁻²⁴ · their sum, of at most 900 terms
    expectClose(y, shape.expected(x, before), tolerance: 1e-4 * Double(shape.kernel.0) / 30 + 1e-6)
  }

  @Test(arguments: espalier_isa.available(for: PoolParameters.family), [(2, 2), (3, 3), (4, 3)])
  func `a maximum keeps NaN and infinities`(isa: espalier_isa, kernel: (Int, Int)) throws {
    var generator = SeededGenerator(state: 22)
    let shape = PoolCase(height: 12, width: 13, channels: 83, kernel: kernel, pad: 1)
    var x = generator.floats(shape.inputCount)
    for _ in 0..<150 {
      x[Int.random(in: 0..<x.count, using: &generator)] = generator.pick([.nan, .infinity, -.infinity])
    }
    let before = generator.floats(shape.outputCount)
    let y = try GuardedCall(shape.parameters, [.floats(x), .floats(before)]).run(isa)[1]
    expectClose(y, shape.expected(x, before), tolerance: 0)
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 23)
    let shape = PoolCase(height: 9, width: 8, channels: 20, kernel: (3, 3), stride: 2, pad: 1)
    let call = GuardedCall(
      shape.parameters,
      [.floats(generator.floats(shape.inputCount)), .floats(generator.floats(shape.outputCount))])
    let outcome = call.underTest.surviveMutations(count: 3000, using: &generator)
    #expect(outcome.refused > 500 && outcome.ran > 100, "\(outcome)")
  }
}
