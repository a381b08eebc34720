import CEspalierKernels
import EspalierKernels
import Testing

/// A call between images with a gap behind every pixel, coordinates and factors in views of any form.
struct SampleCase: CustomStringConvertible {
  var mode: espalier_sample_mode
  var padding: espalier_sample_padding
  var edge: Float = 0.5
  var channels = 5
  /// Depth, height and width; of an image the depth is 1.
  var input = [1, 4, 6]
  var output = [1, 5, 7]
  var batch = 2
  var isVolume = false
  var hasFactors = false

  var description: String {
    "\(mode.rawValue) \(padding.rawValue) \(edge) \(channels) of \(input) at \(output)"
  }

  var axes: Int { isVolume ? 3 : 2 }
  var pixel: Int { channels + 2 }
  func image(_ extent: [Int]) -> TestView { TestView(contiguous: [batch] + extent + [pixel]) }

  /// - Parameters:
  ///   - grid: `[N, D, H, W, axes]`
  ///   - factors: `[N, D, H, W]`
  func parameters(_ grid: TestView, _ factors: TestView) -> SampleParameters {
    func three(_ view: TestView) -> ThreeAxes { threeAxes(Array(view.stride[1...3]), fill: 0) }
    let (from, to) = (image(input), image(output))
    let bases = (0..<axes).map { grid.base + $0 * grid.stride[4] }
    return SampleParameters(
      batch: Int32(batch), channels: Int32(channels), axes: Int32(axes), input: threeAxes(input, fill: 1),
      output: threeAxes(output, fill: 1), input_stride_n: Int32(from.stride[0]), input_stride: three(from),
      output_stride_n: Int32(to.stride[0]), output_stride: three(to), grid_stride_n: Int32(grid.stride[0]),
      grid_stride: three(grid), grid_base: threeAxes(bases, fill: 0),
      mask_stride_n: Int32(factors.stride[0]), mask_stride: three(factors), mask_base: Int32(factors.base),
      mode: Int32(mode.rawValue), padding: Int32(padding.rawValue), edge: edge, offset: 0.25,
      scale: (0.5, 2, 1.5), shift: (1, -1, 0.5), step: (1, 0, -1))
  }
}

@Suite("Sampling at computed places") struct SampleKernelTests {
  static let cases: [SampleCase] =
    [espalier_sample_zeros, espalier_sample_border, espalier_sample_reflection].flatMap { padding in
      [espalier_sample_nearest, espalier_sample_linear, espalier_sample_cubic].flatMap { mode in
        [
          SampleCase(mode: mode, padding: padding, channels: 1),
          SampleCase(mode: mode, padding: padding, edge: 0, channels: 19, hasFactors: true),
          SampleCase(
            mode: mode, padding: padding, channels: 33, input: [1, 1, 1], output: [1, 3, 2], batch: 1),
          SampleCase(
            mode: mode, padding: padding, channels: 8, input: [3, 2, 4], output: [2, 3, 3], isVolume: true,
            hasFactors: true),
        ]
      }
    }

  /// How much of an element at this distance is taken.
  private func weight(_ mode: espalier_sample_mode, _ distance: Double) -> Double {
    switch mode {
    case espalier_sample_nearest: distance == 0 ? 1 : 0
    case espalier_sample_linear: max(0, 1 - distance)
    default:
      distance <= 1
        ? (1.25 * distance - 2.25) * distance * distance + 1
        : distance < 2 ? -0.75 * (((distance - 5) * distance + 8) * distance - 4) : 0
    }
  }

  /// `x` mirrored once after another until it is inside.
  private func mirrored(_ x: Double, _ low: Double, _ high: Double) -> Double {
    guard high > low else { return low }
    var x = x
    while x < low || x > high { x = x < low ? 2 * low - x : 2 * high - x }
    return x
  }

