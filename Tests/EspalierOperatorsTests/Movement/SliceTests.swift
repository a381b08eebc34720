import EspalierGraph
import EspalierOperators
import Testing

@Suite("Slice") struct SliceTests {
  typealias Range = Slice.AxisRange

  @Test(arguments: [
    (Range(axis: 0, start: 0, end: .max), 5, 0, 5, 1),
    (Range(axis: 0, start: -3, end: -1), 5, 2, 2, 1),
    (Range(axis: 0, start: .min, end: .max), 5, 0, 5, 1),
    (Range(axis: 0, start: 3, end: 3), 5, 0, 0, 1),
    (Range(axis: 0, start: 9, end: 12), 5, 0, 0, 1),
    (Range(axis: 0, start: 1, end: 100, step: 2), 6, 1, 3, 2),
    (Range(axis: 0, start: -1, end: .min, step: -1), 4, 3, 4, -1),
    (Range(axis: 0, start: .max, end: .min, step: -2), 5, 4, 3, -2),
    (Range(axis: 0, start: 3, end: 0, step: -1), 5, 3, 3, -1),
    (Range(axis: 0, start: 0, end: .max, step: .max), 5, 0, 1, 1),
    (Range(axis: 0, start: 4, end: .min, step: .min), 5, 4, 1, 1),
    (Range(axis: 0, start: 0, end: .max), 0, 0, 0, 1),
  ])
  func `resolves a range as NumPy does`(range: Range, extent: Int, start: Int, count: Int, step: Int) {
    #expect(range.resolved(extent: extent) == (start, count, step))
  }

  /// numpy: arange(24).reshape(2,3,4)[::-1, 2:0:-1, -3:][:, :, ::2]
  @Test func `walks backwards and in steps`() throws {
    let node = ImportCase(
      "Slice", opset: 13, [:],
      [
        .frame(.counting([2, 3, 4])), .known(.integers([-1, 2, -3])), .known(.integers([.min, 0, .max])),
        .known(.integers([0, 1, -1])), .known(.integers([-1, -1, 2])),
      ])
    let expected = Tensor(shape: [2, 2, 2], floats: [21, 23, 17, 19, 9, 11, 5, 7])
    #expect(try node.evaluated() == [expected])
    #expect(try node.lowered() == [expected])
  }

  @Test func `takes attributes until opset 9, with missing axes`() throws {
    let node = ImportCase(
      "Slice", opset: 9, ["starts": .ints([1, 0]), "ends": .ints([.max, -1])], [.frame(.counting([2, 3]))])
    #expect(try node.evaluated() == [Tensor(shape: [1, 2], floats: [3, 4])])
  }

  @Test func `takes int32 indices`() throws {
    let one = Tensor(shape: [1], element: .int32, integers: [1])
    let node = ImportCase(
      "Slice", opset: 13, [:], [.frame(.counting([3])), .known(one), .known(.integers([3]))])
    #expect(try node.evaluated() == [Tensor(shape: [2], floats: [1, 2])])
  }

  @Test func `refuses a step of 0 and an axis named twice`() {
    let type = TensorType(.float32, [4, 4])
    #expect(throws: ShapeError.attribute("steps", problem: "must not be 0")) {
      try Slice([Range(axis: 0, start: 0, end: 2, step: 0)]).inferOutputs([type])
    }
    #expect(throws: ShapeError.attribute("axes", problem: "name axis 1 twice")) {
      try Slice([Range(axis: 1, start: 0, end: 2), Range(axis: -1, start: 0, end: 2)]).inferOutputs([type])
    }
  }

  @Test func `selects channels`() {
    let map = [TensorType(.float32, [1, 6, 2, 2])]
    let op = Slice([Range(axis: -3, start: 1, end: .max, step: 2)])
    #expect(op.channelRule(map) == .selected([[1, 3, 5]]))
    #expect(Slice([Range(axis: 2, start: 1, end: 2)]).channelRule(map) == .passThrough)
  }

  @Test func `that leaves nothing gives an empty tensor`() throws {
    let op = Slice([Range(axis: 1, start: 2, end: 1)])
    let node = OperatorCase(op, [.counting([2, 3])])
    #expect(try node.lowered() == [Tensor(shape: [2, 0], floats: [])])
  }
}

@Suite("Split") struct SplitTests {
  private func sizes(_ node: ImportCase) throws -> [Int] {
    let graph = try node.graph()
    return graph.outputs.map { graph.type(of: $0).shape[0] }
  }

  @Test func `takes sizes from the attribute until opset 12`() throws {
    let node = ImportCase(
      "Split", opset: 11, ["split": .ints([1, 4])], [.frame(.counting([5]))], outputCount: 2)
    #expect(try sizes(node) == [1, 4])
  }

  @Test func `takes sizes from input 1, zero-size parts included`() throws {
    let node = ImportCase(
      "Split", opset: 13, [:], [.frame(.counting([5])), .known(.integers([0, 5, 0]))], outputCount: 3)
    #expect(try sizes(node) == [0, 5, 0])
    #expect(try node.lowered()[1] == .counting([5]))
  }

  @Test func `makes the last of num_outputs parts smaller`() throws {
    let node = ImportCase(
      "Split", opset: 18, ["num_outputs": .int(3)], [.frame(.counting([7]))], outputCount: 3)
    #expect(try sizes(node) == [3, 3, 1])
  }

  @Test func `refuses sizes that do not add up and uneven parts before opset 18`() {
    let input = ImportCase.Input.frame(.counting([5]))
    #expect(throws: ImportError.self) {
      try ImportCase("Split", opset: 13, [:], [input, .known(.integers([2, 2]))], outputCount: 2).graph()
    }
    #expect(throws: ImportError.self) {
      try ImportCase("Split", opset: 13, [:], [input, .known(.integers([-1, 6]))], outputCount: 2).graph()
    }
    #expect(throws: ImportError.self) {
      try ImportCase("Split", opset: 13, [:], [input], outputCount: 2).graph()
    }
    #expect(throws: ImportError.self) {
      try ImportCase("Split", opset: 18, ["num_outputs": .int(4)], [input], outputCount: 4).graph()
    }
  }

  @Test func `selects the channels of every part`() throws {
    let op = Split(axis: 1, sizes: [2, 1])
    #expect(op.channelRule([TensorType(.float32, [1, 3, 2, 2])]) == .selected([[0, 1], [2]]))
    var generator = SeededGenerator(seed: 2)
    try OperatorCase(op, [generator.tensor([2, 3, 4, 5])]).expectKernelsAgree(tolerance: 0)
  }
}
