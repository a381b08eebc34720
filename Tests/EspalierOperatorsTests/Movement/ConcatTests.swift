import EspalierGraph
import EspalierOperators
import Testing

@Suite("Concat") struct ConcatTests {
  @Test func `joins along any axis`() throws {
    let (a, b) = (Tensor.counting([2, 1, 2]), Tensor.counting([2, 2, 2]))
    let expected = Tensor(shape: [2, 3, 2], floats: [0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 6, 7])
    #expect(try Concat(axis: 1).evaluate([a, b]) == [expected])
    let node = ImportCase("Concat", ["axis": .int(-2)], [.frame(a), .frame(b)])
    #expect(try node.evaluated() == [expected])
    #expect(try node.lowered() == [expected])
  }

  @Test(arguments: 0..<4) func `of feature maps agrees with the kernels`(axis: Int) throws {
    var generator = SeededGenerator(seed: 3)
    let shapes = [1, 3, 2].map { extent in [2, 5, 3, 4].enumerated().map { $0 == axis ? extent : $1 } }
    try OperatorCase(Concat(axis: axis), shapes.map { generator.tensor($0) })
      .expectKernelsAgree(tolerance: 0)
  }

  @Test func `takes one value twice and empty tensors`() throws {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 2, 2, 2]))
    let empty = graph.appendConstant(name: "e", Tensor(shape: [1, 0, 2, 2], floats: []))
    let y = try graph.append(Concat(axis: 1), name: "y", inputs: [x, empty, x])
    graph.appendOutput(y[0], name: "y")
    let frame = [Tensor.counting([1, 2, 2, 2])]
    let expected = Tensor(shape: [1, 4, 2, 2], floats: frame[0].floats + frame[0].floats)
    #expect(try evaluate(graph, frame) == [expected])
    var executor = try LoweredExecutor(graph)
    #expect(try executor.run(frame) == [expected])
  }

  @Test func `refuses inputs that differ along another axis`() {
    let (a, b) = (TensorType(.float32, [2, 3]), TensorType(.float32, [3, 3]))
    #expect(throws: ShapeError.extent(input: 1, axis: 0, expected: 2, found: b)) {
      try Concat(axis: 1).inferOutputs([a, b])
    }
    #expect(throws: ShapeError.self) {
      try Concat(axis: 1).inferOutputs([a, TensorType(.int64, [2, 3])])
    }
  }

  @Test func `keeps integers exact`() throws {
    let (a, b) = (Tensor.integers([.max]), Tensor.integers([.min]))
    #expect(try Concat(axis: 0).evaluate([a, b]) == [.integers([.max, .min])])
  }
}
