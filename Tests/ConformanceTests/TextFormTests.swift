import EspalierGraph
import EspalierOperators
import Testing

@Suite("Graphs of every operator as text") struct TextOfEveryOperatorTests {
  private static let operators: [String: any Operator.Type] = Dictionary(
    OperatorRegistry.operators.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  @Test(arguments: ConformanceTests.passing.filter { !$0.name.contains("_expanded") })
  func `are read back as they were printed`(entry: ConformanceEntry) throws {
    for folder in ConformanceList.folders(of: entry.name) {
      let test = try NodeTest(folder: folder)
      try test.check(
        with: { graph, inputs in
          let text = graph.text(constantLimit: .max)
          let copy = try Graph(text: text, operators: Self.operators)
          #expect(copy.text(constantLimit: .max) == text)
          try Verifier.verify(copy)
          return try Interpreter.run(copy, inputs: inputs)
        }, mayBindAll: true)
    }
  }
}
