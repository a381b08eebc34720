import CEspalierKernels
import EspalierKernels
import Foundation
import Testing

/// A view whose groups share statistics: the indexes of the axes that are not reduced tell them apart.
struct NormalizeCase: CustomStringConvertible {
  var shape: ReduceCase
  var to: TestView
  var scale: TestView?
  var bias: TestView?

  var description: String { "\(shape) to \(to) scale \(String(describing: scale))" }

  func parameters(_ normalization: espalier_normalization) -> NormalizeParameters {
    let zero = sixAxes([], fill: 0)
    return NormalizeParameters(
      kept: sixAxes(shape.part(false), fill: 1), kept_input_stride: shape.from.axes,
      kept_output_stride: to.axes, kept_scale_stride: scale?.axes ?? zero,
      kept_bias_stride: bias?.axes ?? zero, reduced: sixAxes(shape.part(true), fill: 1),
      reduced_input_stride: shape.from.axes, reduced_output_stride: to.axes,
      reduced_scale_stride: scale?.axes ?? zero, reduced_bias_stride: bias?.axes ?? zero,
      input_base: Int32(shape.from.base), scale_base: Int32(scale?.base ?? 0),
      bias_base: Int32(bias?.base ?? 0), output_base: Int32(to.base),
      normalization: Int32(normalization.rawValue), epsilon: 1e-3)
  }

  /// What is subtracted from a group's elements and what they are multiplied with.
  func statistics(_ normalization: espalier_normalization, _ x: [Double]) -> (shift: Double, factor: Double) {
    let count = Double(x.count)
    let squares = x.reduce(0) { $0 + $1 * $1 }
    switch normalization {
    case espalier_normalization_mean_variance:
      let mean = x.reduce(0, +) / count
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      return (mean, 1 / (variance + 1e-3).squareRoot())
    case espalier_normalization_rms: return (0, 1 / (squares / count + 1e-3).squareRoot())
    case espalier_normalization_l1: return (0, 1 / x.reduce(0) { $0 + abs($1) })
    default: return (0, 1 / squares.squareRoot())
    }
  }

  func expected(
    _ normalization: espalier_normalization, _ x: [Float], _ scales: [Float], _ biases: [Float],
    _ before: [Float]
  ) -> [Double] {
    var expected = before.map(Double.init)
    forEachIndex(shape.part(false)) { kept in
      var group: [[Int]] = []
      forEachIndex(shape.part(true)) { group.append(zip(kept, $0).map { $0 + $1 }) }
      let values = group.map { Double(x[shape.from.offset($0)]) }
      let (shift, factor) = statistics(normalization, values)
      for (index, value) in zip(group, values) {
        expected[to.offset(index)] =
          (value - shift) * factor * (scale.map { Double(scales[$0.offset(index)]) } ?? 1)
          + (bias.map { Double(biases[$0.offset(index)]) } ?? 0)
      }
    }
    return expected
  }
}

@Suite("Normalization kernels") struct NormalizationTests {
  /// A view of one element per index of `axes`, broadcast along the others.
  static func along(_ axes: Set<Int>, _ extent: [Int]) -> TestView {
    var view = TestView(contiguous: extent.indices.map { axes.contains($0) ? extent[$0] : 1 })
    for i in extent.indices where !axes.contains(i) { view.stride[i] = 0 }
    return view
  }

  static func cases(_ generator: inout SeededGenerator) -> [NormalizeCase] {
    var cases: [NormalizeCase] = []
    for channels in [1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 40, 130] {
      let image = [2, 4, 5, channels]
      let view = TestView(contiguous: image)
      // layers (over channels), instances (over pixels), groups of one
      for reduced: Set<Int> in [[3], [1, 2], [1, 2, 3]] {
        let shape = ReduceCase(extent: image, reduced: reduced, from: view)
        cases.append(
          NormalizeCase(shape: shape, to: view, scale: along([3], image), bias: along([3], image)))
      }
      // groups of channels, [N, H, W, G, C / G]
      let grouped = [2, 4, 5, 3, channels]
      let shape = ReduceCase(extent: grouped, reduced: [1, 2, 4], from: TestView(contiguous: grouped))
      cases.append(
        NormalizeCase(shape: shape, to: shape.from, scale: along([3, 4], grouped), bias: nil))
    }
    for extent in testExtents where extent.reduce(1, *) < 8000 {
      let reduced = Set(extent.indices.filter { _ in Bool.random(using: &generator) })
      func view(_ broadcast: Bool) -> TestView {
        TestView(random: extent, broadcast: broadcast, using: &generator)
      }
      cases.append(
        NormalizeCase(
          shape: ReduceCase(extent: extent, reduced: reduced, from: view(true)), to: view(false),
          scale: view(true), bias: view(true)))
    }
    return cases
  }

