import CEspalierKernels
import EspalierKernels
import Testing

@Suite("Taking by computed indices") struct TakeKernelTests {
  /// A call that reads one more axis of the input, which lies innermost there.
  private func parameters(
    _ extent: [Int], axis: Int, _ from: TestView, _ indices: TestView, _ to: TestView
  ) -> TakeParameters {
    TakeParameters(
      extent: sixAxes(extent, fill: 1), input_stride: sixAxes(Array(from.stride.dropLast()), fill: 0),
      index_stride: indices.axes, output_stride: to.axes, axis: Int32(axis),
      axis_stride: Int32(from.stride[extent.count]), input_base: Int32(from.base),
      index_base: Int32(indices.base), output_base: Int32(to.base))
  }

  @Test(arguments: espalier_isa.available(for: TakeParameters.family), 1...3 as ClosedRange<UInt64>)
  func `takes what each index names, in any views`(isa: espalier_isa, seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    for extent in testExtents.filter({ $0.count <= 5 && $0.reduce(1, *) < 8000 }) {
      let axis = generator.pick([1, 2, 9])
      let from = TestView(random: extent + [axis], broadcast: true, using: &generator)
      let indices = TestView(random: extent, broadcast: true, using: &generator)
      let to = TestView(random: extent, broadcast: false, using: &generator)
      let x = generator.floats(from.elementCount)
      let outside: [Float] = [Float(axis), Float(-axis - 1), .nan, .infinity, -.infinity, 3e38]
      let numbers = (0..<indices.elementCount).map { _ in
        Int.random(in: 0..<6, using: &generator) == 0
          ? generator.pick(outside) : Float(Int.random(in: -axis..<axis, using: &generator))
      }
      let before = generator.floats(to.elementCount)
      var expected = before
      forEachIndex(extent) { index in
        let number = numbers[indices.offset(index)]
        let place = Int(exactly: number).map { $0 < 0 ? $0 + axis : $0 } ?? -1
        expected[to.offset(index)] = (0..<axis).contains(place) ? x[from.offset(index + [place])] : 0
      }
      let p = parameters(extent, axis: axis, from, indices, to)
      let y = try GuardedCall(p, [.floats(x), .floats(numbers), .floats(before)]).run(isa)[2]
      #expect(y == expected, "\(extent) of \(axis) \(from) \(indices) \(to)")
    }
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 74)
    let extent = [3, 4, 19]
    let (from, plain) = (TestView(contiguous: extent + [5]), TestView(contiguous: extent))
    var numbers = generator.floats(plain.elementCount, in: -9...9)
    numbers[0] = .nan
    let call = GuardedCall(
      parameters(extent, axis: 5, from, plain, plain),
      [
        .floats(generator.floats(from.elementCount)), .floats(numbers),
        .floats(generator.floats(plain.elementCount)),
      ])
    let outcome = call.underTest.surviveMutations(count: 1500, using: &generator) { indexCount($0.extent) }
    #expect(outcome.refused > 300 && outcome.ran > 100, "\(outcome)")
  }
}
