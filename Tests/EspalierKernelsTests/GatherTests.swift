import CEspalierKernels
import EspalierKernels
import Testing

@Suite("Gathering by a table") struct GatherKernelTests {
  private func three(_ values: ArraySlice<Int>, fill: Int) -> ThreeAxes {
    let padded = [Int](repeating: fill, count: 3 - values.count) + values
    return (Int32(padded[0]), Int32(padded[1]), Int32(padded[2]))
  }

  /// A call that replaces axis `axis` of `extent` by the entries of a table.
  private func parameters(
    _ extent: [Int], axis: Int, count: Int, _ from: TestView, _ to: TestView
  ) -> GatherParameters {
    GatherParameters(
      outer: three(extent[..<axis], fill: 1), outer_input_stride: three(from.stride[..<axis], fill: 0),
      outer_output_stride: three(to.stride[..<axis], fill: 0), inner: three(extent[(axis + 1)...], fill: 1),
      inner_input_stride: three(from.stride[(axis + 1)...], fill: 0),
      inner_output_stride: three(to.stride[(axis + 1)...], fill: 0), axis: Int32(extent[axis]),
      axis_input_stride: Int32(from.stride[axis]), count: Int32(count),
      count_output_stride: Int32(to.stride[axis]), input_base: Int32(from.base), output_base: Int32(to.base))
  }

  @Test(arguments: espalier_isa.available(for: GatherParameters.family), 1...2 as ClosedRange<UInt64>)
  func `takes the entries along any axis of any view`(isa: espalier_isa, seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    let extents = testExtents.filter { $0.count <= 4 && $0.reduce(1, *) < 8000 }
    for extent in extents + [[3, 5, 8], [3, 5, 31], [2, 9, 2, 17]] {
      for axis in extent.indices {
        var gathered = extent
        gathered[axis] = 6
        let random = Bool.random(using: &generator)
        let from =
          random
          ? TestView(random: extent, broadcast: true, using: &generator) : TestView(contiguous: extent)
        let to =
          random
          ? TestView(random: gathered, broadcast: false, using: &generator) : TestView(contiguous: gathered)
        let table = (0..<6).map { _ in Int32.random(in: 0..<Int32(extent[axis]), using: &generator) }
        let x = generator.floats(from.elementCount)
        let before = generator.floats(to.elementCount)
        var expected = before
        forEachIndex(gathered) { index in
          var source = index
          source[axis] = Int(table[index[axis]])
          expected[to.offset(index)] = x[from.offset(source)]
        }
        let p = parameters(extent, axis: axis, count: 6, from, to)
        let y = try GuardedCall(p, [.floats(x), .table(table), .floats(before)]).run(isa)[2]
        #expect(y == expected, "\(extent) axis \(axis) \(from) \(to)")
      }
    }
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 73)
    let (from, to) = (TestView(contiguous: [3, 5, 19]), TestView(contiguous: [3, 4, 19]))
    let call = GuardedCall(
      parameters([3, 5, 19], axis: 1, count: 4, from, to),
      [
        .floats(generator.floats(from.elementCount)), .table([4, 0, 2, 2]),
        .floats(generator.floats(to.elementCount)),
      ])
    let outcome = call.underTest.surviveMutations(count: 600, using: &generator) { p in
      let outer = Double(p.outer.0) * Double(p.outer.1) * Double(p.outer.2) * Double(p.count)
      return outer * Double(p.inner.0) * Double(p.inner.1) * Double(p.inner.2)
    }
    #expect(outcome.refused > 80 && outcome.ran > 40, "\(outcome)")
  }
}