  @Test(
    arguments: espalier_isa.available(for: NormalizeParameters.family),
    [
      espalier_normalization_mean_variance, espalier_normalization_rms, espalier_normalization_l1,
      espalier_normalization_l2,
    ])
  func `agree with the definition`(isa: espalier_isa, normalization: espalier_normalization) throws {
    var generator = SeededGenerator(state: 61)
    for shape in Self.cases(&generator) {
      let x = generator.floats(shape.shape.from.elementCount)
      let scales = generator.floats(shape.scale?.elementCount ?? 0)
      let biases = generator.floats(shape.bias?.elementCount ?? 0)
      let before = generator.floats(shape.to.elementCount)
      let y = try GuardedCall(
        shape.parameters(normalization),
        [
          .floats(x), shape.scale == nil ? .absent : .floats(scales),
          shape.bias == nil ? .absent : .floats(biases), .floats(before),
        ]
      ).run(isa)[3]
      let expected = shape.expected(normalization, x, scales, biases, before)
      // factors of up to 1 / sqrt(1e-3) magnify the rounding of sums
      expectClose(y, expected, tolerance: 1e-5, "\(shape) \(normalization)")
    }
  }

  @Test func `survive hostile parameters`() {
    var generator = SeededGenerator(state: 62)
    for reduced: Set<Int> in [[1, 2], [3]] {
      let extent = [2, 3, 4, 19]
      let view = TestView(contiguous: extent)
      let scale = Self.along([3], extent)
      let shape = NormalizeCase(
        shape: ReduceCase(extent: extent, reduced: reduced, from: view), to: view, scale: scale, bias: scale)
      let call = GuardedCall(
        shape.parameters(espalier_normalization_mean_variance),
        [view.elementCount, 19, 19, view.elementCount].map { .floats(generator.floats($0)) })
      let outcome = call.underTest.surviveMutations(count: 600, using: &generator) {
        indexCount($0.kept, $0.reduced)
      }
      #expect(outcome.refused > 80 && outcome.ran > 40, "\(outcome)")
    }
  }
}

@Suite("Local response normalization") struct LRNKernelTests {
  private func parameters(_ channels: Int, size: Int, beta: Float) -> LRNParameters {
    let pixel = Int32(channels + 3)
    return LRNParameters(
      batch: 2, height: 3, width: 4, channels: Int32(channels), size: Int32(size),
      input_stride_n: pixel * 12, input_stride_h: pixel * 4, input_stride_w: pixel,
      output_stride_n: pixel * 12, output_stride_h: pixel * 4, output_stride_w: pixel, k: 1.5, alpha: 0.5,
      beta: beta)
  }

  @Test(
    arguments: espalier_isa.available(for: LRNParameters.family), [1, 2, 7, 8, 9, 15, 16, 17, 33, 96])
  func `agrees with the definition`(isa: espalier_isa, channels: Int) throws {
    var generator = SeededGenerator(state: 63)
    for (size, beta) in [(1, 0.75), (2, 0.5), (5, 0.75), (5, 1.3), (9, 0.75), (40, 0.6)] as [(Int, Float)] {
      let x = generator.floats(24 * (channels + 3) - 3, in: -2...2)
      let before = generator.floats(x.count)
      var expected = before.map(Double.init)
      forEachIndex([24, channels]) { i in
        let first = max(0, i[1] - (size - 1) / 2)
        let last = min(channels - 1, i[1] + size / 2)
        let sum = (first...last).reduce(0.0) {
          $0 + Double(x[i[0] * (channels + 3) + $1]) * Double(x[i[0] * (channels + 3) + $1])
        }
        let at = i[0] * (channels + 3) + i[1]
        expected[at] = Double(x[at]) / pow(1.5 + 0.5 / Double(size) * sum, Double(beta))
      }
      let p = parameters(channels, size: size, beta: beta)
      let y = try GuardedCall(p, [.floats(x), .floats(before)]).run(isa)[1]
      expectClose(y, expected, tolerance: 3e-6, "\(channels) size \(size) beta \(beta)")
    }
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 64)
    let call = GuardedCall(
      parameters(19, size: 5, beta: 0.75),
      [.floats(generator.floats(24 * 22)), .floats(generator.floats(24 * 22))])
    let outcome = call.underTest.surviveMutations(count: 600, using: &generator) {
      Double($0.batch) * Double($0.height) * Double($0.width) * Double($0.channels) * Double($0.size)
    }
    #expect(outcome.refused > 80 && outcome.ran > 40, "\(outcome)")
  }
}
