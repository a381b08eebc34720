import EspalierGraph
import EspalierOperators
import Testing

@Suite("GridSample") struct GridSampleTests {
  private func hold(_ golden: GridSampleGolden, _ x: Tensor, _ grid: Tensor, _ shape: Shape) throws {
    let expected = Tensor.floats(golden.output, shape: shape)
    expectClose(golden.op.evaluate([x, grid])[0], expected)
    for constants: Set<Int> in [[], [1], [0]] {
      let node = OperatorCase(golden.op, [x, grid], constants: constants)
      expectClose(try node.lowered()[0], expected)
      try node.expectKernelsAgree()
    }
  }

  @Test(arguments: GridSampleGolden.images)
  func `gives what ONNX Runtime gives of an image`(golden: GridSampleGolden) throws {
    let grid = Tensor.floats(GridSampleGolden.imageGrid, shape: [1, 3, 2, 2])
    try hold(golden, .pattern([1, 2, 3, 4]), grid, [1, 2, 3, 2])
  }

  @Test(arguments: GridSampleGolden.volumes)
  func `gives what ONNX Runtime gives of a volume`(golden: GridSampleGolden) throws {
    let grid = Tensor.floats(GridSampleGolden.volumeGrid, shape: [1, 1, 1, 3, 3])
    try hold(golden, .pattern([1, 2, 2, 2, 3]), grid, [1, 2, 1, 1, 3])
  }

  @Test(arguments: GridSampleGolden.images)
  func `agrees with the definition whatever the channels and the grid`(golden: GridSampleGolden) throws {
    var generator = SeededGenerator(seed: 3)
    for channels in [1, 3, 16, 35] {
      let places = (0..<2 * 9 * 7 * 2).map { _ in Float.random(in: -3..<3, using: &generator) }
      try OperatorCase(
        golden.op, [generator.tensor([2, channels, 6, 5]), .floats(places, shape: [2, 9, 7, 2])]
      ).expectKernelsAgree()
    }
  }

  @Test(arguments: GridSampleGolden.images)
  func `reads no memory for a place that is no number, and 0 is what it gives`(golden: GridSampleGolden)
    throws
  {
    let places: [Float] = [.nan, 0, 0, .nan, .infinity, .nan, 3e38, .nan]
    let node = OperatorCase(golden.op, [.pattern([1, 1, 3, 4]), .floats(places, shape: [1, 1, 4, 2])])
    #expect(try node.op.evaluate(node.inputs)[0].floats == [0, 0, 0, 0])
    try node.expectKernelsAgree()
    let far: [Float] = [.infinity, 0, -.infinity, 3e38, -3e38, .infinity, 1e9, -1e9]
    try OperatorCase(golden.op, [.pattern([1, 1, 3, 4]), .floats(far, shape: [1, 1, 4, 2])])
      .expectKernelsAgree()
  }

  @Test(arguments: GridSampleGolden.images)
  func `knows maps of one element`(golden: GridSampleGolden) throws {
    let places: [Float] = [0, 0, 0.4, -0.9, 1.5, 0, -7, 3]
    try OperatorCase(golden.op, [.floats([4], shape: [1, 1, 1, 1]), .floats(places, shape: [1, 1, 4, 2])])
      .expectKernelsAgree()
  }

  @Test func `reads the older names of its modes`() throws {
    func op(_ attributes: [String: AttributeValue]) throws -> GridSample? {
      let node = ImportCase(
        "GridSample", opset: 16, attributes,
        [.frame(.counting([1, 1, 2, 2])), .frame(.counting([1, 1, 1, 2]))])
      return try node.graph().nodes.first?.op as? GridSample
    }
    #expect(try op([:]) == GridSample(mode: .linear, padding: .zeros, alignsCorners: false))
    #expect(
      try op(["mode": .string("bicubic"), "padding_mode": .string("border"), "align_corners": .int(1)])
        == GridSample(mode: .cubic, padding: .border, alignsCorners: true))
    #expect(throws: ImportError.self) { try op(["mode": .string("area")]) }
  }

  @Test func `refuses inputs that do not fit`() throws {
    let op = GridSample()
    let x = TensorType(.float32, [1, 2, 3, 4])
    #expect(throws: ShapeError.self) { try op.inferOutputs([x, TensorType(.float32, [1, 5, 5, 3])]) }
    #expect(throws: ShapeError.self) { try op.inferOutputs([x, TensorType(.float32, [2, 5, 5, 2])]) }
    #expect(throws: ShapeError.self) {
      try op.inferOutputs([TensorType(.float32, [1, 2, 0, 4]), TensorType(.float32, [1, 5, 5, 2])])
    }
    let volume = [TensorType(.float32, [1, 2, 3, 4, 5]), TensorType(.float32, [1, 5, 5, 5, 3])]
    #expect(throws: ShapeError.self) { try GridSample(mode: .cubic).inferOutputs(volume) }
    #expect(try op.inferOutputs(volume)[0].shape == [1, 2, 5, 5, 5])
  }
}
