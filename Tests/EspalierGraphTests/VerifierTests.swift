@testable import EspalierGraph
import Testing

@Suite("The verifier") struct VerifierTests {
  private static let chain = """
    input %x : float32[3]
    %s, %d = AddAndSubtract(%x, %x) @first
    %t, %e = AddAndSubtract(%s, %d) @second
    output %t
    """

  private func graph() throws -> Graph { try Graph(text: Self.chain, operators: testOperators) }

  @Test func `accepts a sound graph`() throws { try Verifier.verify(try graph()) }

  @Test func `finds a node that reads what is computed later`() throws {
    var graph = try graph()
    graph.nodes.swapAt(0, 1)
    graph.reindex()
    #expect(throws: VerificationError.readBeforeDefined("s", reader: "second")) {
      try Verifier.verify(graph)
    }
  }

  @Test func `finds a type that inference does not give`() throws {
    var graph = try graph()
    graph.values[graph.nodes[1].outputs[0].index].type.shape = [4]
    #expect(
      throws: VerificationError.type(
        "t", stored: TensorType(.float32, [4]), inferred: TensorType(.float32, [3]))
    ) { try Verifier.verify(graph) }
  }

  @Test func `finds an operator that does not take its inputs`() throws {
    var graph = try graph()
    graph.nodes[1].inputs.removeLast()
    #expect(throws: VerificationError.inference(.inputCount(expected: "2", found: 1), node: "second")) {
      try Verifier.verify(graph)
    }
  }

  @Test func `finds an output that nothing computes`() throws {
    var graph = try graph()
    graph.nodes.removeLast()
    graph.reindex()
    #expect(throws: VerificationError.danglingOutput("t")) { try Verifier.verify(graph) }
  }

  @Test func `finds a name that two values have`() throws {
    var graph = try graph()
    graph.values[graph.nodes[1].outputs[0].index].name = "x"
    #expect(throws: VerificationError.repeatedName("x")) { try Verifier.verify(graph) }
  }

  @Test func `finds a name that two nodes have`() throws {
    var graph = try graph()
    graph.nodes[1].name = "first"
    #expect(throws: VerificationError.repeatedName("first")) { try Verifier.verify(graph) }
  }

  @Test func `finds a value that two nodes compute`() throws {
    var graph = try graph()
    graph.nodes[1].outputs = graph.nodes[0].outputs
    graph.reindex()
    #expect(throws: VerificationError.self) { try Verifier.verify(graph) }
  }

  @Test func `finds an index that edits left behind`() throws {
    var graph = try graph()
    graph.producerIndex.removeAll()
    #expect(throws: VerificationError.staleIndex("s")) { try Verifier.verify(graph) }
  }

  @Test func `finds values that the graph does not have`() throws {
    var graph = try graph()
    graph.nodes[1].inputs[0] = ValueID(99)
    #expect(throws: VerificationError.noSuchValue(node: "second")) { try Verifier.verify(graph) }
    graph = try self.graph()
    graph.outputs[0] = ValueID(99)
    #expect(throws: VerificationError.danglingOutput("t")) { try Verifier.verify(graph) }
  }

  @Test func `making names unique mends repeated ones and keeps the inputs'`() throws {
    var graph = try graph()
    graph.values[graph.nodes[0].outputs[0].index].name = "x"
    graph.nodes[1].name = "first"
    graph.makeNamesUnique()
    try Verifier.verify(graph)
    #expect(graph[graph.inputs[0]].name == "x")
    #expect(graph.nodes.map(\.name) == ["first", "first:2"])
  }
}
