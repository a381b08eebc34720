import Testing

@testable import EspalierPasses

@Suite("Quantizing the weights of a filter") struct WeightQuantizerTests {
  @Test func `finds the scale of weights that lie on a grid`() {
    let weights = [-127, 64, 3, 0, 100].map { Float($0) * 0.03125 }
    let found = WeightQuantizer().quantize(weights, outputs: 1, importance: [1, 1, 1, 1, 1])
    #expect(found.scales == [0.03125])
    #expect(found.elements == [-127, 64, 3, 0, 100])
  }

  @Test func `gives every output channel a scale of its own`() {
    let found = WeightQuantizer().quantize([127, 1, 12.7, 0.1], outputs: 2, importance: [1, 1])
    #expect(found.scales[0] == 1)
    #expect(abs(found.scales[1] - 0.1) < 1e-6)
    #expect(found.elements == [127, 1, 127, 1])
  }

  @Test(arguments: [Float(0), .leastNonzeroMagnitude * 7]) func `keeps a filter of nothing at 0`(
    weight: Float
  ) {
    let found = WeightQuantizer().quantize([weight, -weight, 0], outputs: 1, importance: [1, 1, 1])
    #expect(found.elements == [0, 0, 0])
    #expect(found.scales == [1])
  }

  /// A large weight that meets silence may be cut off for the sake of those that meet signals.
  @Test func `spends its steps where signals are`() {
    var (weights, importance) = ([Float(10)], [Float(1e-6)])
    for index in 0..<64 {
      weights.append(5 * Float(index % 17 - 8) / 8.3)
      importance.append(1)
    }
    func error(_ scale: Float) -> Float {
      zip(weights, importance).reduce(0) { sum, pair in
        let step = min(max((pair.0 / scale).rounded(), -127), 127)
        return sum + pair.1 * (pair.0 - step * scale) * (pair.0 - step * scale)
      }
    }
    let found = WeightQuantizer().quantize(weights, outputs: 1, importance: importance)
    #expect(found.scales[0] < 10 / 127)
    #expect(found.elements[0] == 127)
    #expect(error(found.scales[0]) < error(10 / 127))
  }

  @Test func `never leaves the limit`() {
    let weights = (0..<1_000).map { Float(($0 * 7_919) % 2_001 - 1_000) / 77 }
    let found = WeightQuantizer(limit: 63).quantize(
      weights, outputs: 4, importance: [Float](repeating: 1, count: 250))
    #expect(found.elements.allSatisfy { -63...63 ~= $0 })
  }
}
