import EspalierGraph
import EspalierOperators
import Testing

/// Expected values come from ONNX's reference evaluator 1.23 and ONNX Runtime 1.31.
@Suite("Operators that read and write by index") struct IndexedTests {
  /// Both with indices known at import, which lower, and with indices of the frame, of which some do.
  private func expect(
    _ type: String, _ attributes: [String: AttributeValue], _ data: Tensor, _ indices: Tensor,
    updates rest: [Tensor] = [], gives expected: Tensor, lowers: Bool = true,
    takesIndicesOfFrame: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let rest = rest.map { ImportCase.Input.frame($0) }
    let known = ImportCase(type, attributes, [.frame(data), .known(indices)] + rest)
    #expect(try known.evaluated() == [expected], sourceLocation: sourceLocation)
    if lowers {
      #expect(try known.lowered() == [expected], sourceLocation: sourceLocation)
    } else {
      #expect(throws: LoweringError.self, sourceLocation: sourceLocation) { try known.lowered() }
    }
    let frame = ImportCase(type, attributes, [.frame(data), .frame(indices)] + rest)
    #expect(try frame.evaluated() == [expected], sourceLocation: sourceLocation)
    if takesIndicesOfFrame {
      #expect(try frame.lowered() == [expected], sourceLocation: sourceLocation)
    } else {
      #expect(throws: LoweringError.self, sourceLocation: sourceLocation) { try frame.lowered() }
    }
  }

  @Test func `GatherElements replaces the position along one axis`() throws {
    let indices = Tensor(shape: [2, 3], integers: [1, 2, 0, 2, 0, -3])
    try expect(
      "GatherElements", ["axis": .int(0)], .counting([3, 3]), indices,
      gives: Tensor(shape: [2, 3], floats: [3, 7, 2, 6, 1, 2]), takesIndicesOfFrame: true)
  }

  @Test func `GatherElements takes indices of the frame along any axis of a feature map`() throws {
    var generator = SeededGenerator(seed: 12)
    let x = generator.tensor([2, 3, 4, 5])
    for axis in 0..<4 {
      var shape = x.shape
      shape[axis] = 6
      shape[3 - axis] = min(shape[3 - axis], 2)
      let extent = Int64(x.shape[axis])
      let indices = (0..<shape.elementCount).map { _ in Int64.random(in: -extent..<extent, using: &generator)
      }
      try OperatorCase(GatherElements(axis: axis), [x, .integers(indices, shape: shape)])
        .expectKernelsAgree(tolerance: 0)
    }
  }

  @Test func `an index of the frame outside of the axis is an error, and 0 at run time`() throws {
    let node = OperatorCase(GatherElements(axis: 0), [.counting([3]), .integers([1, 3, -4])])
    #expect(throws: EvaluationError.indexOutOfRange(3, limit: 3)) { try node.op.evaluate(node.inputs) }
    #expect(try node.lowered() == [Tensor(shape: [3], floats: [1, 0, 0])])
  }

  @Test func `GatherND names slices behind the batch axes`() throws {
    try expect(
      "GatherND", ["batch_dims": .int(1)], .counting([2, 2, 2]), Tensor(shape: [2, 1], integers: [1, -2]),
      gives: Tensor(shape: [2, 2], floats: [2, 3, 4, 5]))
  }

  @Test func `ScatterElements replaces single elements`() throws {
    let updates = Tensor(shape: [1, 2], floats: [10, 20])
    try expect(
      "ScatterElements", ["axis": .int(1)], .counting([1, 5]), Tensor(shape: [1, 2], integers: [1, -2]),
      updates: [updates], gives: Tensor(shape: [1, 5], floats: [0, 10, 2, 20, 4]))
    try expect(
      "ScatterElements", ["axis": .int(1), "reduction": .string("add")], .counting([1, 5]),
      Tensor(shape: [1, 2], integers: [1, 1]), updates: [updates],
      gives: Tensor(shape: [1, 5], floats: [0, 31, 2, 3, 4]), lowers: false)
  }

  @Test func `ScatterND replaces slices, of several for one place the last`() throws {
    let updates = Tensor(shape: [3, 2], floats: [5, 6, 10, 20, 30, 40])
    try expect(
      "ScatterND", [:], .counting([4, 2]), Tensor(shape: [3, 1], integers: [3, -1, 1]), updates: [updates],
      gives: Tensor(shape: [4, 2], floats: [0, 1, 30, 40, 4, 5, 10, 20]))
  }

  @Test func `ScatterND into a feature map agrees with the kernels`() throws {
    var generator = SeededGenerator(seed: 11)
    let table = Gather.Table(shape: [2, 2], indices: [0, 1, 1, 2])
    try OperatorCase(
      ScatterND(table: table), [generator.tensor([2, 3, 4, 5]), generator.tensor([2, 4, 5])]
    ).expectKernelsAgree(tolerance: 0)
  }

  @Test func `TensorScatter writes from a place on, in a circle where it is told to`() throws {
    func node(_ mode: String, _ start: Int64) -> ImportCase {
      ImportCase(
        "TensorScatter", opset: 24, ["mode": .string(mode), "axis": .int(1)],
        [
          .frame(.counting([1, 4])), .frame(Tensor(shape: [1, 2], floats: [7, 8])),
          .known(.integers([start])),
        ])
    }
    #expect(try node("linear", 1).lowered() == [Tensor(shape: [1, 4], floats: [0, 7, 8, 3])])
    #expect(try node("circular", 3).lowered() == [Tensor(shape: [1, 4], floats: [8, 1, 2, 7])])
    #expect(throws: ImportError.self) { try node("linear", 3).graph() }
  }

