import EspalierExport
import EspalierGraph
import EspalierImport
import EspalierPasses
import Testing

/// ONNX's node tests once around: imported, simplified, written as ONNX, imported and simplified again.
@Suite("Graphs of every operator as ONNX") struct ExportOfEveryOperatorTests {
  /// What opset 17 does not have and what only quantized models have: refused, with a reason.
  private static func mayBeRefused(_ error: ExportError) -> Bool {
    switch error {
    case .quantized: true
    case .noForm(_, _, let reason): reason.contains("came with opset")
    case .file: false
    case .several(let errors): errors.allSatisfy(mayBeRefused)
    }
  }

  private static func copy(_ graph: Graph) throws -> Graph {
    let bytes = try Exporter.bytes(of: graph, notes: .init(compiler: "espalier", version: "0"))
    let copy = try Importer.graph(of: try OnnxModel(bytes: bytes))
    try Verifier.verify(copy)
    #expect(copy.outputNames == graph.outputNames)
    #expect(copy.outputs.map(copy.type) == graph.outputs.map(graph.type))
    return copy
  }

  @Test(arguments: ConformanceTests.passing.filter { !$0.name.contains("_expanded") })
  func `compute the same once they were written and read again`(entry: ConformanceEntry) throws {
    for folder in ConformanceList.folders(of: entry.name) {
      let test = try NodeTest(folder: folder)
      do {
        try test.check(
          with: { graph, inputs in
            try Interpreter.run(try Self.copy(graph), inputs: inputs)
          }, mayBindAll: true)
        try test.check(
          with: { graph, inputs in
            var graph = graph
            try Pipeline.simplify(&graph)
            var copy = try Self.copy(graph)
            try Pipeline.simplify(&copy)
            return try Interpreter.run(copy, inputs: inputs)
          }, mayBindAll: true)
      } catch let error as ExportError where Self.mayBeRefused(error) {
        continue
      }
    }
  }
}
