import CEspalierKernels
import EspalierKernels
import Testing

/// Resampling with any taps and weights, images with a gap behind every pixel.
struct ResizeCase: CustomStringConvertible {
  var input: (height: Int, width: Int)
  var output: (height: Int, width: Int)
  var channels: Int
  var taps: (row: Int, column: Int)
  var batch = 1

  var description: String { "\(batch)x\(input)→\(output)x\(channels) taps \(taps)" }

  var pixel: Int { channels + 3 }
  var inputCount: Int { batch * input.height * input.width * pixel - 3 }
  var outputCount: Int { batch * output.height * output.width * pixel - 3 }

  var parameters: ResizeParameters {
    let (row, outputRow) = (input.width * pixel, output.width * pixel)
    return ResizeParameters(
      batch: Int32(batch), input_height: Int32(input.height), input_width: Int32(input.width),
      output_height: Int32(output.height), output_width: Int32(output.width), channels: Int32(channels),
      row_taps: Int32(taps.row), column_taps: Int32(taps.column),
      input_stride_n: Int32(input.height * row), input_stride_h: Int32(row), input_stride_w: Int32(pixel),
      output_stride_n: Int32(output.height * outputRow), output_stride_h: Int32(outputRow),
      output_stride_w: Int32(pixel))
  }
}

@Suite("Resampling") struct ResizeTests {
  static let cases: [ResizeCase] =
    [1, 3, 7, 8, 9, 15, 16, 17, 31, 33].flatMap { channels in
      [(1, 1), (2, 2), (4, 4), (1, 3)].map {
        ResizeCase(input: (4, 5), output: (8, 7), channels: channels, taps: $0, batch: 2)
      }
    } + [ResizeCase(input: (20, 30), output: (40, 60), channels: 21, taps: (1, 1))]

  @Test(arguments: espalier_isa.available(for: ResizeParameters.family), cases)
  func `agrees with the definition`(isa: espalier_isa, shape: ResizeCase) throws {
    var generator = SeededGenerator(state: 31)
    let x = generator.floats(shape.inputCount)
    let before = generator.floats(shape.outputCount)
    let rows = (0..<shape.output.height * shape.taps.row).map { _ in
      Int32.random(in: 0..<Int32(shape.input.height), using: &generator)
    }
    let columns = (0..<shape.output.width * shape.taps.column).map { _ in
      Int32.random(in: 0..<Int32(shape.input.width), using: &generator)
    }
    // single taps have the weight 1 now and then, which is a path of its own
    let rowWeights = generator.floats(rows.count).map { $0 > 0 ? $0 : 1 }
    let columnWeights = generator.floats(columns.count).map { $0 > 0 ? $0 : 1 }
    let y = try GuardedCall(
      shape.parameters,
      [
        .floats(x), .table(rows), .floats(rowWeights), .table(columns), .floats(columnWeights),
        .floats(before),
      ]
    ).run(isa)[5]
    var expected = before.map(Double.init)
    forEachIndex([shape.batch, shape.output.height, shape.output.width, shape.channels]) { i in
      var sum = 0.0
      forEachIndex([shape.taps.row, shape.taps.column]) { tap in
        let (r, c) = (i[1] * shape.taps.row + tap[0], i[2] * shape.taps.column + tap[1])
        let row = i[0] * shape.input.height + Int(rows[r])
        let at = (row * shape.input.width + Int(columns[c])) * shape.pixel + i[3]
        sum += Double(rowWeights[r]) * Double(columnWeights[c]) * Double(x[at])
      }
      let row = i[0] * shape.output.height + i[1]
      expected[(row * shape.output.width + i[2]) * shape.pixel + i[3]] = sum
    }
    // at most 16 terms below 1, rounded once each
    expectClose(y, expected, tolerance: 3e-6)
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 32)
    let shape = ResizeCase(input: (5, 6), output: (7, 9), channels: 19, taps: (2, 2))
    let call = GuardedCall(
      shape.parameters,
      [
        .floats(generator.floats(shape.inputCount)), .table([Int32](repeating: 4, count: 14)),
        .floats(generator.floats(14)), .table([Int32](repeating: 5, count: 18)),
        .floats(generator.floats(18)), .floats(generator.floats(shape.outputCount)),
      ])
    let outcome = call.underTest.surviveMutations(count: 3000, using: &generator) {
      Double($0.output_height) * Double($0.output_width) * Double($0.channels) * Double($0.row_taps)
    }
    #expect(outcome.refused > 500 && outcome.ran > 100, "\(outcome)")
  }
}