  @Test func `indices out of range are refused`() {
    let data = ImportCase.Input.frame(.counting([2, 2]))
    #expect(throws: ImportError.self) {
      try ImportCase("GatherND", [:], [data, .known(Tensor(shape: [1, 1], integers: [2]))]).graph()
    }
    #expect(throws: ImportError.self) {
      try ImportCase("GatherElements", [:], [data, .known(Tensor(shape: [1, 1], integers: [-3]))]).graph()
    }
    let scatter = ImportCase(
      "ScatterElements", [:],
      [
        data, .frame(Tensor(shape: [1, 1], integers: [9])), .frame(Tensor(shape: [1, 1], floats: [0])),
      ])
    #expect(throws: EvaluationError.indexOutOfRange(9, limit: 2)) { try scatter.evaluated() }
  }

  @Test func `OneHot leaves an index outside of the depth off everywhere`() throws {
    let node = ImportCase(
      "OneHot", ["axis": .int(-1)],
      [
        .frame(Tensor(shape: [3], integers: [1, -1, 7])), .known(Tensor(shape: [], integers: [3])),
        .known(Tensor(shape: [2], floats: [2, 5])),
      ])
    let expected = Tensor(shape: [3, 3], floats: [2, 5, 2, 2, 2, 5, 2, 2, 2])
    #expect(try node.evaluated() == [expected])
    #expect(try node.lowered() == [expected])
  }

  @Test func `ReverseSequence turns round the start of every sequence`() throws {
    try expect(
      "ReverseSequence", ["time_axis": .int(0), "batch_axis": .int(1)], .counting([4, 2]),
      .integers([3, 1]), gives: Tensor(shape: [4, 2], floats: [4, 1, 2, 3, 0, 5, 6, 7]))
  }

  @Test(arguments: [(true, 0), (false, 0), (true, -1), (false, 2), (true, 9), (false, -9)])
  func `Trilu agrees with the kernels`(upper: Bool, diagonal: Int) throws {
    var x = Tensor.counting([2, 3, 4])
    x = Tensor(shape: x.shape, floats: x.floats.map { $0 == 0 ? .nan : $0 })
    let op = Trilu(keepsUpper: upper, diagonal: diagonal)
    try OperatorCase(op, [x]).expectKernelsAgree(tolerance: 0)
  }

  /// numpy: triu(arange(6).reshape(2, 3), 1)
  @Test func `Trilu keeps what lies on or beyond the diagonal`() throws {
    let k = ImportCase.Input.known(Tensor(shape: [], integers: [1]))
    #expect(
      try ImportCase("Trilu", [:], [.frame(.counting([2, 3])), k]).evaluated()
        == [Tensor(shape: [2, 3], floats: [0, 1, 2, 0, 0, 5])])
    #expect(
      try ImportCase("Trilu", ["upper": .int(0)], [.frame(.counting([2, 3])), k]).evaluated()
        == [Tensor(shape: [2, 3], floats: [0, 1, 0, 3, 4, 5])])
  }
}

@Suite("Operators whose shapes depend on values") struct ValueShapedTests {
  private func values(_ node: ImportCase) throws -> [Tensor] { try node.evaluated() }

  @Test func `Range counts up and down, in floats and integers`() throws {
    func range(_ a: Int64, _ b: Int64, _ step: Int64) -> ImportCase {
      ImportCase("Range", [:], [a, b, step].map { .known(Tensor(shape: [], integers: [$0])) })
    }
    #expect(try values(range(1, 8, 3)) == [.integers([1, 4, 7])])
    #expect(try values(range(10, 4, -2)) == [.integers([10, 8, 6])])
    #expect(try values(range(3, 3, 1)) == [.integers([])])
    #expect(throws: ImportError.self) { try range(0, 1, 0).graph() }
    let floats = ImportCase("Range", [:], [1, 2, 0.25].map { .known(Tensor(scalar: $0)) })
    #expect(try values(floats) == [Tensor(shape: [4], floats: [1, 1.25, 1.5, 1.75])])
  }

  @Test func `EyeLike takes type and diagonal`() throws {
    let node = ImportCase(
      "EyeLike", ["k": .int(1), "dtype": .int(6)], [.frame(.counting([2, 3]))])
    #expect(
      try values(node) == [Tensor(shape: [2, 3], element: .int32, integers: [0, 1, 0, 0, 0, 1])])
  }

  @Test func `Compress picks slices, or elements without an axis`() throws {
    let condition = ImportCase.Input.known(Tensor(shape: [3], booleans: [false, true, true]))
    let x = ImportCase.Input.frame(.counting([2, 3]))
    #expect(
      try values(ImportCase("Compress", ["axis": .int(1)], [x, condition]))
        == [Tensor(shape: [2, 2], floats: [1, 2, 4, 5])])
    #expect(
      try values(ImportCase("Compress", [:], [x, condition])) == [Tensor(shape: [2], floats: [1, 2])])
  }

  @Test func `NonZero and Unique work on what is known, and refuse what is not`() throws {
    let x = Tensor(shape: [2, 2], floats: [0, 3, 2, 3])
    #expect(
      try values(ImportCase("NonZero", [:], [.known(x)]))
        == [Tensor(shape: [2, 3], integers: [0, 1, 1, 1, 0, 1])])
    #expect(
      try values(ImportCase("Unique", [:], [.known(x)], outputCount: 4))
        == [
          Tensor(shape: [3], floats: [0, 2, 3]), .integers([0, 2, 1]), .integers([0, 2, 1, 2]),
          .integers([1, 1, 2]),
        ])
    for type in ["NonZero", "Unique"] {
      #expect(throws: ImportError.notConstant(input: 0, node: "node", type: type)) {
        try ImportCase(type, [:], [.frame(x)]).graph()
      }
    }
  }
}
