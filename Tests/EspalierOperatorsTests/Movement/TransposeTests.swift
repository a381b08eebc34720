import EspalierGraph
import EspalierOperators
import Testing

@Suite("Transpose") struct TransposeTests {
  @Test func `reverses the axes without perm`() throws {
    let node = ImportCase("Transpose", [:], [.frame(.counting([2, 3]))])
    #expect(try node.evaluated() == [Tensor(shape: [3, 2], floats: [0, 3, 1, 4, 2, 5])])
  }

  /// numpy: arange(24).reshape(2,3,4).transpose(2,0,1)
  @Test func `puts axis perm[i] at i`() throws {
    let node = ImportCase("Transpose", ["perm": .ints([2, 0, 1])], [.frame(.counting([2, 3, 4]))])
    let expected = Tensor(
      shape: [4, 2, 3],
      floats: [
        0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23,
      ])
    #expect(try node.evaluated() == [expected])
    #expect(try node.lowered() == [expected])
  }

  @Test(arguments: [
    [0, 2, 3, 1], [3, 1, 0, 2], [0, 3, 1, 4, 2], [0, 3, 4, 1, 5, 2], [6, 5, 4, 3, 2, 1, 0],
    [7, 6, 5, 4, 3, 2, 1, 0],
  ])
  func `of any rank agrees with the kernels`(permutation: [Int]) throws {
    var generator = SeededGenerator(seed: 5)
    let x = generator.tensor(permutation.indices.map { 2 + $0 % 2 })
    try OperatorCase(Transpose(permutation: permutation), [x]).expectKernelsAgree(tolerance: 0)
  }

  @Test func `refuses what is no permutation`() {
    #expect(throws: ShapeError.self) {
      try Transpose(permutation: [0, 0]).inferOutputs([TensorType(.float32, [2, 2])])
    }
    #expect(throws: ShapeError.self) {
      try Transpose(permutation: [1, 0]).inferOutputs([TensorType(.float32, [2])])
    }
  }

  @Test func `lets channels pass only where it leaves them in place`() {
    let map = [TensorType(.float32, [1, 2, 3, 4])]
    #expect(Transpose(permutation: [0, 1, 3, 2]).channelRule(map) == .passThrough)
    #expect(
      Transpose(permutation: [0, 2, 3, 1]).channelRule(map)
        == .barrier(reason: "Transpose moves the channel axis"))
  }
}
