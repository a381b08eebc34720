import CEspalierKernels
import EspalierKernels
import Testing

/// The block that a call left in its output.
private func statistics(_ bytes: [UInt8]) -> KernelStatistics {
  bytes.withUnsafeBytes { $0.loadUnaligned(as: KernelStatistics.self) }
}

private let emptyBlock = GuardedCall<StatisticsParameters>.Operand.bytes([UInt8](repeating: 0xAA, count: 64))

@Suite("Statistics of bytes") struct ByteStatisticsTests {
  private func found(
    _ x: [UInt8], _ view: TestView, _ extent: [Int], _ isa: espalier_isa
  ) throws -> KernelStatistics {
    let p = ByteStatisticsParameters(
      extent: sixAxes(extent, fill: 1), input_stride: view.axes, input_base: Int32(view.base))
    let block = [UInt8](repeating: 0xAA, count: 64)
    return statistics(try GuardedCall(p, [.bytes(x), .bytes(block)]).runInExtents(isa)[1])
  }

  @Test(arguments: espalier_isa.available(for: ByteStatisticsParameters.family))
  func `are those of the view's elements alone, exactly`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 51)
    for extent in testExtents + [[1_100_003]] {
      let view = TestView(random: extent, broadcast: true, using: &generator)
      let x = generator.bytes(view.elementCount)
      var elements: [Int] = []
      forEachIndex(extent) { elements.append(Int(x[view.offset($0)])) }
      let found = try found(x, view, extent, isa)
      #expect(found.count == UInt64(elements.count), "\(extent) \(view)")
      #expect(found.sum == Double(elements.reduce(0, +)), "\(extent) \(view)")
      #expect(found.square_sum == Double(elements.reduce(0) { $0 + $1 * $1 }), "\(extent) \(view)")
      #expect(found.least == elements.min().map(Float.init), "\(extent) \(view)")
      #expect(found.largest == elements.max().map(Float.init), "\(extent) \(view)")
      #expect(found.below == UInt64(elements.count { $0 == 0 }), "\(extent) \(view)")
      #expect(found.above == UInt64(elements.count { $0 == 255 }), "\(extent) \(view)")
      #expect(found.nan_count == 0 && found.infinity_count == 0)
    }
  }

  /// More steps than one sum in 32 bits holds, all at the largest byte.
  @Test(arguments: espalier_isa.available(for: ByteStatisticsParameters.family))
  func `do not overflow`(isa: espalier_isa) throws {
    let count = 16 * 70_000 + 5
    let found = try found(
      [UInt8](repeating: 255, count: count), TestView(contiguous: [count]), [count], isa)
    #expect(found.sum == Double(count) * 255 && found.square_sum == Double(count) * 65_025)
    #expect(found.above == UInt64(count) && found.below == 0 && found.least == 255)
  }

  @Test(arguments: espalier_isa.available(for: ByteStatisticsParameters.family))
  func `of nothing are nothing`(isa: espalier_isa) throws {
    let found = try found([], TestView(contiguous: [3, 0]), [3, 0], isa)
    #expect(found.count == 0 && found.sum == 0 && found.least == .infinity && found.largest == -.infinity)
  }

  @Test func `survive hostile parameters`() {
    var generator = SeededGenerator(state: 52)
    let view = TestView(contiguous: [3, 5, 40])
    let p = ByteStatisticsParameters(
      extent: sixAxes([3, 5, 40], fill: 1), input_stride: view.axes, input_base: 0)
    let block = [UInt8](repeating: 0, count: 64)
    let call = GuardedCall(p, [.bytes(generator.bytes(600)), .bytes(block)])
    let outcome = call.underTest.surviveMutations(count: 2000, using: &generator) { indexCount($0.extent) }
    #expect(outcome.refused > 300 && outcome.ran > 100, "\(outcome)")
  }
}

@Suite("Statistics of floats") struct FloatStatisticsTests {
  private func found(
    _ x: [Float], _ view: TestView, _ extent: [Int], low: Float = -1, high: Float = 1, _ isa: espalier_isa
  ) throws -> KernelStatistics {
    let p = StatisticsParameters(
      extent: sixAxes(extent, fill: 1), input_stride: view.axes, input_base: Int32(view.base), low: low,
      high: high)
    return statistics(try GuardedCall(p, [.floats(x), emptyBlock]).runInExtents(isa)[1])
  }

