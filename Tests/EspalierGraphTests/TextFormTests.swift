import EspalierGraph
import Testing

@Suite("The text form of a graph") struct TextFormTests {
  static let twoNodes = """
    input %x : float32[2, 3]
    %w = constant float32[2, 3] [1.0, 2.0, 3.0, -4.0, 0.5, 1e-10]
    %sum, %difference = AddAndSubtract(%x, %w) : float32[2, 3], float32[2, 3] @arithmetic
    %y = Scale(%sum) {factor = 2.5, mode = "fancy", shift = {by = {amount = inf}}, label = "a \\"b\\"", \
    isExact = true, windows = [{start = 1, extents = [2, 3]}, {start = -1, extents = []}]} : float32[2, 3]
    output %y as "scores"
    output %difference

    """

  @Test func `is printed as it was read`() throws {
    let graph = try Graph(text: Self.twoNodes, operators: testOperators)
    #expect(graph.text() == Self.twoNodes)
  }

  @Test func `carries every kind of attribute`() throws {
    let graph = try Graph(text: Self.twoNodes, operators: testOperators)
    let scale = try #require(graph.nodes[1].op as? Scale)
    #expect(
      scale
        == Scale(
          factor: 2.5, mode: .fancy, shift: .by(amount: .infinity), label: "a \"b\"", isExact: true,
          windows: [.init(start: 1, extents: [2, 3]), .init(start: -1, extents: [])]))
  }

  @Test func `names nodes and outputs`() throws {
    let graph = try Graph(text: Self.twoNodes, operators: testOperators)
    #expect(graph.nodes.map(\.name) == ["arithmetic", "y"])
    #expect(graph.outputNames == ["scores", "difference"])
  }

  @Test func `computes what it says`() throws {
    let graph = try Graph(
      text: """
        input %x : float32[3]          # a comment
        %w = constant float32[3] splat 0.5
        %s, %d = AddAndSubtract(%x, %w)
        %y = Scale(%d) {factor = -2, mode = "plain", shift = {none = {}}, isExact = false, windows = []}
        output %y
        """, operators: testOperators)
    let x = Tensor(shape: [3], floats: [1, 2, 3])
    let y = try Interpreter.run(graph, inputs: [x])
    #expect(y == [Tensor(shape: [3], floats: [-1, -3, -5])])
  }

  @Test func `quotes names that hold blanks, colons or quotes`() throws {
    let text = """
      input %"a b" : float32[1]
      %"c:\\"1\\"" = Scale(%"a b") {factor = 1.0, mode = "plain", shift = {none = {}}, isExact = false, \
      windows = []} : float32[1] @"node 1"
      output %"c:\\"1\\"" as "öut"

      """
    #expect(try Graph(text: text, operators: testOperators).text() == text)
  }

  @Test func `makes the same random constant for the same seed`() throws {
    let text = "%w = constant float32[4, 5] random 7\noutput %w"
    let first = try Graph(text: text, operators: [:])
    let second = try Graph(text: text, operators: [:])
    let tensor = try #require(first.constant(of: first.outputs[0]))
    #expect(tensor == second.constant(of: second.outputs[0]))
    #expect(tensor.floats.allSatisfy { (-1..<1).contains($0) })
    #expect(Set(tensor.floats).count == 20)
    #expect(Tensor.random(TensorType(.float32, [4, 5]), seed: 8) != tensor)
  }

  @Test func `leaves big constants out, with a checksum that tells them apart`() throws {
    let graph = try Graph(text: "%w = constant float32[17] random 1\noutput %w", operators: [:])
    let other = try Graph(text: "%w = constant float32[17] random 2\noutput %w", operators: [:])
    #expect(graph.text().contains("float32[17] elided "))
    #expect(graph.text() != other.text())
    #expect(throws: TextError.elided("w", line: 1)) { try Graph(text: graph.text(), operators: [:]) }
    let whole = graph.text(constantLimit: .max)
    #expect(try Graph(text: whole, operators: [:]).text(constantLimit: .max) == whole)
  }

  @Test func `keeps integers and their type`() throws {
    let text = "%i = constant int64[2] [-9223372036854775808, 7]\noutput %i\n"
    #expect(try Graph(text: text, operators: [:]).text() == text)
  }

  @Test(arguments: [
    ("%y = Nothing(%x)", TextError.unknownOperator("Nothing", line: 2)),
    ("%y = Scale(%z)", .unknownValue("z", line: 2)),
    ("%x = constant float32[1] [1]", .repeatedName("x", line: 2)),
    ("%w = constant float32[3] [1, 2]", .elementCount(expected: 3, found: 2, line: 2)),
    ("%w = constant float32[1] [abc]", .unexpected("'abc'", expected: "a number", line: 2)),
    ("%w = constant float99[1] [1]", .unexpected("'float99'", expected: "an element type", line: 2)),
    (
      "%s, %d = AddAndSubtract(%x, %x) {speed = 1}",
      .attributes("AddAndSubtract", problem: "has no attribute 'speed'", line: 2)
    ),
    ("%s = AddAndSubtract(%x, %x)", .elementCount(expected: 2, found: 1, line: 2)),
    ("%y = Scale(%x) {}", .attributes("Scale", problem: "attribute 'factor' is missing", line: 2)),
    (
      "%y = Scale(%x) {factor = \"two\"}",
      .attributes("Scale", problem: "attribute 'factor' must be Float, not \"two\"", line: 2)
    ),
    ("%s, %d = AddAndSubtract(%x)", .shape(.inputCount(expected: "2", found: 1), line: 2)),
    (
      "%s, %d = AddAndSubtract(%x, %x) : float32[4]",
      .type("s", stated: TensorType(.float32, [4]), inferred: TensorType(.float32, [3]), line: 2)
    ),
    ("%y = Scale(%x", .unexpected("the end", expected: "','", line: 2)),
    ("%y = \"Scale", .unexpected("the end of the line", expected: "\"", line: 2)),
    ("nonsense", .unexpected("'nonsense'", expected: "'input', 'output' or a value's name", line: 2)),
    ("%y ! 3", .unexpected("character '!'", expected: "a name or a value", line: 2)),
  ])
  func `refuses what it cannot read, with the line`(line: String, error: TextError) {
    #expect(throws: error) {
      try Graph(text: "input %x : float32[3]\n\(line)", operators: testOperators)
    }
  }
}
