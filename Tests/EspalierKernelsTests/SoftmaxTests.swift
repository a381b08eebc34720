import CEspalierKernels
import EspalierKernels
import Foundation
import Testing

@Suite("Softmax kernels") struct SoftmaxKernelTests {
  private func parameters(
    _ extent: [Int], axis: Int, _ from: TestView, _ to: TestView, _ mode: espalier_softmax_mode
  ) -> SoftmaxParameters {
    var others = extent
    others[axis] = 1
    return SoftmaxParameters(
      extent: sixAxes(others, fill: 1), input_stride: from.axes, output_stride: to.axes,
      length: Int32(extent[axis]), input_length_stride: Int32(from.stride[axis]),
      output_length_stride: Int32(to.stride[axis]), input_base: Int32(from.base),
      output_base: Int32(to.base), mode: Int32(mode.rawValue))
  }

  private func expect(
    _ extent: [Int], axis: Int, _ from: TestView, _ to: TestView, _ isa: espalier_isa,
    _ generator: inout SeededGenerator
  ) throws {
    let x = generator.floats(from.elementCount, in: -9...9)
    let before = generator.floats(to.elementCount)
    var lines = extent
    lines[axis] = 1
    for mode in [espalier_softmax_plain, espalier_softmax_log, espalier_softmax_hard] {
      var expected = before.map(Double.init)
      forEachIndex(lines) { line in
        let line = (0..<extent[axis]).map { j in line.indices.map { $0 == axis ? j : line[$0] } }
        let values = line.map { Double(x[from.offset($0)]) }
        let largest = values.max() ?? 0
        let first = values.firstIndex(of: largest)
        let sum = values.reduce(0) { $0 + exp($1 - largest) }
        for (j, index) in line.enumerated() {
          let difference = values[j] - largest
          expected[to.offset(index)] =
            mode == espalier_softmax_plain
            ? exp(difference) / sum
            : mode == espalier_softmax_log ? difference - log(sum) : j == first ? 1 : 0
        }
      }
      let p = parameters(extent, axis: axis, from, to, mode)
      let y = try GuardedCall(p, [.floats(x), .floats(before)]).run(isa)[1]
      // exponentials and their sum within 1e-6 each; so is the logarithm, whose value may be near 0
      let floor = mode == espalier_softmax_log ? 1 : 1e-4
      expectClose(y, expected, tolerance: 3e-6, floor: floor, "\(extent) axis \(axis) \(from) \(to) \(mode)")
    }
  }

  @Test(
    arguments: espalier_isa.available(for: SoftmaxParameters.family), [1, 2, 7, 8, 9, 16, 17, 21, 33, 100])
  func `agree with the definition along the last axis and across it`(isa: espalier_isa, size: Int) throws {
    var generator = SeededGenerator(state: 51)
    for extent in [[3, 5, size], [2, size, 7, 5], [size, 37], [1, 1, size]] {
      for axis in extent.indices {
        let view = TestView(contiguous: extent)
        try expect(extent, axis: axis, view, view, isa, &generator)
      }
    }
  }

  @Test(arguments: espalier_isa.available(for: SoftmaxParameters.family), 1...3 as ClosedRange<UInt64>)
  func `read and write any views`(isa: espalier_isa, seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    for extent in testExtents {
      let from = TestView(random: extent, broadcast: true, using: &generator)
      let to = TestView(random: extent, broadcast: false, using: &generator)
      let axis = Int.random(in: extent.indices, using: &generator)
      try expect(extent, axis: axis, from, to, isa, &generator)
    }
  }

  /// The distributions of a detector's boxes: planes become pixels.
  @Test(arguments: espalier_isa.available(for: SoftmaxParameters.family), [2, 16, 64, 65])
  func `change from NCHW to NHWC`(isa: espalier_isa, channels: Int) throws {
    var generator = SeededGenerator(state: 52)
    for (height, width) in [(1, 1), (2, 8), (3, 37)] {
      let extent = [2, channels, height, width]
      let planes = TestView(contiguous: extent)
      var pixels = planes
      pixels.stride = [channels * height * width, 1, channels * width, channels]
      try expect(extent, axis: 1, planes, pixels, isa, &generator)
      try expect(extent, axis: 1, pixels, planes, isa, &generator)
    }
  }

  @Test func `survive hostile parameters`() {
    var generator = SeededGenerator(state: 53)
    let extent = [3, 4, 5, 37]
    let view = TestView(contiguous: extent)
    for axis in [1, 3] {
      let call = GuardedCall(
        parameters(extent, axis: axis, view, view, espalier_softmax_plain),
        [.floats(generator.floats(view.elementCount)), .floats(generator.floats(view.elementCount))])
      let outcome = call.underTest.surviveMutations(count: 600, using: &generator) {
        indexCount($0.extent) * Double($0.length)
      }
      #expect(outcome.refused > 80 && outcome.ran > 40, "\(outcome)")
    }
  }
}
