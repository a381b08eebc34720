import EspalierGraph
import EspalierImport
import Testing

@Suite("The shapes of inputs") struct InputShapeTests {
  /// Two inputs, `x` and `z`, of which the outputs are the negatives.
  private func file(_ x: [OnnxFile.Extent]?, _ z: [OnnxFile.Extent]?) -> OnnxFile {
    var file = OnnxFile()
    file.graph.nodes = [.init("Neg", ["x"], ["y"]), .init("Neg", ["z"], ["w"])]
    file.graph.inputs = [.init(name: "x", shape: x), .init(name: "z", shape: z)]
    file.graph.outputs = ["y", "w"]
    return file
  }

  private func shapes(_ file: OnnxFile, _ given: [String: Shape]) throws -> [Shape] {
    let graph = try file.graph(.init(shapes: given))
    return graph.inputs.map { graph.type(of: $0).shape }
  }

  @Test func `are refused by name where they are open, all at once`() {
    let file = file([.symbol("N"), .fixed(3)], [.nothing, .fixed(2)])
    let expected = ImportError.several([
      .unknownShape(input: "x", shape: "[N, 3]"), .unknownShape(input: "z", shape: "[?, 2]"),
    ])
    #expect(throws: expected) { try file.graph() }
  }

  @Test(arguments: [
    ("[N, 3, 32, 32]", "1x3x32x32"), ("[?, 3, ?, width of it]", "1x3x224x224"), ("[…]", "1x3x224x224"),
    ("[5, T]", "5x224"),
  ])
  func `are refused with an example that fits what is fixed`(shape: String, example: String) {
    let error = ImportError.unknownShape(input: "x", shape: shape)
    #expect(error.description.hasSuffix("give it by --shape x=\(example)"))
  }

  @Test func `may come from the caller`() throws {
    let file = file([.symbol("N"), .fixed(3)], [.nothing, .fixed(2)])
    #expect(try shapes(file, ["x": [4, 3], "z": [5, 2]]) == [[4, 3], [5, 2]])
  }

  @Test func `share what one of them says about a symbol`() throws {
    let file = file([.symbol("N"), .fixed(3)], [.fixed(7), .symbol("N")])
    #expect(try shapes(file, ["x": [4, 3]]) == [[4, 3], [7, 4]])
  }

  @Test func `may be open even in rank`() throws {
    let file = file(nil, [.fixed(1)])
    #expect(throws: ImportError.unknownShape(input: "x", shape: "[…]")) { try file.graph() }
    #expect(try shapes(file, ["x": [2, 3, 4]]) == [[2, 3, 4], [1]])
  }

  @Test func `take 2 to the 64 minus 1 for an open extent`() throws {
    let file = file([.fixed(-1), .fixed(3)], [.fixed(1)])
    #expect(throws: ImportError.unknownShape(input: "x", shape: "[?, 3]")) { try file.graph() }
    #expect(try shapes(file, ["x": [2, 3]]) == [[2, 3], [1]])
  }

  @Test func `may not contradict the file`() {
    let file = file([.symbol("N"), .fixed(3)], [.fixed(2)])
    #expect(throws: ImportError.inputShape("x", declared: "[N, 3]", given: [4, 4])) {
      try shapes(file, ["x": [4, 4]])
    }
    #expect(throws: ImportError.inputShape("x", declared: "[N, 3]", given: [4, 3, 1])) {
      try shapes(file, ["x": [4, 3, 1]])
    }
  }

  @Test func `are refused where there is no such input`() {
    let file = file([.fixed(3)], [.fixed(2)])
    #expect(throws: ImportError.noSuchInput("images", inputs: ["x", "z"])) {
      try shapes(file, ["images": [1]])
    }
  }

  @Test func `are refused where no memory could hold them`() {
    let file = file([.fixed(1 << 40), .fixed(1 << 40)], [.fixed(2)])
    #expect(throws: ImportError.self) { try file.graph() }
    #expect(throws: ImportError.self) { try shapes(self.file(nil, [.fixed(2)]), ["x": [-1]]) }
  }

  @Test func `keep the input's element type`() throws {
    var file = file([.fixed(3)], [.fixed(2)])
    file.graph.inputs[1].type = 7
    let graph = try file.graph()
    #expect(graph.inputs.map { graph.type(of: $0).element } == [.float32, .int64])
    #expect(graph.outputs.map { graph.type(of: $0).element } == [.float32, .int64])
  }

  @Test func `are those of the tensors that inputs are bound to`() throws {
    let file = file([.symbol("N")], [.symbol("N")])
    let bound = Tensor(shape: [3], floats: [1, 2, 3])
    let graph = try file.graph(.init(constants: ["x": bound]))
    #expect(graph.inputs.map { graph[$0].name } == ["z"])
    #expect(graph.type(of: graph.inputs[0]).shape == [3])
    #expect(graph.constant(of: graph.outputs[0])?.floats == [-1, -2, -3])
  }
}
