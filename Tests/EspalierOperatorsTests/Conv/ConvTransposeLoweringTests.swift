import EspalierGraph
import EspalierOperators
import Testing

@Suite("ConvTranspose through the kernels") struct ConvTransposeLoweringTests {
  /// Transposed convolutions drawn at random: strides above and below the kernel, dilations, every attribute.
  static let drawn: [(x: Shape, w: Shape, op: ConvTranspose)] = {
    var generator = SeededGenerator(seed: 20_261_122)
    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    return (0..<50).map { _ in
      let groups = pick(1...3)
      let (channels, outputs) = (groups * pick(1...9), pick(1...18))
      var op = ConvTranspose(
        strides: [pick(1...4), pick(1...4)], dilations: [pick(1...3), pick(1...3)],
        pads: (0..<4).map { _ in pick(0...1) }, groups: groups, hasBias: pick(0...1) == 0)
      op.outputPadding = op.strides.map { pick(0...$0 - 1) }
      op.activation = [.identity, .relu, ElementFunction(.sigmoid)].randomElement(using: &generator) ?? .relu
      return (
        [pick(1...2), channels, pick(2...5), pick(2...6)], [channels, outputs, pick(2...4), pick(2...4)], op
      )
    }
  }()

  @Test(arguments: drawn.indices) func `agrees with the definition`(index: Int) throws {
    let (x, w, op) = Self.drawn[index]
    var generator = SeededGenerator(seed: UInt64(index))
    var inputs = [generator.tensor(x), generator.tensor(w)]
    if op.hasBias { inputs.append(generator.tensor([w[1] * op.groups])) }
    try OperatorCase(op, inputs, constants: [1, 2]).expectKernelsAgree()
  }

  @Test func `channels that no window reaches in between hold the activated bias`() throws {
    let op = ConvTranspose(strides: [3, 3], activation: .relu, hasBias: true)
    let node = OperatorCase(
      op,
      [
        .pattern([1, 1, 2, 2]), .pattern([1, 2, 1, 1]), Tensor(shape: [2], floats: [-1, 2]),
      ], constants: [1, 2])
    let output = try node.lowered()[0].floats
    #expect(output[1] == 0 && output[16 + 1] == 2)
    try node.expectKernelsAgree()
  }

  @Test func `refuses pads that leave nothing`() {
    #expect(throws: ShapeError.self) {
      try ConvTranspose(pads: [2, 0, 2, 0]).inferOutputs(
        [TensorType(.float32, [1, 1, 2, 2]), TensorType(.float32, [1, 1, 2, 2])])
    }
  }

  @Test func `mixes channels along axis 1 of its weights, unless each has its own filter`() {
    let x = TensorType(.float32, [1, 4, 2, 2])
    #expect(
      ConvTranspose(groups: 2).channelRule([x, TensorType(.float32, [4, 3, 2, 2])])
        == .mixed(groups: 2, weightOutputAxis: 1))
    #expect(
      ConvTranspose(groups: 4).channelRule([x, TensorType(.float32, [4, 1, 2, 2])]) == .passThrough)
  }
}