  /// Sums of 64ths below 2^53 are exact in float64 in whatever order they are added.
  @Test(arguments: espalier_isa.available(for: StatisticsParameters.family))
  func `are those of the view's finite elements, and count the others`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 53)
    for extent in testExtents {
      let view = TestView(random: extent, broadcast: true, using: &generator)
      var x = (0..<view.elementCount).map { _ in Float(Int.random(in: -200...200, using: &generator)) / 64 }
      for value: Float in [.nan, .infinity, -.infinity, .nan] {
        x[Int.random(in: 0..<x.count, using: &generator)] = value
      }
      var elements: [Float] = []
      forEachIndex(extent) { elements.append(x[view.offset($0)]) }
      let numbers = elements.filter(\.isFinite).map(Double.init)
      let found = try found(x, view, extent, low: -2, high: 1.5, isa)
      #expect(found.count == UInt64(elements.count), "\(extent) \(view)")
      #expect(found.sum == numbers.reduce(0, +), "\(extent) \(view)")
      #expect(found.square_sum == numbers.reduce(0) { $0 + $1 * $1 }, "\(extent) \(view)")
      #expect(Double(found.least) == numbers.min() ?? .infinity, "\(extent) \(view)")
      #expect(Double(found.largest) == numbers.max() ?? -.infinity, "\(extent) \(view)")
      #expect(found.below == UInt64(elements.count { $0 < -2 }), "\(extent) \(view)")
      #expect(found.above == UInt64(elements.count { $0 > 1.5 }), "\(extent) \(view)")
      #expect(found.nan_count == UInt64(elements.count(where: \.isNaN)), "\(extent) \(view)")
      #expect(found.infinity_count == UInt64(elements.count(where: \.isInfinite)), "\(extent) \(view)")
    }
  }

  /// Rows of an image with a gap behind each pixel, summed as the definition says.
  @Test(arguments: espalier_isa.available(for: StatisticsParameters.family))
  func `have the definition's bits`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 54)
    for (pixels, channels) in [(1, 1), (9, 3), (40, 20), (7, 33), (50, 130)] {
      let x = generator.floats(pixels * (channels + 3), in: -3e30...3e30)
      var view = TestView(contiguous: [pixels, channels])
      (view.stride, view.elementCount) = ([channels + 3, 1], x.count)
      var (sum, squares) = ([Double](repeating: 0, count: 16), [Double](repeating: 0, count: 16))
      for pixel in 0..<pixels {
        for channel in 0..<channels {
          let value = Double(x[pixel * (channels + 3) + channel])
          sum[channel % 16] += value
          squares[channel % 16] += value * value
        }
      }
      for half in [8, 4, 2, 1] {
        for lane in 0..<half {
          sum[lane] += sum[lane + half]
          squares[lane] += squares[lane + half]
        }
      }
      let found = try found(x, view, [pixels, channels], isa)
      #expect(found.sum == sum[0] && found.square_sum == squares[0], "\(pixels) \(channels)")
    }
  }

  @Test(arguments: espalier_isa.available(for: StatisticsParameters.family))
  func `of no finite element are nothing`(isa: espalier_isa) throws {
    let x: [Float] = [.nan, .infinity, -.infinity]
    let found = try found(x, TestView(contiguous: [3]), [3], isa)
    #expect(
      found.sum == 0 && found.square_sum == 0 && found.least == .infinity && found.largest == -.infinity)
    #expect(found.nan_count == 1 && found.infinity_count == 2 && found.below == 1 && found.above == 1)
    let empty = try self.found([], TestView(contiguous: [0]), [0], isa)
    #expect(empty.count == 0 && empty.nan_count == 0 && empty.infinity_count == 0)
  }

  @Test(arguments: espalier_isa.available(for: StatisticsParameters.family))
  func `know no negative zero`(isa: espalier_isa) throws {
    let found = try found([-0.0, -0.0], TestView(contiguous: [2]), [2], isa)
    #expect(found.least.sign == .plus && found.largest.sign == .plus)
  }

  @Test func `survive hostile parameters`() {
    var generator = SeededGenerator(state: 55)
    let view = TestView(contiguous: [3, 5, 40])
    let p = StatisticsParameters(
      extent: sixAxes([3, 5, 40], fill: 1), input_stride: view.axes, input_base: 0, low: -1, high: 1)
    let call = GuardedCall(p, [.floats(generator.floats(600)), emptyBlock])
    let outcome = call.underTest.surviveMutations(count: 2000, using: &generator) { indexCount($0.extent) }
    #expect(outcome.refused > 300 && outcome.ran > 100, "\(outcome)")
  }
}
