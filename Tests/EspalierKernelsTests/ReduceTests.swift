import CEspalierKernels
import EspalierKernels
import Foundation
import Testing

/// What `espalier_reduction` promises, in double precision.
func definition(_ reduction: espalier_reduction, _ x: [Double]) -> Double {
  func position(_ better: (Double, Double) -> Bool) -> Double {
    var best = 0
    for i in x.indices where better(x[i], x[best]) { best = i }
    return Double(best)
  }
  switch reduction {
  case espalier_reduction_sum: return x.reduce(0, +)
  case espalier_reduction_mean: return x.reduce(0, +) / Double(x.count)
  case espalier_reduction_max: return x.contains(where: \.isNaN) ? .nan : x.max() ?? -.infinity
  case espalier_reduction_min: return x.contains(where: \.isNaN) ? .nan : x.min() ?? .infinity
  case espalier_reduction_product: return x.reduce(1, *)
  case espalier_reduction_l1: return x.reduce(0) { $0 + abs($1) }
  case espalier_reduction_l2: return x.reduce(0) { $0 + $1 * $1 }.squareRoot()
  case espalier_reduction_log_sum: return log(x.reduce(0, +))
  case espalier_reduction_log_sum_exp: return log(x.reduce(0) { $0 + exp($1) })
  case espalier_reduction_sum_square: return x.reduce(0) { $0 + $1 * $1 }
  case espalier_reduction_arg_max: return position { $0 > $1 }
  case espalier_reduction_arg_min: return position { $0 < $1 }
  case espalier_reduction_arg_max_last: return position { $0 >= $1 }
  default: return position { $0 <= $1 }
  }
}

/// A view of which some axes are reduced.
struct ReduceCase: CustomStringConvertible {
  var extent: [Int]
  var reduced: Set<Int>
  var from: TestView

  var description: String { "\(extent) over \(reduced.sorted()), \(from)" }

  /// Extents with every axis of the other kind set to 1.
  func part(_ isReduced: Bool) -> [Int] {
    extent.indices.map { reduced.contains($0) == isReduced ? extent[$0] : 1 }
  }

  func parameters(_ reduction: espalier_reduction, _ to: TestView) -> ReduceParameters {
    ReduceParameters(
      kept: sixAxes(part(false), fill: 1), kept_input_stride: from.axes, kept_output_stride: to.axes,
      reduced: sixAxes(part(true), fill: 1), reduced_stride: from.axes, input_base: Int32(from.base),
      output_base: Int32(to.base), reduction: Int32(reduction.rawValue), reserved: 0)
  }

  /// The reduced elements of every kept index, in order.
  func forEach(_ body: (_ kept: [Int], _ offsets: [Int]) -> Void) {
    forEachIndex(part(false)) { kept in
      var offsets: [Int] = []
      forEachIndex(part(true)) { offsets.append(from.offset(zip(kept, $0).map { $0 + $1 })) }
      body(kept, offsets)
    }
  }
}

@Suite("Reductions") struct ReduceTests {
  /// Images as NHWC over their pixels and over their channels, vectors, and random views.
  static func cases(_ generator: inout SeededGenerator) -> [ReduceCase] {
    var cases: [ReduceCase] = []
    for channels in [1, 7, 8, 9, 16, 17, 33, 65, 130] {
      let extent = [2, 5, 6, channels]
      for reduced: Set<Int> in [[1, 2], [3], [1, 2, 3], [1], [0, 3]] {
        cases.append(ReduceCase(extent: extent, reduced: reduced, from: TestView(contiguous: extent)))
      }
      var padded = TestView(contiguous: extent)
      padded.stride = [(channels + 3) * 30, (channels + 3) * 6, channels + 3, 1]
      padded.elementCount = (channels + 3) * 60 - 3
      cases.append(ReduceCase(extent: extent, reduced: [1, 2], from: padded))
      cases.append(ReduceCase(extent: extent, reduced: [1, 2, 3], from: padded))
    }
    for extent in testExtents {
      let reduced = Set(extent.indices.filter { _ in Bool.random(using: &generator) })
      let from = TestView(random: extent, broadcast: true, using: &generator)
      cases.append(ReduceCase(extent: extent, reduced: reduced, from: from))
    }
    return cases
  }

