import EspalierGraph
import EspalierOperators
import Testing

@Suite("What BatchNormalization refuses") struct BatchNormalizationRuleTests {
  private func node(
    _ opset: Int, _ attributes: [String: AttributeValue], outputs: Int = 1
  ) -> ImportCase {
    let channel = Tensor(shape: [2], floats: [1, 2])
    return ImportCase(
      "BatchNormalization", opset: opset, attributes,
      [.frame(.pattern([1, 2, 2, 2]))] + (0..<4).map { _ in .known(channel) }, outputCount: outputs)
  }

  @Test func `a node in training mode`() {
    #expect(throws: ImportError.self) { try node(15, ["training_mode": .int(1)]).graph() }
    #expect(throws: Never.self) { try node(15, ["training_mode": .int(0)]).graph() }
  }

  @Test func `a node that gives batch statistics, which before opset 14 says that it trains`() {
    #expect(throws: ImportError.self) { try node(9, [:], outputs: 5).graph() }
  }

  @Test func `statistics per activation, as opset 7 had them`() {
    #expect(throws: ImportError.self) { try node(7, ["spatial": .int(0)]).graph() }
  }

  @Test func `parameters for another number of channels`() {
    let channel = TensorType(.float32, [3])
    #expect(throws: ShapeError.extent(input: 1, axis: 0, expected: 2, found: channel)) {
      try BatchNormalization().inferOutputs(
        [TensorType(.float32, [1, 2, 2, 2])] + [channel, channel, channel, channel])
    }
  }
}
