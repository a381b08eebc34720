import EspalierGraph
import EspalierOperators
import Testing

@Suite("Gather") struct GatherTests {
  /// numpy: take(arange(24).reshape(2,3,4), [2,0,0], 1)
  static let taken = Tensor(
    shape: [2, 3, 4],
    floats: [
      8, 9, 10, 11, 0, 1, 2, 3, 0, 1, 2, 3, 20, 21, 22, 23, 12, 13, 14, 15, 12, 13, 14, 15,
    ])

  @Test func `takes known indices, negative ones from the end`() throws {
    let node = ImportCase(
      "Gather", ["axis": .int(-2)], [.frame(.counting([2, 3, 4])), .known(.integers([-1, 0, -3]))])
    #expect(try node.evaluated() == [Self.taken])
    #expect(try node.lowered() == [Self.taken])
  }

  @Test func `takes indices of the frame`() throws {
    let node = ImportCase(
      "Gather", ["axis": .int(1)], [.frame(.counting([2, 3, 4])), .frame(.integers([2, 0, 0]))])
    #expect(try node.evaluated() == [Self.taken])
    #expect(try node.lowered() == [Self.taken])
    let bad = ImportCase("Gather", [:], [.frame(.counting([2])), .frame(.integers([2]))])
    #expect(throws: EvaluationError.indexOutOfRange(2, limit: 2)) { try bad.evaluated() }
  }

  @Test(arguments: [[], [5], [2, 3], [0]] as [Shape], 0..<4)
  func `takes indices of the frame along any axis of a feature map`(shape: Shape, axis: Int) throws {
    var generator = SeededGenerator(seed: 13)
    let x = generator.tensor([2, 3, 4, 5])
    let extent = Int64(x.shape[axis])
    let indices = (0..<shape.elementCount).map { _ in Int64.random(in: -extent..<extent, using: &generator) }
    try OperatorCase(Gather(axis: axis), [x, .integers(indices, shape: shape)])
      .expectKernelsAgree(tolerance: 0)
  }

  @Test func `an index of the frame outside of the axis gives 0 at run time`() throws {
    let node = OperatorCase(
      Gather(axis: 0), [.floats([1, 2, 3, 4, 5, 6], shape: [3, 2]), .integers([-3, -4, 2, 3])])
    #expect(try node.lowered()[0].floats == [1, 2, 0, 0, 5, 6, 0, 0])
  }

  @Test func `refuses a known index outside the axis`() {
    let node = ImportCase("Gather", [:], [.frame(.counting([2])), .known(.integers([-3]))])
    #expect(throws: ImportError.self) { try node.graph() }
  }

  /// A scalar index drops the axis; evenly spaced ones are a window; others are gathered.
  @Test(arguments: [
    ([], [1]), ([3], [0, 1, 2]), ([2], [3, 1]), ([4], [1, 1, 1, 1]), ([3], [0, 3, 1]),
    ([2, 2], [0, 3, 1, 2]),
    ([2, 2], [0, 1, 2, 3]), ([0], []),
  ])
  func `of a feature map agrees with the kernels on every axis`(shape: Shape, indices: [Int]) throws {
    var generator = SeededGenerator(seed: 4)
    let x = generator.tensor([4, 4, 5, 4])
    for axis in 0..<4 {
      let op = Gather(axis: axis, table: Gather.Table(shape: shape, indices: indices))
      try OperatorCase(op, [x]).expectKernelsAgree(tolerance: 0)
    }
  }

  @Test func `by a constant index copies nothing but the output`() throws {
    let op = Gather(axis: 1, table: Gather.Table(shape: [], indices: [1]))
    let executor = try LoweredExecutor(OperatorCase(op, [.counting([1, 2, 3, 4])]).graph())
    #expect(executor.families == [7])
  }

  @Test func `selects channels by a vector on axis 1`() {
    let map = [TensorType(.float32, [1, 3, 2, 2])]
    let vector = Gather.Table(shape: [2], indices: [-1, 0])
    #expect(Gather(axis: 1, table: vector).channelRule(map) == .selected([[2, 0]]))
    #expect(Gather(axis: 2, table: vector).channelRule(map) == .passThrough)
    let scalar = Gather.Table(shape: [], indices: [0])
    #expect(
      Gather(axis: 1, table: scalar).channelRule(map) == .barrier(reason: "Gather moves the channel axis"))
  }
}
