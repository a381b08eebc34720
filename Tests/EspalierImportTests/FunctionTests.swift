import EspalierGraph
import EspalierImport
import Testing

@Suite("Functions that a model defines") struct FunctionTests {
  /// `local::Twice(a) = a + a`, called as the model's only node.
  private func twice(_ nodes: [OnnxFile.NodeFile]) -> OnnxFile {
    var file = OnnxFile(nodes: [.init("Twice", ["x"], ["y"], domain: "local")], outputs: ["y"])
    file.functions = [.init(name: "Twice", domain: "local", inputs: ["a"], outputs: ["b"], nodes: nodes)]
    return file
  }

  @Test func `are unfolded`() throws {
    let file = twice([.init("Add", ["a", "a"], ["b"])])
    #expect(try file.run([1, 2]) == [[2, 4]])
    #expect(try file.graph().nodes.count == 1)
  }

  @Test func `may be called more than once, their inner names kept apart`() throws {
    var file = twice([.init("Neg", ["a"], ["t"], name: "n"), .init("Sub", ["a", "t"], ["b"], name: "s")])
    file.graph.nodes = [
      .init("Twice", ["x"], ["t"], domain: "local"), .init("Twice", ["t"], ["y"], domain: "local"),
    ]
    #expect(try file.run([1, 2]) == [[4, 8]])
  }

  @Test func `may call each other, whatever their order`() throws {
    var file = twice([.init("Add", ["a", "a"], ["b"])])
    file.functions.insert(
      .init(
        name: "Outer", domain: "local", inputs: ["p"], outputs: ["q"],
        nodes: [
          .init("Twice", ["p"], ["m"], domain: "local"), .init("Twice", ["m"], ["q"], domain: "local"),
        ]), at: 0)
    file.graph.nodes = [.init("Outer", ["x"], ["y"], domain: "local")]
    #expect(try file.run([1, 2]) == [[4, 8]])
  }

  @Test func `may not call themselves`() {
    let file = twice([.init("Twice", ["a"], ["b"], domain: "local")])
    #expect(throws: ImportError.malformed("function 'Twice' of domain 'local' calls itself")) {
      try file.graph()
    }
  }

  @Test func `may not unfold without end`() {
    var file = twice([.init("Add", ["a", "a"], ["b"])])
    for level in 0..<40 {
      let inner = level == 0 ? "Twice" : "F\(level - 1)"
      file.functions.append(
        .init(
          name: "F\(level)", domain: "local", inputs: ["p"], outputs: ["q"],
          nodes: [
            .init(inner, ["p"], ["m"], domain: "local"), .init(inner, ["m"], ["q"], domain: "local"),
          ]))
    }
    file.graph.nodes = [.init("F39", ["x"], ["y"], domain: "local")]
    #expect(throws: ImportError.self) { try file.graph() }
  }

  @Test func `take attributes from the call, else their defaults`() throws {
    let leaky = OnnxFile.Attribute(name: "alpha", value: .reference, reference: "slope")
    var file = twice([.init("LeakyRelu", ["a"], ["b"], attributes: [leaky])])
    file.functions[0].defaults = [.init(name: "slope", value: .float(0.25))]
    #expect(try file.run([-4, 2]) == [[-1, 2]])
    file.graph.nodes[0].attributes = [.init(name: "slope", value: .float(0.5))]
    #expect(try file.run([-4, 2]) == [[-2, 2]])
    file.graph.nodes[0].attributes = []
    file.functions[0].defaults = []
    #expect(try file.run([-100, 2]) == [[-1, 2]])
  }

  @Test func `hand attributes on to functions that they call`() throws {
    let inner = OnnxFile.Attribute(name: "alpha", value: .reference, reference: "slope")
    let outer = OnnxFile.Attribute(name: "slope", value: .reference, reference: "steepness")
    var file = twice([.init("LeakyRelu", ["a"], ["b"], attributes: [inner])])
    file.functions.append(
      .init(
        name: "Outer", domain: "local", inputs: ["a"], outputs: ["b"],
        nodes: [.init("Twice", ["a"], ["b"], domain: "local", attributes: [outer])]))
    file.graph.nodes = [
      .init(
        "Outer", ["x"], ["y"], domain: "local", attributes: [.init(name: "steepness", value: .float(0.5))])
    ]
    #expect(try file.run([-4, 2]) == [[-2, 2]])
  }

  @Test func `follow the opset that they import themselves`() throws {
    var file = twice([
      .init("Squeeze", ["a"], ["b"], attributes: [.init(name: "axes", value: .ints([0]))])
    ])
    file.graph.inputs = [.input("x", [1, 2])]
    file.functions[0].opset = 11
    let graph = try file.graph()
    #expect(graph.type(of: graph.outputs[0]).shape == [2])
  }

  @Test func `may leave inputs out that the call leaves out`() throws {
    var file = twice([.init("Clip", ["a", "low", "high"], ["b"])])
    file.functions[0].inputs = ["a", "low", "high"]
    file.graph.initializers = [.init(name: "top", shape: [], floats: [3])]
    file.graph.nodes = [.init("Twice", ["x", "", "top"], ["y"], domain: "local")]
    #expect(try file.run([-9, 9]) == [[-9, 3]])
  }

  @Test func `may give an input back as an output, or one value twice`() throws {
    var file = twice([.init("Neg", ["a"], ["b"])])
    file.functions[0].outputs = ["b", "a", "b"]
    file.graph.nodes = [.init("Twice", ["x"], ["y", "same", "again"], domain: "local")]
    file.graph.outputs = ["y", "same", "again"]
    #expect(try file.run([1, 2]) == [[-1, -2], [1, 2], [-1, -2]])
  }

  @Test func `never take a name that the model has itself`() throws {
    var file = twice([.init("Neg", ["a"], ["t"]), .init("Neg", ["t"], ["b"])])
    file.graph.nodes = [
      .init("Twice", ["x"], ["u"], name: "call", domain: "local"),
      .init("Abs", ["x"], ["call/t"]), .init("Add", ["u", "call/t"], ["y"]),
    ]
    #expect(try file.run([-1, 2]) == [[0, 4]])
  }

  @Test func `come before operators of the same name`() throws {
    var file = twice([.init("Neg", ["a"], ["b"])])
    file.functions[0].name = "Relu"
    file.functions[0].domain = ""
    file.graph.nodes = [.init("Relu", ["x"], ["y"])]
    #expect(throws: ImportError.self) {
      // The body's own domain is the function's, so that it would call itself if it said Relu.
      file.functions[0].nodes = [.init("Relu", ["a"], ["b"])]
      return try file.graph()
    }
    file.functions[0].nodes = [.init("Neg", ["a"], ["b"])]
    #expect(try file.run([1, 2]) == [[-1, -2]])
  }
}