  @Test(
    arguments: espalier_isa.available(for: ReduceParameters.family),
    (0..<espalier_reduction_count.rawValue).map { espalier_reduction(rawValue: $0) })
  func `agree with the definition`(isa: espalier_isa, reduction: espalier_reduction) throws {
    var generator = SeededGenerator(state: 41)
    for shape in Self.cases(&generator) {
      let to = TestView(random: shape.part(false), broadcast: false, using: &generator)
      // few different values: equals test which position counts; near 1: products stay in range
      let x = (0..<shape.from.elementCount).map { _ in
        1 + Float(Int.random(in: -8...8, using: &generator)) / 64
      }
      let before = generator.floats(to.elementCount)
      var expected = before.map(Double.init)
      shape.forEach { kept, offsets in
        let value = definition(reduction, offsets.map { Double(x[$0]) })
        expected[to.offset(kept)] = abs(value) > 1e38 ? value * .infinity : value
      }
      let y = try GuardedCall(shape.parameters(reduction, to), [.floats(x), .floats(before)]).run(isa)[1]
      if reduction == espalier_reduction_product && shape.part(true).reduce(1, *) > 2000 { continue }
      // up to 60 steps of a product round once each; sums of partial sums round less
      let tolerance = reduction == espalier_reduction_product ? 2e-4 : 4e-6
      expectClose(y, expected, tolerance: tolerance, floor: 1e-3, "\(shape) \(reduction)")
    }
  }

  @Test(arguments: espalier_isa.available(for: ReduceParameters.family))
  func `a maximum or minimum with NaN is NaN, and positions are not those of NaN`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 42)
    for reduced: Set<Int> in [[1], [0]] {
      for reduction in [espalier_reduction_max, espalier_reduction_min, espalier_reduction_arg_max] {
        let extent = [37, 45]
        let shape = ReduceCase(extent: extent, reduced: reduced, from: TestView(contiguous: extent))
        let to = TestView(contiguous: shape.part(false))
        var x = generator.floats(shape.from.elementCount)
        for _ in 0..<20 { x[Int.random(in: 0..<x.count, using: &generator)] = .nan }
        var expected = [Double](repeating: 0, count: to.elementCount)
        shape.forEach { kept, offsets in
          let numbers = offsets.map { x[$0].isNaN ? -.infinity : Double(x[$0]) }
          let positions = reduction == espalier_reduction_arg_max
          expected[to.offset(kept)] = definition(
            reduction, positions ? numbers : offsets.map { Double(x[$0]) })
        }
        let before = [Float](repeating: 9, count: to.elementCount)
        let y = try GuardedCall(shape.parameters(reduction, to), [.floats(x), .floats(before)]).run(isa)[1]
        expectClose(y, expected, tolerance: 0, "\(reduced) \(reduction)")
      }
    }
  }

  @Test func `survive hostile parameters`() {
    var generator = SeededGenerator(state: 43)
    let extent = [3, 4, 5, 37]
    for reduced: Set<Int> in [[1, 2], [3]] {
      let shape = ReduceCase(extent: extent, reduced: reduced, from: TestView(contiguous: extent))
      let to = TestView(contiguous: shape.part(false))
      let call = GuardedCall(
        shape.parameters(espalier_reduction_mean, to),
        [.floats(generator.floats(shape.from.elementCount)), .floats(generator.floats(to.elementCount))])
      let outcome = call.underTest.surviveMutations(count: 600, using: &generator) {
        indexCount($0.kept, $0.reduced)
      }
      #expect(outcome.refused > 80 && outcome.ran > 40, "\(outcome)")
    }
  }
}
