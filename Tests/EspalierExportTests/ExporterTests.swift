import EspalierExport
import EspalierGraph
import EspalierImport
import EspalierOperators
import Testing

/// A graph and the file that it becomes.
private struct Exported {
  let model: OnnxModel
  /// The file read again.
  let graph: Graph

  init(_ graph: Graph, notes: Exporter.Notes = .init(compiler: "espalier", version: "1")) throws {
    model = try OnnxModel(bytes: try Exporter.bytes(of: graph, notes: notes))
    self.graph = try Importer.graph(of: model)
  }

  var types: [String] { model.graph.nodes.map(\.type) }
}

private func graph(_ text: String) throws -> Graph {
  let operators = Dictionary(
    uniqueKeysWithValues: OperatorRegistry.operators.map { ($0.name, $0 as any Operator.Type) })
  return try Graph(text: text, operators: operators)
}

private let block = """
  input %x : float32[1, 3, 4, 4]
  %w = constant float32[3, 3, 3, 3] random 1
  %b = constant float32[3] [0.5, -1, 0.25]
  %y = Conv(%x, %w, %b, %x) {strides = [1, 1], dilations = [1, 1], pads = [1, 1, 1, 1], groups = 1, \
  activation = {kind = "leakyRelu", alpha = 0.25, beta = 0}, hasBias = true, hasResidual = true}
  output %y
  """

@Suite("Writing ONNX") struct ExporterTests {
  @Test func `writes residual and activation as nodes behind a convolution`() throws {
    let original = try graph(block)
    let exported = try Exported(original)
    #expect(exported.types == ["Conv", "Add", "LeakyRelu"])
    #expect(exported.model.graph.nodes[0].name == original.nodes[0].name)
    #expect(exported.model.graph.nodes[2].outputs == ["y"])
    let frame = Tensor(shape: [1, 3, 4, 4], floats: (0..<48).map { Float($0 % 7) - 3 })
    let found = try Interpreter.run(exported.graph, inputs: [frame])[0].floats
    let expected = try Interpreter.run(original, inputs: [frame])[0].floats
    // The sum is rounded once more before the residual is added.
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 })
  }

  @Test func `keeps the names of inputs, weights and outputs, and their shapes`() throws {
    let model = try Exported(graph(block)).model
    #expect(model.graph.inputs.map(\.name) == ["x"])
    #expect(model.graph.outputs.map(\.name) == ["y"])
    #expect(Set(model.graph.initializers.map(\.name)) == ["w", "b"])
    #expect(model.graph.outputs[0].element == .float32)
    #expect(model.graph.outputs[0].extents == [1, 3, 4, 4].map { .fixed($0) })
    #expect(model.opsets == ["": 17])
    #expect(model.irVersion == 8)
  }

  @Test func `says what was done`() throws {
    let notes = Exporter.Notes(
      compiler: "espalier", version: "9", sourceSHA256: "ab", keptChannels: ["b\"": [0, 2], "a": []],
      more: ["mine": "1"])
    let model = try Exported(graph(block), notes: notes).model
    #expect(model.producer == "espalier 9")
    #expect(
      model.metadata == [
        "mine": "1", "espalier.compiler": "espalier 9", "espalier.source_sha256": "ab",
        "espalier.kept_channels": #"{"a":[],"b\"":[0,2]}"#,
      ])
  }

  @Test func `gives the same bytes every time`() throws {
    let notes = Exporter.Notes(compiler: "c", version: "1", keptChannels: ["a": [1], "b": [2], "c": [3]])
    let first = try Exporter.bytes(of: try graph(block), notes: notes)
    for _ in 0..<3 { #expect(try Exporter.bytes(of: try graph(block), notes: notes) == first) }
  }

  @Test func `hands out an input, and one tensor under two names`() throws {
    var original = try graph(
      """
      input %x : float32[2]
      %y = Unary(%x) {function = {kind = "relu", alpha = 0, beta = 0}}
      output %y
      """)
    original.appendOutput(original.outputs[0], name: "again")
    original.appendOutput(original.inputs[0], name: "same")
    let exported = try Exported(original)
    #expect(exported.graph.outputNames == ["y", "again", "same"])
    let outputs = try Interpreter.run(exported.graph, inputs: [Tensor(shape: [2], floats: [-1, 2])])
    #expect(outputs.map(\.floats) == [[0, 2], [0, 2], [-1, 2]])
  }

  @Test func `gives an output its name where the graph has another`() throws {
    var original = Graph()
    let x = original.appendInput(name: "x", type: TensorType(.float32, [2]))
    let inner = try original.append(Unary(.relu), name: "r", inputs: [x], outputNames: ["out"])[0]
    let outer = try original.append(Unary(.relu), name: "s", inputs: [inner], outputNames: ["t"])[0]
    original.appendOutput(outer, name: "out")
    let exported = try Exported(original)
    #expect(exported.model.graph.outputs.map(\.name) == ["out"])
    #expect(
      try Interpreter.run(exported.graph, inputs: [Tensor(shape: [2], floats: [-1, 2])])[0].floats == [0, 2])
  }

  @Test func `keeps every type of elements`() throws {
    for element in ElementType.allCases {
      var original = Graph()
      let x = original.appendInput(name: "x", type: TensorType(element, [3]))
      let tensor =
        element.isFloating
        ? Tensor(shape: [3], element: element, floats: [1.5, -2, 0.25])
        : Tensor(shape: [3], element: element, integers: [1, 0, 1])
      let y = try original.append(
        Concat(axis: 0), name: "c", inputs: [x, original.appendConstant(name: "k", tensor)])
      original.appendOutput(y[0], name: "y")
      let constants = try Exported(original).graph.values.compactMap(\.constant)
      #expect(constants == [tensor], "\(element)")
    }
  }

  @Test func `refuses what computes in 8 bits and what its opset does not have, all at once`() throws {
    var original = Graph()
    let x = original.appendInput(name: "x", type: TensorType(.float32, [4]))
    let padded = try original.append(
      Pad(mode: .wrap, before: [1], after: [1]), name: "p", inputs: [x])
    let bytes = try original.append(
      QuantizeLinear(scales: [0.5], zeroPoints: [0]), name: "q", inputs: padded)
    original.appendOutput(bytes[0], name: "q")
    #expect(
      throws: ExportError.several([
        .noForm("Pad", node: "p", reason: "mode 'wrap' came with opset 19"),
        .quantized("QuantizeLinear", node: "q"),
      ])
    ) { try Exporter.bytes(of: original, notes: .init(compiler: "c", version: "1")) }
  }
}