  /// The elements of an axis that a position reads, by their distance alone.
  private func taps(_ shape: SampleCase, _ position: Float, extent: Int) -> [(index: Int, weight: Double)] {
    var x = Double(shape.mode == espalier_sample_nearest ? position.rounded(.toNearestOrEven) : position)
    let (low, high) = (-Double(shape.edge), Double(extent - 1) + Double(shape.edge))
    if x < low || x > high {
      // Taps of cubic are moved inside one by one.
      if shape.padding == espalier_sample_border, shape.mode != espalier_sample_cubic {
        x = min(max(x, 0), Double(extent - 1))
      }
      if shape.padding == espalier_sample_reflection { x = mirrored(x, low, high) }
    }
    let near = Int(x.rounded(.down)) - 2...Int(x.rounded(.down)) + 3
    return near.compactMap { index in
      // A mirrored position of nearest may lie between two elements; the lower one counts.
      let at = shape.mode == espalier_sample_nearest ? x.rounded(.down) : x
      let weight = weight(shape.mode, abs(at - Double(index)))
      if (0..<extent).contains(index) { return (index, weight) }
      switch shape.padding {
      case espalier_sample_zeros: return nil
      case espalier_sample_border: return (min(max(index, 0), extent - 1), weight)
      default:
        let inside = Int(mirrored(Double(index), low, high))
        return (min(max(inside, 0), extent - 1), weight)
      }
    }
  }

  @Test(arguments: espalier_isa.available(for: SampleParameters.family), cases)
  func `agrees with the definition`(isa: espalier_isa, shape: SampleCase) throws {
    var generator = SeededGenerator(state: 63)
    let grid = TestView(
      random: [shape.batch] + shape.output + [shape.axes], broadcast: false, using: &generator)
    let factors = TestView(random: [shape.batch] + shape.output, broadcast: true, using: &generator)
    let (from, to) = (shape.image(shape.input), shape.image(shape.output))
    let x = generator.floats(from.elementCount)
    let before = generator.floats(to.elementCount)
    let places = generator.floats(grid.elementCount, in: -4...6)
    let m = generator.floats(factors.elementCount)
    let p = shape.parameters(grid, factors)
    let (scale, shift) = ([p.scale.0, p.scale.1, p.scale.2], [p.shift.0, p.shift.1, p.shift.2])
    let step: [Float] = [1, 0, -1]
    var expected = before.map(Double.init)
    forEachIndex([shape.batch] + shape.output) { at in
      let found = (0..<3).map { axis -> [(index: Int, weight: Double)] in
        let coordinate = axis - (3 - shape.axes)
        guard coordinate >= 0 else { return [(0, 1)] }
        let position =
          (places[grid.offset(at + [coordinate])] + 0.25) * scale[axis]
          + (step[axis] * Float(at[axis + 1]) + shift[axis])
        return taps(shape, position, extent: shape.input[axis])
      }
      let factor = shape.hasFactors ? Double(m[factors.offset(at)]) : 1
      for channel in 0..<shape.channels {
        var sum = 0.0
        for d in found[0] {
          for h in found[1] {
            for w in found[2] {
              let element = Double(x[from.offset([at[0], d.index, h.index, w.index, channel])])
              sum += d.weight * h.weight * w.weight * element
            }
          }
        }
        expected[to.offset(at + [channel])] = sum * factor
      }
    }
    let call = GuardedCall(
      p, [.floats(x), .floats(places), shape.hasFactors ? .floats(m) : .absent, .floats(before)])
    // Positions of up to 20 in float32 have errors of 1e-6, which weights and their products magnify.
    expectClose(try call.run(isa)[3], expected, tolerance: 3e-5, "\(shape)")
  }

  @Test(arguments: cases)
  func `survives hostile parameters`(shape: SampleCase) {
    var generator = SeededGenerator(state: 64)
    let grid = TestView(contiguous: [shape.batch] + shape.output + [shape.axes])
    let factors = TestView(contiguous: [shape.batch] + shape.output)
    var places = generator.floats(grid.elementCount, in: -9...9)
    for (index, value) in [Float.nan, .infinity, -.infinity, 3e38, -3e38, 1e10, -1e10].enumerated() {
      places[min(index * 3, places.count - 1)] = value
    }
    let call = GuardedCall(
      shape.parameters(grid, factors),
      [
        .floats(generator.floats(shape.image(shape.input).elementCount)), .floats(places),
        shape.hasFactors ? .floats(generator.floats(factors.elementCount)) : .absent,
        .floats(generator.floats(shape.image(shape.output).elementCount)),
      ])
    let outcome = call.underTest.surviveMutations(count: 400, using: &generator) {
      64 * Double($0.batch) * Double($0.output.0) * Double($0.output.1) * Double($0.output.2)
        * Double($0.channels)
    }
    #expect(outcome.refused > 60 && outcome.ran > 20, "\(outcome)")
  }
}
