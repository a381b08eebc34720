import CEspalierKernels
import EspalierKernels
import Testing

@Suite("The largest elements") struct TopKKernelTests {
  /// A call along one axis of a view; the output has an axis of 2 in front.
  private func parameters(
    _ extent: [Int], axis: Int, count: Int, _ from: TestView, _ to: TestView, largest: Bool
  ) -> TopKParameters {
    var others = extent
    others[axis] = 1
    return TopKParameters(
      extent: sixAxes(others, fill: 1), input_stride: from.axes,
      output_stride: sixAxes(Array(to.stride[1...]), fill: 0), length: Int32(extent[axis]),
      input_length_stride: Int32(from.stride[axis]), count: Int32(count),
      output_count_stride: Int32(to.stride[axis + 1]), output_index_stride: Int32(to.stride[0]),
      input_base: Int32(from.base), output_base: Int32(to.base), largest: largest ? 1 : 0)
  }

  /// Few different values, so that many are equal, and what is no number.
  private func values(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
    let special: [Float] = [.nan, .infinity, -.infinity, -0.0, 0, -.nan, 1e-40]
    return (0..<count).map { _ in
      Int.random(in: 0..<5, using: &generator) == 0
        ? generator.pick(special) : Float(Int.random(in: -9...9, using: &generator))
    }
  }

  /// The order that the family promises.
  private func comes(_ a: (Float, Int), before b: (Float, Int), largest: Bool) -> Bool {
    if a.0.isNaN != b.0.isNaN { return b.0.isNaN }
    if a.0 == b.0 || a.0.isNaN { return a.1 < b.1 }
    return largest ? a.0 > b.0 : a.0 < b.0
  }

  @Test(arguments: espalier_isa.available(for: TopKParameters.family), [true, false])
  func `agree with sorting along any axis of any view`(isa: espalier_isa, largest: Bool) throws {
    var generator = SeededGenerator(state: 61)
    for extent in testExtents.filter({ $0.count <= 5 && $0.reduce(1, *) < 8000 }) {
      for axis in extent.indices {
        let count = Int.random(in: 1...extent[axis], using: &generator)
        var made = [2] + extent
        made[axis + 1] = count
        let random = Bool.random(using: &generator)
        let from =
          random
          ? TestView(random: extent, broadcast: true, using: &generator) : TestView(contiguous: extent)
        let to =
          random ? TestView(random: made, broadcast: false, using: &generator) : TestView(contiguous: made)
        let x = values(from.elementCount, &generator)
        let before = generator.floats(to.elementCount)
        var expected = before
        var lines = extent
        lines[axis] = 1
        forEachIndex(lines) { line in
          func at(_ place: Int) -> [Int] { line.indices.map { $0 == axis ? place : line[$0] } }
          let row = (0..<extent[axis]).map { (x[from.offset(at($0))], $0) }
          let sorted = row.sorted { comes($0, before: $1, largest: largest) }
          for (place, found) in sorted.prefix(count).enumerated() {
            expected[to.offset([0] + at(place))] = found.0
            expected[to.offset([1] + at(place))] = Float(found.1)
          }
        }
        let p = parameters(extent, axis: axis, count: count, from, to, largest: largest)
        let y = try GuardedCall(p, [.floats(x), .floats(before)]).run(isa)[1]
        #expect(
          y.map(\.bitPattern) == expected.map(\.bitPattern),
          "\(extent) axis \(axis) of \(count) \(from) \(to)")
      }
    }
  }

  @Test func `survive hostile parameters`() {
    var generator = SeededGenerator(state: 62)
    let (from, to) = (TestView(contiguous: [3, 40, 5]), TestView(contiguous: [2, 3, 7, 5]))
    let call = GuardedCall(
      parameters([3, 40, 5], axis: 1, count: 7, from, to, largest: true),
      [.floats(generator.floats(from.elementCount)), .floats(generator.floats(to.elementCount))])
    let outcome = call.underTest.surviveMutations(count: 1500, using: &generator) {
      indexCount($0.extent) * Double($0.length)
    }
    #expect(outcome.refused > 300 && outcome.ran > 60, "\(outcome)")
  }
}
