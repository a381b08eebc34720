import EspalierGraph
import EspalierOperators
import Testing

@Suite("What poolings refuse and how they answer") struct PoolRuleTests {
  @Test func `refuses a window larger than the padded input`() {
    let node = ImportCase(
      "MaxPool", ["kernel_shape": .ints([4, 2])], [.frame(.pattern([1, 1, 3, 3]))])
    #expect(throws: ImportError.self) { try node.graph() }
  }

  @Test func `refuses a node without kernel_shape`() {
    #expect(throws: ImportError.self) {
      try ImportCase("AveragePool", [:], [.frame(.pattern([1, 1, 3, 3]))]).graph()
    }
  }

  @Test func `refuses an auto_pad that ONNX does not know`() {
    let node = ImportCase(
      "MaxPool", ["kernel_shape": .ints([2, 2]), "auto_pad": .string("SAME")],
      [.frame(.pattern([1, 1, 3, 3]))])
    #expect(throws: ImportError.self) { try node.graph() }
  }

  @Test func `refuses the mean of integers`() {
    let integers = Tensor(shape: [1, 1, 2, 2], element: .uint8, integers: [1, 2, 3, 4])
    #expect(throws: ImportError.self) {
      try ImportCase("AveragePool", ["kernel_shape": .ints([2, 2])], [.frame(integers)]).graph()
    }
  }

  @Test func `a NaN wins over every number`() throws {
    let x = Tensor(shape: [1, 1, 1, 3], floats: [3, .nan, 5])
    let pool = ImportCase("MaxPool", ["kernel_shape": .ints([1, 2])], [.frame(x)])
    #expect(try pool.evaluated()[0].floats.allSatisfy(\.isNaN))
    #expect(try pool.lowered()[0].floats.allSatisfy(\.isNaN))
  }

  @Test func `channels pass through, indices bar them`() {
    let input = [TensorType(.float32, [1, 3, 4, 4])]
    #expect(MaxPool(kernel: [2, 2], strides: [1, 1]).channelRule(input) == .passThrough)
    guard case .barrier = MaxPool(kernel: [2, 2], strides: [1, 1], givesIndices: true).channelRule(input)
    else { return #expect(Bool(false), "positions among all channels survive no cut") }
  }

  /// Channels below, at and above a vector, batches, and pads that reach a whole window.
  @Test(arguments: [1, 7, 8, 9, 17], [0, 1, 2])
  func `kernels agree with the definition`(channels: Int, pad: Int) throws {
    var generator = SeededGenerator(seed: UInt64(channels * 3 + pad))
    let x = generator.tensor([2, channels, 7, 8])
    let pads = [pad, 0, 1, pad]
    let pools: [any LowerableOperator] = [
      MaxPool(kernel: [3, 3], strides: [2, 1], pads: pads, roundsUp: true),
      AveragePool(kernel: [3, 3], strides: [2, 1], pads: pads, countsPadding: pad == 1),
      LpPool(p: 2, kernel: [3, 3], strides: [1, 2], pads: pads),
      MaxPool(kernel: [2, 2], strides: [1, 1], dilations: [2, 3], pads: pads),
    ]
    for pool in pools { try OperatorCase(pool, [x]).expectKernelsAgree() }
  }
}
