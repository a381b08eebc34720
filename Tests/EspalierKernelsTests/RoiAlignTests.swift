import CEspalierKernels
import EspalierKernels
import Testing

/// Regions of images with a gap behind every pixel.
struct RoiAlignCase: CustomStringConvertible {
  var mode = espalier_roi_average
  var samples = 2
  var halfPixel = true
  var channels = 5
  var batch = 2
  var height = 7
  var width = 9
  var regions = 6
  var bins = (rows: 3, columns: 2)

  var description: String {
    "\(mode.rawValue), \(samples) samples, half pixel \(halfPixel), \(channels) channels"
  }

  var input: TestView { TestView(contiguous: [batch, height, width, channels + 3]) }
  var output: TestView { TestView(contiguous: [regions, bins.rows, bins.columns, channels + 1]) }

  /// - Parameters:
  ///   - corners: `[R, 4]`
  ///   - images: `[R]`
  func parameters(_ corners: TestView, _ images: TestView) -> RoiAlignParameters {
    RoiAlignParameters(
      batch: Int32(batch), height: Int32(height), width: Int32(width), channels: Int32(channels),
      regions: Int32(regions), output_height: Int32(bins.rows), output_width: Int32(bins.columns),
      mode: Int32(mode.rawValue), samples: Int32(samples), half_pixel: halfPixel ? 1 : 0, scale: 0.75,
      input_stride_n: Int32(input.stride[0]), input_stride_h: Int32(input.stride[1]),
      input_stride_w: Int32(input.stride[2]), output_stride_n: Int32(output.stride[0]),
      output_stride_h: Int32(output.stride[1]), output_stride_w: Int32(output.stride[2]),
      region_base: Int32(corners.base), region_stride: Int32(corners.stride[0]),
      coordinate_stride: Int32(corners.stride[1]), image_base: Int32(images.base),
      image_stride: Int32(images.stride[0]))
  }
}

@Suite("Regions of images") struct RoiAlignKernelTests {
  static let cases: [RoiAlignCase] = [espalier_roi_average, espalier_roi_max].flatMap { mode in
    [true, false].flatMap { halfPixel in
      [(0, 1), (1, 8), (2, 19), (0, 33)].map { samples, channels in
        RoiAlignCase(mode: mode, samples: samples, halfPixel: halfPixel, channels: channels)
      }
    }
  }

  /// Where the samples of a bin lie, in double precision.
  private func places(
    _ shape: RoiAlignCase, _ from: Float, _ to: Float, bin: Int, of bins: Int, extent: Int
  ) -> [Double] {
    let shift = shape.halfPixel ? 0.5 : 0
    let start = Double(from) * 0.75 - shift
    var size = Double(to) * 0.75 - shift - start
    if !shape.halfPixel { size = max(size, 1) }
    let length = size / Double(bins)
    let count = shape.samples > 0 ? shape.samples : min(max(Int(length.rounded(.up)), 0), extent)
    return (0..<count).map { start + (Double(bin) + (Double($0) + 0.5) / Double(count)) * length }
  }

  /// The pixels at both sides of a place and their weights; none outside.
  private func neighbors(_ place: Double, extent: Int) -> [(index: Int, weight: Double)] {
    guard place >= -1, place <= Double(extent) else { return [] }
    let inside = min(max(place, 0), Double(extent - 1))
    return (0..<extent).compactMap { index in
      let weight = 1 - abs(inside - Double(index))
      return weight >= 0 ? (index, weight) : nil
    }
  }

  @Test(arguments: espalier_isa.available(for: RoiAlignParameters.family), cases)
  func `agree with the definition`(isa: espalier_isa, shape: RoiAlignCase) throws {
    var generator = SeededGenerator(state: 67)
    let corners = TestView(random: [shape.regions, 4], broadcast: false, using: &generator)
    let images = TestView(random: [shape.regions], broadcast: true, using: &generator)
    let x = generator.floats(shape.input.elementCount)
    let before = generator.floats(shape.output.elementCount)
    let regions = generator.floats(corners.elementCount, in: -5...15)
    let numbers = (0..<images.elementCount).map { _ in Float(Int.random(in: 0...2, using: &generator)) }
    var expected = before.map(Double.init)
    forEachIndex([shape.regions, shape.bins.rows, shape.bins.columns, shape.channels]) { index in
      let region = (0..<4).map { regions[corners.offset([index[0], $0])] }
      let image = Int(numbers[images.offset([index[0]])])
      var samples: [[Double]] = []
      if image < shape.batch {
        let rows = places(
          shape, region[1], region[3], bin: index[1], of: shape.bins.rows, extent: shape.height)
        let columns = places(
          shape, region[0], region[2], bin: index[2], of: shape.bins.columns, extent: shape.width)
        for y in rows.map({ neighbors($0, extent: shape.height) }) {
          for z in columns.map({ neighbors($0, extent: shape.width) }) {
            samples.append(
              y.flatMap { row in
                z.map { column in
                  let element = x[shape.input.offset([image, row.index, column.index, index[3]])]
                  return row.weight * column.weight * Double(element)
                }
              })
          }
        }
      }
      let average = samples.joined().reduce(0, +) / Double(max(samples.count, 1))
      // Of fewer than four pixels the others have no weight: their products are 0.
      let largest = samples.map { $0.count < 4 ? max($0.max() ?? 0, 0) : $0.max() ?? 0 }.max() ?? 0
      expected[shape.output.offset(index)] = shape.mode == espalier_roi_max ? largest : average
    }
    let y = try GuardedCall(
      shape.parameters(corners, images), [.floats(x), .floats(regions), .floats(numbers), .floats(before)]
    ).run(isa)[3]
    // Places of up to 15 in float32 have errors of 1e-6, and so have weights.
    expectClose(y, expected, tolerance: 1e-5, "\(shape)")
  }

  @Test(arguments: cases)
  func `survive hostile parameters`(shape: RoiAlignCase) {
    var generator = SeededGenerator(state: 68)
    let (corners, images) = (TestView(contiguous: [shape.regions, 4]), TestView(contiguous: [shape.regions]))
    var regions = generator.floats(corners.elementCount, in: -5...15)
    for (index, value) in [Float.nan, .infinity, -.infinity, 3e38, -3e38].enumerated() {
      regions[index * 4] = value
    }
    let call = GuardedCall(
      shape.parameters(corners, images),
      [
        .floats(generator.floats(shape.input.elementCount)), .floats(regions),
        .floats([0, 1, 2, -1, .nan, .infinity]), .floats(generator.floats(shape.output.elementCount)),
      ])
    let outcome = call.underTest.surviveMutations(count: 400, using: &generator) { p in
      let bins = Double(p.regions) * Double(p.output_height) * Double(p.output_width) * Double(p.channels)
      return bins * (p.samples > 0 ? Double(p.samples) * Double(p.samples) : 64)
    }
    #expect(outcome.refused > 80 && outcome.ran > 30, "\(outcome)")
  }
}
