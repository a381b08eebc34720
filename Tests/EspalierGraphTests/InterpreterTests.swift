import EspalierGraph
import Testing

@Suite("The interpreter") struct InterpreterTests {
  private static let text = """
    input %x : float32[2]
    input %y : float32[2]
    %s, %d = AddAndSubtract(%x, %y) @first
    %t, %e = AddAndSubtract(%s, %d) @second
    output %e
    output %s
    output %x as "again"
    """
  private static let x = Tensor(shape: [2], floats: [5, 7])
  private static let y = Tensor(shape: [2], floats: [1, 2])

  private func graph() throws -> Graph { try Graph(text: Self.text, operators: testOperators) }

  @Test func `computes the outputs in order, inputs among them`() throws {
    let outputs = try Interpreter.run(try graph(), inputs: [Self.x, Self.y])
    #expect(outputs.map(\.floats) == [[2, 4], [6, 9], [5, 7]])
  }

  @Test func `gives every value that is computed`() throws {
    let graph = try graph()
    let values = try Interpreter.allValues(of: graph, inputs: [Self.x, Self.y])
    let byName = Dictionary(uniqueKeysWithValues: values.map { (graph[$0.key].name, $0.value.floats) })
    #expect(
      byName == ["x": [5, 7], "y": [1, 2], "s": [6, 9], "d": [4, 5], "t": [10, 14], "e": [2, 4]])
  }

  @Test func `refuses inputs that do not fit`() throws {
    let graph = try graph()
    #expect(throws: InterpreterError.inputCount(expected: 2, found: 1)) {
      try Interpreter.run(graph, inputs: [Self.x])
    }
    let wide = Tensor(shape: [3], floats: [1, 2, 3])
    #expect(
      throws: InterpreterError.input("y", expected: Self.y.type, found: wide.type)
    ) { try Interpreter.run(graph, inputs: [Self.x, wide]) }
  }
}
