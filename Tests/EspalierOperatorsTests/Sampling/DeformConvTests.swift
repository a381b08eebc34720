import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.
@Suite("DeformConv") struct DeformConvTests {
  /// `.pattern` times a power of two.
  private func scaled(_ shape: Shape, _ seed: Int, modulus: Int, by factor: Float) -> Tensor {
    .floats(Tensor.pattern(shape, seed, modulus: modulus).floats.map { $0 * factor }, shape: shape)
  }

  private func hold(_ op: DeformConv, _ inputs: [Tensor], constants: Set<Int>, _ expected: Tensor) throws {
    expectClose(op.evaluate(inputs)[0], expected)
    let node = OperatorCase(op, inputs, constants: constants)
    expectClose(try node.lowered()[0], expected)
    try node.expectKernelsAgree()
  }

  @Test func `moves the taps of each offset group, in groups, with a bias`() throws {
    let op = DeformConv(
      strides: [2, 1], pads: [1, 0, 1, 1], groups: 2, offsetGroups: 2, hasBias: true)
    let expected: [Float] = [
      -0.125, 15.625, 3.25, -4.5, 9.375, -31.125, 2.875, 11.25, -5.125, 15.5, 4.875, -28.75, -2.25, 4.75, 7,
      18.375, 11.875, -34.875, -22.375, 6.125, -16.125, 5.75, 0.3125, -21.125,
    ]
    let inputs: [Tensor] = [
      .pattern([1, 4, 4, 5]), .pattern([2, 2, 2, 3], 1), scaled([1, 24, 3, 4], 2, modulus: 13, by: 0.25),
      .floats([0.5, -1]),
    ]
    try hold(op, inputs, constants: [1, 3], .floats(expected, shape: [1, 2, 3, 4]))
    try hold(op, inputs, constants: [0, 1, 3], .floats(expected, shape: [1, 2, 3, 4]))
  }

  @Test func `multiplies what a tap reads with its mask`() throws {
    let op = DeformConv(
      strides: [2, 1], pads: [1, 0, 1, 1], groups: 2, offsetGroups: 2, hasBias: true, hasMask: true)
    let expected: [Float] = [
      2.375, 3.40625, 0.5625, -13.875, 6.23438, 6.01562, -1.54688, 2.5625, 1.90625, 6.96875, 3.67188, 8.84375,
      -1.71875, -2.6875, 1.4375, -3.8125, 3.04688, -12.7344, -0.515625, 2.01562, -0.1875, 0.75, 1.09375,
      -10.0781,
    ]
    let inputs: [Tensor] = [
      .pattern([1, 4, 4, 5]), .pattern([2, 2, 2, 3], 1), scaled([1, 24, 3, 4], 2, modulus: 13, by: 0.25),
      .floats([0.5, -1]), scaled([1, 12, 3, 4], 3, modulus: 11, by: 0.125),
    ]
    try hold(op, inputs, constants: [1, 3], .floats(expected, shape: [1, 2, 3, 4]))
  }

  @Test func `reads 0 beyond the borders`() throws {
    let op = DeformConv(dilations: [3, 1], pads: [2, 1, 2, 1])
    let expected: [Float] = [
      -26.875, 13.5625, 20.5, -28.75, -4.75, -16.25, -50.875, 11, 30.5, 1.625, -0.375, -11.125, -17.625,
      25.25, -20, -6.5, -6.125, -2.25, 11.375, 1.875, 1.625, -33.375, -5.125, 21.25, -5, -4.5, -7, 14.25, 5,
      -18.25, -7, -27.5, 27.75, 15.625, -33.5, 28, 2.375, -31.375, 1.25, 11.5, -18, 6.5, 7.75, -11.125, 10.25,
      -16.5, 7.875, 23.125, -6.25, -9.75,
    ]
    let inputs: [Tensor] = [
      .pattern([1, 4, 4, 5]), .pattern([2, 4, 2, 3], 1), scaled([1, 12, 5, 5], 2, modulus: 13, by: 0.25),
    ]
    try hold(op, inputs, constants: [1], .floats(expected, shape: [1, 2, 5, 5]))
  }

  @Test func `is a convolution where no tap moves`() throws {
    var generator = SeededGenerator(seed: 8)
    let x = generator.tensor([2, 6, 7, 9])
    let w = generator.tensor([5, 6, 3, 3])
    let zeros = Tensor(shape: [2, 18, 4, 5], floats: [Float](repeating: 0, count: 2 * 18 * 20))
    let expected = Conv(strides: [2, 2], pads: [1, 1, 1, 1]).evaluate([x, w])[0]
    try hold(
      DeformConv(strides: [2, 2], pads: [1, 1, 1, 1]), [x, w, zeros], constants: [1], expected)
  }

  @Test func `is refused where its weights come from the frame`() throws {
    let node = OperatorCase(
      DeformConv(), [.counting([1, 1, 2, 2]), .counting([1, 1, 1, 1]), .counting([1, 2, 2, 2])])
    #expect(throws: LoweringError.self) { try node.lowered() }
  }

  @Test func `refuses inputs that do not fit`() throws {
    let (x, w) = (TensorType(.float32, [1, 4, 5, 5]), TensorType(.float32, [2, 4, 3, 3]))
    let right = TensorType(.float32, [1, 18, 3, 3])
    #expect(try DeformConv().inferOutputs([x, w, right])[0].shape == [1, 2, 3, 3])
    #expect(throws: ShapeError.self) {
      try DeformConv().inferOutputs([x, w, TensorType(.float32, [1, 9, 3, 3])])
    }
    #expect(throws: ShapeError.self) { try DeformConv(offsetGroups: 3).inferOutputs([x, w, right]) }
    #expect(throws: ShapeError.self) { try DeformConv(hasMask: true).inferOutputs([x, w, right, right]) }
  }
}