@Suite("If with a known condition") struct IfTests {
  private func file(condition: Int64, _ thenNodes: [OnnxFile.NodeFile]) -> OnnxFile {
    var thenGraph = OnnxFile.GraphFile(nodes: thenNodes)
    thenGraph.outputs = ["r"]
    var elseGraph = OnnxFile.GraphFile(nodes: [.init("Add", ["x", "c"], ["r"])])
    elseGraph.initializers = [.init(name: "c", shape: [2], floats: [10, 20])]
    elseGraph.outputs = ["r"]
    var file = OnnxFile(
      nodes: [
        .init(
          "If", ["flag"], ["y"], name: "choice",
          attributes: [
            .init(name: "then_branch", value: .graph(thenGraph)),
            .init(name: "else_branch", value: .graph(elseGraph)),
          ])
      ], outputs: ["y"])
    file.graph.initializers = [.init(name: "flag", type: 9, shape: [], int32s: [condition])]
    return file
  }

  @Test func `becomes the branch that it takes`() throws {
    #expect(try file(condition: 1, [.init("Neg", ["x"], ["r"])]).run([1, 2]) == [[-1, -2]])
    #expect(try file(condition: 0, [.init("Neg", ["x"], ["r"])]).run([1, 2]) == [[11, 22]])
  }

  @Test func `does not look into the other branch`() throws {
    #expect(try file(condition: 0, [.init("Magic", ["x"], ["r"])]).run([1, 2]) == [[11, 22]])
    #expect(throws: ImportError.unsupportedOperator("Magic", domain: "", opset: 17, node: "choice/Magic_0")) {
      try file(condition: 1, [.init("Magic", ["x"], ["r"])]).graph()
    }
  }

  @Test func `reads what is computed around it, in whatever order`() throws {
    var file = file(condition: 1, [.init("Neg", ["late"], ["r"])])
    file.graph.nodes.append(.init("Abs", ["x"], ["late"]))
    #expect(try file.run([-1, 2]) == [[-1, -2]])
  }

  @Test func `is refused where the frame decides`() {
    var file = file(condition: 1, [.init("Neg", ["x"], ["r"])])
    file.graph.initializers = []
    file.graph.inputs.append(.init(name: "flag", type: 9, shape: []))
    #expect(throws: ImportError.notConstant(input: 0, node: "choice", type: "If")) { try file.graph() }
  }
}
