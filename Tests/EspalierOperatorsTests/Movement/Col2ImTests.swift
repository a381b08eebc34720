import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31, of `.pattern`.
@Suite("Col2Im") struct Col2ImTests {
  private func node(
    _ columns: Shape, image: [Int64], block: [Int64], _ attributes: [String: AttributeValue]
  ) -> ImportCase {
    ImportCase(
      "Col2Im", opset: 18, attributes,
      [.frame(.pattern(columns)), .known(.integers(image)), .known(.integers(block))])
  }

  @Test func `adds blocks up where they overlap`() throws {
    try expect(
      node(
        [1, 8, 9], image: [6, 5], block: [2, 2], ["strides": .ints([2, 1]), "dilations": .ints([1, 2])]),
      gives: [
        .floats(
          [
            -5, 2, 3, 3, -1, -5, 2, -4, 3, -1, 5, 1, -6, 2, -2, -4, 3, -4, 4, 0, -5, 2, -6, 3, -1, -5, 4, -4,
            3, 1, -3, 4, -2, 5, 1, -3, -5, 0, 5, 3, -4, 5, -2, 4, 2, -2, 5, 0, -5, 2, -3, 4, -2, 5, 1, -1, -5,
            0, -4, 3,
          ], shape: [1, 2, 6, 5])
      ])
  }

  @Test func `drops what lies in the padding`() throws {
    try expect(
      node(
        [2, 6, 9], image: [4, 3], block: [3, 2], ["strides": .ints([2, 1]), "pads": .ints([1, 1, 2, 0])]),
      gives: [
        .floats(
          [-2, 3, -1, -2, 6, -1, 0, 3, 0, 0, 6, 1, -5, -2, 3, 1, -2, 7, -5, 0, 4, -10, 0, 7],
          shape: [2, 1, 4, 3])
      ])
  }

  @Test func `knows one axis and three`() throws {
    try expect(
      node([1, 3, 4], image: [6], block: [3], ["strides": .ints([2]), "pads": .ints([1, 2])]),
      gives: [.floats([1, 0, -1, 3, -5, 8], shape: [1, 1, 6])])
    try expect(
      node([1, 8, 8], image: [3, 3, 3], block: [2, 2, 2], [:]),
      gives: [
        .floats(
          [-5, 0, 5, 1, 2, 3, -5, 2, -4, 1, -5, 3, -5, 3, -3, 5, -1, 5, -3, 4, -2, 5, 1, -4, -3, -3, -2],
          shape: [1, 1, 3, 3, 3])
      ])
  }

  @Test func `agrees with the definition whatever the blocks`() throws {
    for (image, block, strides, dilations, pads) in [
      ([9, 11], [3, 2], [1, 1], [2, 3], [2, 0, 1, 1]), ([9, 11], [4, 4], [4, 5], [1, 1], [0, 0, 3, 3]),
      ([5, 5], [3, 3], [1, 2], [1, 1], [4, 2, 0, 2]), ([7], [2], [3], [5], [0, 0]),
    ] {
      let positions = image.indices.map {
        (image[$0] + pads[$0] + pads[image.count + $0] - (block[$0] - 1) * dilations[$0] - 1) / strides[$0]
          + 1
      }
      var generator = SeededGenerator(seed: 4)
      let columns = generator.tensor([2, 3 * block.reduce(1, *), positions.reduce(1, *)])
      let op = Col2Im(image: image, block: block, strides: strides, dilations: dilations, pads: pads)
      try OperatorCase(op, [columns]).expectKernelsAgree(tolerance: 0)
    }
  }

  @Test func `refuses columns that do not fit`() {
    let op = Col2Im(image: [4, 4], block: [2, 2], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0])
    #expect(throws: ShapeError.self) { try op.inferOutputs([TensorType(.float32, [1, 7, 9])]) }
    #expect(throws: ShapeError.self) { try op.inferOutputs([TensorType(.float32, [1, 8, 8])]) }
    #expect(throws: ShapeError.self) { try op.inferOutputs([TensorType(.float32, [8, 9])]) }
  }
}
