import EspalierGraph
import EspalierImport
import Testing

@Suite("Importing an ONNX file") struct ImporterTests {
  @Test func `makes an output of an initializer`() throws {
    var file = OnnxFile()
    file.graph.initializers = [.init(name: "w", shape: [2], floats: [1.5, -2])]
    file.graph.outputs = ["w"]
    let graph = try Importer.graph(of: OnnxModel(bytes: file.bytes))
    #expect(graph.constant(of: graph.outputs[0]) == Tensor(shape: [2], floats: [1.5, -2]))
    #expect(graph.outputNames == ["w"])
  }
}
