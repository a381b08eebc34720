import EspalierGraph
import EspalierImport
import Testing

extension OnnxFile.NodeFile {
  init(
    _ type: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "",
    attributes: [OnnxFile.Attribute] = []
  ) {
    self.init(
      type: type, inputs: inputs, outputs: outputs, attributes: attributes, name: name, domain: domain)
  }
}

extension OnnxFile {
  /// A file whose input `x` of two floats is read by these nodes.
  init(nodes: [NodeFile], outputs: [String]) {
    graph.nodes = nodes
    graph.inputs = [.input("x", [2])]
    graph.outputs = outputs
  }

  func graph(_ options: Importer.Options = .init()) throws -> Graph {
    let graph = try Importer.graph(of: OnnxModel(bytes: bytes), options: options)
    try Verifier.verify(graph)
    return graph
  }

  /// The outputs for one input of floats.
  func run(_ x: [Float], _ options: Importer.Options = .init()) throws -> [[Float]] {
    try Interpreter.run(graph(options), inputs: [Tensor(shape: [x.count], floats: x)]).map(\.asFloats)
  }
}

@Suite("Importing an ONNX graph") struct ImporterTests {
  @Test func `takes initializers for constants although they are listed as inputs`() throws {
    var file = OnnxFile(nodes: [.init("Add", ["x", "w"], ["y"])], outputs: ["y"])
    file.irVersion = 3
    file.graph.inputs.append(.input("w", [2]))
    file.graph.initializers = [.init(name: "w", shape: [2], floats: [10, 20])]
    #expect(try file.graph().inputs.count == 1)
    #expect(try file.run([1, 2]) == [[11, 22]])
  }

  @Test func `gives nodes without names, and nodes of one name, names of their own`() throws {
    let file = OnnxFile(
      nodes: [
        .init("Relu", ["x"], ["a"]), .init("Neg", ["a"], ["b"], name: "n"),
        .init("Abs", ["b"], ["y"], name: "n"),
      ], outputs: ["y"])
    let names = try file.graph().nodes.map(\.name)
    #expect(names.count == 3 && Set(names).count == 3 && names.contains("n"))
    #expect(try file.run([-3, 4]) == [[0, 4]])
  }

  @Test func `keeps the names of the file's values`() throws {
    let file = OnnxFile(
      nodes: [.init("Relu", ["x"], ["first"], name: "y"), .init("Neg", ["first"], ["y"])], outputs: ["y"])
    let graph = try file.graph()
    #expect(graph.nodes.map { graph[$0.outputs[0]].name } == ["first", "y"])
  }

  @Test func `sorts nodes that stand in no order`() throws {
    let file = OnnxFile(
      nodes: [.init("Neg", ["a"], ["y"]), .init("Abs", ["b"], ["a"]), .init("Neg", ["x"], ["b"])],
      outputs: ["y"])
    #expect(try file.run([-3, 4]) == [[-3, -4]])
  }

  @Test func `keeps the file's order where it is one`() throws {
    let file = OnnxFile(
      nodes: [
        .init("Neg", ["x"], ["a"], name: "1"), .init("Abs", ["x"], ["b"], name: "2"),
        .init("Relu", ["x"], ["c"], name: "3"), .init("Add", ["c", "a"], ["d"], name: "4"),
        .init("Add", ["d", "b"], ["y"], name: "5"),
      ], outputs: ["y"])
    #expect(try file.graph().nodes.map(\.name) == ["1", "2", "3", "4", "5"])
  }

  @Test func `refuses nodes that depend on themselves`() {
    let file = OnnxFile(
      nodes: [.init("Add", ["x", "b"], ["a"], name: "p"), .init("Neg", ["a"], ["b"], name: "q")],
      outputs: ["b"])
    #expect(throws: ImportError.malformed("node 'p' depends on itself")) { try file.graph() }
  }

