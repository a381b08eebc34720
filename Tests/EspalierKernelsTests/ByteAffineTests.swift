import CEspalierKernels
import EspalierKernels
import Testing

@Suite("Scaling channels of bytes") struct ByteAffineTests {
  private struct Numbers {
    var scales: [Float]
    var offsets: [Float]
    var slopes: [Float]

    init(_ count: Int, using generator: inout SeededGenerator) {
      scales = generator.floats(count, in: -2...2)
      offsets = generator.floats(count, in: -300...300)
      slopes = generator.floats(count, in: -0.5...1.5)
      // Halves, and channels that do not change.
      (scales[0], offsets[0]) = (0.5, generator.pick([0, -31]))
      if count > 2 { (scales[2], offsets[2], slopes[2]) = (1, 0, 1) }
    }

    var operand: [Float] { scales + offsets + slopes }

    func result(_ x: UInt8, _ channel: Int, _ p: ByteAffineParameters) -> UInt8 {
      let t = offsets[channel].addingProduct(Float(x), scales[channel])
      return quantized(p.zero.addingProduct(t, t < 0 ? slopes[channel] : 1), p.low, p.high)
    }
  }

  private func parameters(_ extent: [Int], using generator: inout SeededGenerator) -> ByteAffineParameters {
    var p = ByteAffineParameters()
    p.extent = sixAxes(extent, fill: 1)
    p.zero = Float(Int.random(in: 0...255, using: &generator))
    (p.low, p.high) = generator.pick([(0, 255), (0, 255), (3, 197)])
    return p
  }

  @Test(
    arguments: espalier_isa.available(for: ByteAffineParameters.family),
    [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130])
  func `gives the definition's bits for pixels of any number of channels`(isa: espalier_isa, channels: Int)
    throws
  {
    var generator = SeededGenerator(state: UInt64(channels))
    for pixels in [1, 35, 300] {
      var p = parameters([pixels, channels], using: &generator)
      p.input_stride = sixAxes([channels + 3, 1], fill: 0)
      p.output_stride = sixAxes([channels + 1, 1], fill: 0)
      p.number_stride = sixAxes([0, 1], fill: 0)
      p.count = Int32(channels)
      let numbers = Numbers(channels, using: &generator)
      let x = generator.bytes(pixels * (channels + 3)), before = generator.bytes(pixels * (channels + 1))
      var expected = before
      forEachIndex([pixels, channels]) { i in
        expected[i[0] * (channels + 1) + i[1]] = numbers.result(x[i[0] * (channels + 3) + i[1]], i[1], p)
      }
      let call = GuardedCall(p, [.bytes(x), .floats(numbers.operand), .bytes(before)])
      #expect(try call.runInExtents(isa)[2] == expected, "\(pixels) pixels")
    }
  }

  @Test(arguments: espalier_isa.available(for: ByteAffineParameters.family), 1...3 as ClosedRange<UInt64>)
  func `reads and writes any views`(isa: espalier_isa, seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    for extent in testExtents {
      let from = TestView(random: extent, broadcast: true, using: &generator)
      let to = TestView(random: extent, broadcast: false, using: &generator)
      let axis = Int.random(in: 0..<extent.count, using: &generator)
      var p = parameters(extent, using: &generator)
      (p.input_stride, p.input_base) = (from.axes, Int32(from.base))
      (p.output_stride, p.output_base) = (to.axes, Int32(to.base))
      p.number_stride = sixAxes(extent.indices.map { $0 == axis ? 1 : 0 }, fill: 0)
      p.count = Int32(extent[axis])
      let numbers = Numbers(extent[axis], using: &generator)
      let x = generator.bytes(from.elementCount), before = generator.bytes(to.elementCount)
      var expected = before
      forEachIndex(extent) { expected[to.offset($0)] = numbers.result(x[from.offset($0)], $0[axis], p) }
      let call = GuardedCall(p, [.bytes(x), .floats(numbers.operand), .bytes(before)])
      #expect(try call.runInExtents(isa)[2] == expected, "\(extent) \(from) \(to)")
    }
  }

  @Test func `takes numbers that are none for the lower bound`() throws {
    var p = ByteAffineParameters()
    (p.extent, p.number_stride) = (sixAxes([70], fill: 1), sixAxes([0], fill: 0))
    (p.input_stride, p.output_stride) = (sixAxes([1], fill: 0), sixAxes([1], fill: 0))
    (p.count, p.zero, p.low, p.high) = (1, 100, 9, 255)
    let x = [UInt8](repeating: 40, count: 70)
    for isa in espalier_isa.available(for: ByteAffineParameters.family) {
      let y = try GuardedCall(p, [.bytes(x), .floats([.nan, 0, 1]), .bytes(x)]).runInExtents(isa)[2]
      #expect(y == [UInt8](repeating: 9, count: 70))
    }
  }

  @Test func `survives hostile parameters`() {
    var generator = SeededGenerator(state: 14)
    let view = TestView(contiguous: [3, 5, 40])
    var p = parameters([3, 5, 40], using: &generator)
    (p.input_stride, p.output_stride, p.count) = (view.axes, view.axes, 40)
    p.number_stride = sixAxes([0, 0, 1], fill: 0)
    let numbers = Numbers(40, using: &generator).operand
    let call = GuardedCall(
      p, [.bytes(generator.bytes(600)), .floats(numbers), .bytes(generator.bytes(600))])
    let outcome = call.underTest.surviveMutations(count: 3000, using: &generator) { indexCount($0.extent) }
    #expect(outcome.refused > 500 && outcome.ran > 100, "\(outcome)")
  }
}
