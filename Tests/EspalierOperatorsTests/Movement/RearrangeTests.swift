import EspalierGraph
import EspalierOperators
import Testing

/// Expected values come from ONNX's reference evaluator 1.23 and ONNX Runtime 1.31.
@Suite("DepthToSpace, SpaceToDepth, Expand and Tile") struct RearrangeTests {
  @Test(
    arguments: [
      ("DCR", [0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15]),
      ("CRD", [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15]),
    ] as [(String, [Float])])
  func `DepthToSpace takes the block from the outer or the inner channels`(
    mode: String, expected: [Float]
  ) throws {
    let node = ImportCase(
      "DepthToSpace", ["blocksize": .int(2), "mode": .string(mode)], [.frame(.counting([1, 8, 1, 2]))])
    let expected = Tensor(shape: [1, 2, 2, 4], floats: expected)
    #expect(try node.evaluated() == [expected])
    #expect(try node.lowered() == [expected])
  }

  @Test func `SpaceToDepth puts blocks into the outer channels`() throws {
    let node = ImportCase("SpaceToDepth", ["blocksize": .int(2)], [.frame(.counting([1, 2, 2, 2]))])
    let expected = Tensor(shape: [1, 8, 1, 1], floats: [0, 4, 1, 5, 2, 6, 3, 7])
    #expect(try node.evaluated() == [expected])
    #expect(try node.lowered() == [expected])
  }

  @Test(arguments: [DepthToSpace.Mode.depthColumnRow, .columnRowDepth])
  func `blocks of 3 agree with the kernels in one copy and the output's`(mode: DepthToSpace.Mode) throws {
    var generator = SeededGenerator(seed: 9)
    let node = OperatorCase(DepthToSpace(blockSize: 3, mode: mode), [generator.tensor([2, 18, 3, 5])])
    try node.expectKernelsAgree(tolerance: 0)
    #expect(try LoweredExecutor(node.graph()).families == [7, 7])
    try OperatorCase(SpaceToDepth(blockSize: 3), [generator.tensor([2, 5, 6, 9])])
      .expectKernelsAgree(tolerance: 0)
  }

  @Test func `blocks that do not divide are refused`() {
    #expect(throws: ShapeError.self) {
      try DepthToSpace(blockSize: 2).inferOutputs([TensorType(.float32, [1, 6, 2, 2])])
    }
    #expect(throws: ShapeError.self) {
      try SpaceToDepth(blockSize: 0).inferOutputs([TensorType(.float32, [1, 6, 2, 2])])
    }
  }

  @Test func `channels of one block stand or fall together`() {
    let map = [TensorType(.float32, [1, 8, 2, 2])]
    #expect(DepthToSpace(blockSize: 2).channelRule(map) == .merged([[0, 2, 4, 6], [1, 3, 5, 7]]))
    #expect(
      DepthToSpace(blockSize: 2, mode: .columnRowDepth).channelRule(map)
        == .merged([[0, 1, 2, 3], [4, 5, 6, 7]]))
    #expect(
      SpaceToDepth(blockSize: 2).channelRule([TensorType(.float32, [1, 2, 2, 2])])
        == .selected([[0, 1, 0, 1, 0, 1, 0, 1]]))
  }

  @Test func `Expand broadcasts both ways`() throws {
    let node = ImportCase("Expand", [:], [.frame(.counting([3, 1])), .known(.integers([2, 1, 2]))])
    let expected = Tensor(shape: [2, 3, 2], floats: [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2])
    #expect(try node.evaluated() == [expected])
    #expect(try node.lowered() == [expected])
    #expect(throws: ImportError.self) {
      try ImportCase("Expand", [:], [.frame(.counting([3])), .known(.integers([2]))]).graph()
    }
  }

  @Test func `Expand that changes nothing leaves no node`() throws {
    let node = ImportCase("Expand", [:], [.frame(.counting([3, 2])), .known(.integers([1, 2]))])
    #expect(try node.graph().nodes.isEmpty)
  }

  @Test func `Tile repeats whole axes`() throws {
    let node = ImportCase("Tile", [:], [.frame(.counting([1, 2, 2])), .known(.integers([2, 1, 2]))])
    let expected = Tensor(
      shape: [2, 2, 4], floats: [0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3])
    #expect(try node.evaluated() == [expected])
    #expect(try node.lowered() == [expected])
  }

  @Test(arguments: [[1, 1, 1, 1], [2, 3, 1, 2], [1, 0, 1, 1], [3, 1, 1, 1]])
  func `Tile of a feature map agrees with the kernels`(repeats: [Int]) throws {
    var generator = SeededGenerator(seed: 10)
    try OperatorCase(Tile(repeats: repeats), [generator.tensor([1, 3, 4, 5])])
      .expectKernelsAgree(tolerance: 0)
  }

  @Test(arguments: [[1], [1, -1], [1 << 40, 1 << 40]])
  func `Tile refuses repeats that do not fit`(repeats: [Int]) {
    #expect(throws: ShapeError.self) {
      try Tile(repeats: repeats).inferOutputs([TensorType(.float32, [2, 2])])
    }
  }
}