  @Test func `refuses a value that two nodes compute`() {
    let file = OnnxFile(
      nodes: [.init("Neg", ["x"], ["y"], name: "p"), .init("Abs", ["x"], ["y"], name: "q")], outputs: ["y"])
    #expect(throws: ImportError.malformed("'y' is defined twice, the second time by node 'q'")) {
      try file.graph()
    }
  }

  @Test func `leaves out nodes that no output depends on, whatever they are`() throws {
    let file = OnnxFile(
      nodes: [.init("Unheard", ["x", "missing"], ["z"]), .init("Neg", ["x"], ["y"])], outputs: ["y"])
    #expect(try file.run([1, 2]) == [[-1, -2]])
  }

  @Test func `takes an empty name for an input that is left out`() throws {
    var file = OnnxFile(nodes: [.init("Clip", ["x", "", "max", ""], ["y"])], outputs: ["y"])
    file.graph.initializers = [.init(name: "max", shape: [], floats: [1.5])]
    #expect(try file.run([-7, 4]) == [[-7, 1.5]])
  }

  @Test func `leaves outputs alone that nothing reads`() throws {
    var file = OnnxFile(
      nodes: [.init("Split", ["x"], ["", "y"], attributes: [.init(name: "axis", value: .int(0))])],
      outputs: ["y"])
    file.opset = 12
    #expect(try file.run([5, 6]) == [[6]])
  }

  @Test func `lets other nodes read an output`() throws {
    let file = OnnxFile(
      nodes: [.init("Neg", ["x"], ["y"]), .init("Neg", ["y"], ["z"])], outputs: ["y", "z"])
    #expect(try file.run([1, 2]) == [[-1, -2], [1, 2]])
  }

  @Test func `makes an output of an input`() throws {
    #expect(try OnnxFile(nodes: [], outputs: ["x"]).run([1, 2]) == [[1, 2]])
  }

  @Test func `makes an output of an initializer`() throws {
    var file = OnnxFile(nodes: [], outputs: ["w"])
    file.graph.initializers = [.init(name: "w", shape: [2], floats: [1.5, -2])]
    let graph = try file.graph()
    #expect(graph.constant(of: graph.outputs[0]) == Tensor(shape: [2], floats: [1.5, -2]))
  }

  @Test func `takes 'ai.onnx' for ONNX's own domain`() throws {
    var file = OnnxFile(nodes: [.init("Neg", ["x"], ["y"], domain: "ai.onnx")], outputs: ["y"])
    #expect(try file.run([1, 2]) == [[-1, -2]])
    file.opsetDomain = "ai.onnx"
    #expect(try file.run([1, 2]) == [[-1, -2]])
  }

  @Test(arguments: 7...25) func `takes every opset from 7 to 25`(opset: Int64) throws {
    var file = OnnxFile(nodes: [.init("Relu", ["x"], ["y"])], outputs: ["y"])
    file.opset = opset
    #expect(try file.run([-1, 2]) == [[0, 2]])
  }

  /// The version of the file's frame says nothing about what operators mean.
  @Test(arguments: Array(0...14) + [99, .max]) func `takes every IR version`(version: Int64) throws {
    var file = OnnxFile(nodes: [.init("Relu", ["x"], ["y"])], outputs: ["y"])
    file.irVersion = version
    #expect(try file.run([-1, 2]) == [[0, 2]])
  }

  @Test func `refuses an opset from the future`() {
    var file = OnnxFile(nodes: [.init("Relu", ["x"], ["y"])], outputs: ["y"])
    file.opset = 99
    #expect(throws: ImportError.unsupportedOpset(99, supported: Importer.supportedOpsets)) {
      try file.graph()
    }
  }

  @Test func `refuses broadcasting along an axis, as before opset 7`() {
    var file = OnnxFile(
      nodes: [.init("Add", ["x", "x"], ["y"], attributes: [.init(name: "axis", value: .int(0))])],
      outputs: ["y"])
    file.opset = 6
    #expect(throws: ImportError.self) { try file.graph() }
  }

  @Test func `reads attributes whose type the file leaves out`() throws {
    let file = OnnxFile(
      nodes: [
        .init(
          "LeakyRelu", ["x"], ["y"],
          attributes: [.init(name: "alpha", value: .float(0.5), statesType: false)])
      ], outputs: ["y"])
    #expect(try file.run([-4, 3]) == [[-2, 3]])
  }

  @Test func `says what the file is`() throws {
    var file = OnnxFile(nodes: [], outputs: ["x"])
    file.producer = "pytorch"
    file.metadata = [("license", "Apache-2.0")]
    file.otherOpsets = [("com.microsoft", 1)]
    let model = try OnnxModel(bytes: file.bytes)
    #expect(model.producer == "pytorch" && model.irVersion == 8)
    #expect(model.metadata == ["license": "Apache-2.0"])
    #expect(model.opsets == ["": 17, "com.microsoft": 1])
  }
}

