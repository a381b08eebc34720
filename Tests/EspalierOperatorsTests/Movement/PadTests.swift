import EspalierGraph
import EspalierOperators
import Testing

/// Expected values come from ONNX's reference evaluator 1.23 and ONNX Runtime 1.31.
@Suite("Pad") struct PadTests {
  private func expect(
    _ node: ImportCase, _ shape: Shape, _ expected: [Float],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = Tensor(shape: shape, floats: expected)
    #expect(try node.evaluated() == [expected], sourceLocation: sourceLocation)
    #expect(try node.lowered() == [expected], sourceLocation: sourceLocation)
  }

  @Test(
    arguments: [
      ("reflect", [5, 4, 3, 4, 5, 4, 2, 1, 0, 1, 2, 1, 5, 4, 3, 4, 5, 4, 2, 1, 0, 1, 2, 1]),
      ("edge", [0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 2, 2, 3, 3, 3, 4, 5, 5, 3, 3, 3, 4, 5, 5]),
      ("wrap", [4, 5, 3, 4, 5, 3, 1, 2, 0, 1, 2, 0, 4, 5, 3, 4, 5, 3, 1, 2, 0, 1, 2, 0]),
      ("constant", [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0]),
    ] as [(String, [Float])])
  func `repeats what its mode says`(mode: String, expected: [Float]) throws {
    let node = ImportCase(
      "Pad", opset: 19, ["mode": .string(mode)],
      [.frame(.counting([2, 3])), .known(.integers([1, 2, 1, 1]))])
    try expect(node, [4, 6], expected)
  }

  @Test(
    arguments: [
      ("constant", [2, 3, 4, 0, 0, 7, 8, 9, 0, 0]), ("reflect", [2, 3, 4, 3, 2, 7, 8, 9, 8, 7]),
      ("edge", [2, 3, 4, 4, 4, 7, 8, 9, 9, 9]),
    ] as [(String, [Float])])
  func `cuts by negative pads before it adds`(mode: String, expected: [Float]) throws {
    let node = ImportCase(
      "Pad", opset: 18, ["mode": .string(mode)],
      [.frame(.counting([2, 5])), .known(.integers([0, -2, 0, 2]))])
    try expect(node, [2, 5], expected)
  }

  @Test func `takes attributes until opset 10`() throws {
    let node = ImportCase(
      "Pad", opset: 10, ["pads": .ints([0, 1, 0, 0]), "value": .float(7)], [.frame(.counting([1, 2]))])
    try expect(node, [1, 3], [7, 0, 1])
  }

  @Test func `takes value and axes as inputs, either absent`() throws {
    let (x, pads) = (ImportCase.Input.frame(.counting([2, 1])), Tensor.integers([1, 0]))
    let seven = Tensor(scalar: 7)
    try expect(
      ImportCase("Pad", opset: 18, [:], [x, .known(pads), .known(seven), .known(.integers([-2]))]), [3, 1],
      [7, 0, 1])
    try expect(
      ImportCase("Pad", opset: 18, [:], [x, .known(pads), .absent, .known(.integers([0]))]), [3, 1],
      [0, 0, 1])
    try expect(
      ImportCase("Pad", opset: 13, [:], [x, .known(.integers([0, 0, 1, 0]))]), [3, 1], [0, 1, 0])
  }

  @Test(arguments: [Pad.Mode.constant, .reflect, .edge, .wrap])
  func `of a feature map agrees with the kernels`(mode: Pad.Mode) throws {
    var generator = SeededGenerator(seed: 8)
    let x = generator.tensor([2, 3, 4, 5])
    for (before, after) in [
      ([0, 0, 1, 2], [0, 0, 2, 1]), ([0, 0, 5, 0], [0, 0, 7, 9]), ([1, 2, 0, -1], [0, 1, -1, 3]),
      ([0, 0, 0, 0], [0, 0, 0, 0]), ([0, 0, -1, -2], [0, 0, -1, 0]),
    ] {
      let op = Pad(mode: mode, value: 0.5, before: before, after: after)
      try OperatorCase(op, [x]).expectKernelsAgree(tolerance: 0)
    }
  }

  @Test func `refuses to repeat what is not there`() {
    let type = TensorType(.float32, [3, 2])
    #expect(throws: ShapeError.self) {
      try Pad(mode: .edge, before: [-3, 0], after: [1, 0]).inferOutputs([type])
    }
    #expect(throws: ShapeError.self) { try Pad(before: [-4, 0], after: [0, 0]).inferOutputs([type]) }
    #expect(throws: ShapeError.self) { try Pad(before: [.min, 0], after: [0, 0]).inferOutputs([type]) }
    #expect(throws: ImportError.self) {
      try ImportCase("Pad", [:], [.frame(.counting([2])), .known(.integers([1, 1, 1]))]).graph()
    }
  }

  @Test func `lets channels pass, and makes constant ones`() {
    let map = [TensorType(.float32, [1, 4, 2, 2])]
    let spatial = Pad(value: 1, before: [0, 0, 1, 1], after: [0, 0, 1, 1])
    #expect(spatial.channelRule(map) == .passThrough)
    var wider = Pad(before: [0, 1, 0, 1], after: [0, 2, 0, 0])
    #expect(wider.channelRule(map) == .padded(before: 1, after: 2))
    wider.mode = .edge
    #expect(wider.channelRule(map) == .barrier(reason: "Pad repeats or removes channels"))
    #expect(
      Pad(before: [0, -1, 0, 0], after: [0, 0, 0, 0]).channelRule(map)
        == .barrier(reason: "Pad repeats or removes channels"))
  }

  @Test func `CenterCropPad cuts and pads around the middle, the odd element behind`() throws {
    let node = ImportCase(
      "CenterCropPad", opset: 18, ["axes": .ints([-1, 0])],
      [.frame(.counting([2, 5])), .known(.integers([2, 3]))])
    try expect(node, [3, 2], [1, 2, 6, 7, 0, 0])
  }
}
