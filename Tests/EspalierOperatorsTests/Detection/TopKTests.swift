import EspalierGraph
import EspalierOperators
import Testing

@Suite("TopK") struct TopKTests {
  private func node(
    _ x: Tensor, k: Int64, _ attributes: [String: AttributeValue] = [:], opset: Int = 11
  ) -> ImportCase {
    ImportCase("TopK", opset: opset, attributes, [.frame(x), .known(.integers([k]))], outputCount: 2)
  }

  @Test func `gives the largest in falling order, of equals the first`() throws {
    try expect(
      node(.floats([3, 1, 4, 1, 5, 9, 2, 6, 5, 3]), k: 5),
      gives: [.floats([9, 6, 5, 5, 4]), .integers([5, 7, 4, 8, 2])])
  }

  @Test func `gives the smallest in rising order, of equals the first`() throws {
    try expect(
      node(.floats([3, 1, 4, 1, 5, 9, 2, 6, 5, 3]), k: 5, ["largest": .int(0), "sorted": .int(0)]),
      gives: [.floats([1, 1, 2, 3, 3]), .integers([1, 3, 6, 0, 9])])
  }

  @Test func `puts NaN behind all numbers, and tells no zeros apart`() throws {
    let x = Tensor.floats([.nan, 0, -0.0, 1, .infinity, -.infinity, .nan])
    try expect(
      node(x, k: 7),
      gives: [.floats([.infinity, 1, 0, 0, -.infinity, .nan, .nan]), .integers([4, 3, 1, 2, 5, 0, 6])])
    try expect(
      node(x, k: 7, ["largest": .int(0)]),
      gives: [.floats([-.infinity, 0, 0, 1, .infinity, .nan, .nan]), .integers([5, 1, 2, 3, 4, 0, 6])])
  }

  @Test func `runs along any axis`() throws {
    let x = Tensor.floats([1, 5, 3, 4, 2, 6], shape: [2, 3])
    try expect(
      node(x, k: 1, ["axis": .int(0)]),
      gives: [.floats([4, 5, 6], shape: [1, 3]), .integers([1, 0, 1], shape: [1, 3])])
    try expect(
      node(x, k: 2, ["axis": .int(-1)]),
      gives: [.floats([5, 3, 6, 4], shape: [2, 2]), .integers([1, 2, 2, 0], shape: [2, 2])])
  }

  @Test func `knows nothing to choose, and everything`() throws {
    try expect(
      node(.counting([2, 3]), k: 0),
      gives: [.floats([], shape: [2, 0]), .integers([], shape: [2, 0])])
    try expect(
      node(.floats([2], shape: [1]), k: 1), gives: [.floats([2]), .integers([0])])
  }

  @Test func `takes k as an attribute before opset 10`() throws {
    let node = ImportCase(
      "TopK", opset: 9, ["k": .int(2)], [.frame(.floats([1, 3, 2]))], outputCount: 2)
    try expect(node, gives: [.floats([3, 2]), .integers([1, 2])])
  }

  @Test func `orders integers of every type`() throws {
    let x = Tensor(shape: [3], element: .uint64, integers: [1, -1, 2])
    #expect(try TopK(axis: 0, count: 2).evaluate([x])[1].integers == [1, 2])
    try expect(
      node(.integers([-5, 7, 0], .int32), k: 2), gives: [.integers([7, 0], .int32), .integers([1, 2])])
  }

  @Test(arguments: [true, false])
  func `agrees with the definition on any shape, with many equals`(largest: Bool) throws {
    var generator = SeededGenerator(seed: 9)
    for (shape, axis) in [
      ([300], 0), ([7, 33], 1), ([7, 33], 0), ([2, 5, 6, 7], 1), ([2, 5, 6, 7], 3), ([2, 3, 2, 3, 2, 4], 2),
    ] {
      let elements = (0..<shape.elementCount).map { _ in Float(Int.random(in: -4...4, using: &generator)) }
      for count in Set([1, 2, shape[axis] / 2, shape[axis]]) {
        let op = TopK(axis: axis, count: count, largest: largest)
        try OperatorCase(op, [.floats(elements, shape: shape)]).expectKernelsAgree(tolerance: 0)
      }
    }
  }

  @Test func `refuses more than there is`() {
    #expect(throws: ShapeError.self) { try TopK(axis: 0, count: 4).inferOutputs([TensorType(.float32, [3])]) }
    #expect(throws: ShapeError.self) {
      try TopK(axis: 0, count: -1).inferOutputs([TensorType(.float32, [3])])
    }
    #expect(throws: ShapeError.self) { try TopK(axis: 1, count: 1).inferOutputs([TensorType(.float32, [3])]) }
  }
}