@Suite("Reporting what cannot be imported") struct ImportErrorTests {
  @Test func `names every unsupported operator at once`() {
    let file = OnnxFile(
      nodes: [
        .init("Loop", ["x"], ["a"], name: "l"), .init("Neg", ["a"], ["b"]),
        .init("Magic", ["b"], ["y"], name: "m", domain: "com.acme"),
      ], outputs: ["y"])
    let expected = ImportError.several([
      .unsupportedOperator("Loop", domain: "", opset: 17, node: "l"),
      .unsupportedOperator("Magic", domain: "com.acme", opset: 0, node: "m"),
    ])
    #expect(throws: expected) { try file.graph() }
  }

  @Test func `says of an unsupported operator where it is, its opset, and what to do`() {
    var file = OnnxFile(nodes: [.init("Call", ["x"], ["y"], name: "c", domain: "local")], outputs: ["y"])
    file.functions = [
      .init(
        name: "Call", domain: "local", inputs: ["a"], outputs: ["b"],
        nodes: [.init("Magic", ["a"], ["m"], name: "inner", domain: "com.acme"), .init("Scan", ["m"], ["b"])])
    ]
    file.otherOpsets = [("com.acme", 3)]
    #expect {
      try file.graph()
    } throws: { error in
      let lines = "\(error)".split(separator: "\n")
      return lines == [
        "node 'c/inner': operator com.acme::Magic (opset 3) is not supported; "
          + "'espalier operators' lists those that are",
        "node 'c/Scan_1': operator Scan (opset 17) is not supported; "
          + "'espalier operators' lists those that are",
      ]
    }
  }

  @Test func `names every node that is wrong, but none that only follows from it`() throws {
    let file = OnnxFile(
      nodes: [
        .init(
          "LeakyRelu", ["x"], ["a"], name: "first",
          attributes: [.init(name: "alpha", value: .string("steep"))]),
        .init("Neg", ["a"], ["b"], name: "follows"),
        .init("Add", ["b", "nowhere"], ["c"], name: "second"), .init("Add", ["b", "c"], ["y"]),
      ], outputs: ["y"])
    let error = #expect(throws: ImportError.self) { try file.graph() }
    guard case .several(let errors) = error else {
      Issue.record("only one: \(String(describing: error))")
      return
    }
    #expect(errors.count == 2)
    #expect(errors[0].description.contains("'first'"))
    #expect(errors[1] == .malformed("node 'second' reads 'nowhere', which nothing computes"))
  }

  @Test func `names an output that nothing computes`() {
    let file = OnnxFile(nodes: [.init("Neg", ["x"], ["y"])], outputs: ["z"])
    #expect(throws: ImportError.malformed("nothing computes the output 'z'")) { try file.graph() }
  }

  @Test func `refuses a graph without outputs, and two of one name`() {
    #expect(throws: ImportError.malformed("the graph has no outputs")) {
      try OnnxFile(nodes: [], outputs: []).graph()
    }
    #expect(throws: ImportError.malformed("two outputs are called 'x'")) {
      try OnnxFile(nodes: [], outputs: ["x", "x"]).graph()
    }
  }

  @Test func `refuses an input that is no tensor of numbers`() {
    var file = OnnxFile(nodes: [.init("Neg", ["x"], ["y"])], outputs: ["y"])
    file.graph.inputs[0].isSequence = true
    #expect(throws: ImportError.unsupportedInput("x")) { try file.graph() }
    file.graph.inputs[0] = .input("x", [2])
    file.graph.inputs[0].type = 8
    #expect(throws: ImportError.unsupportedInput("x")) { try file.graph() }
  }
}
