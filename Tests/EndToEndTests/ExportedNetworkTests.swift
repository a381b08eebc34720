import EspalierExport
import EspalierGraph
import EspalierImport
import EspalierPasses
import EspalierPlan
import EspalierRuntime
import Testing

/// Networks that others trained, simplified and written as ONNX. `tools/check-export` holds the same files against
/// ONNX Runtime.
@Suite(
  "Exported networks",
  .enabled(
    if: !Place.goldenCases.isEmpty,
    "needs the models in ../shared/assets (or ESPALIER_ASSETS) and the outputs that tools/golden makes"))
struct ExportedNetworkTests {
  /// The file is compiled as any other; 1e-4 leaves room for weights that are folded again.
  @Test(arguments: Place.goldenCases)
  func `compute on real pictures what the original computes`(name: String) throws {
    let golden = try Golden(case: name)
    let shapes = [golden.inputName: [1] + golden.frameShape]
    var graph = try Importer.graph(
      contentsOf: Place.model(of: name), options: Importer.Options(shapes: shapes))
    try Pipeline.simplify(&graph)
    let bytes = try Exporter.bytes(of: graph, notes: .init(compiler: "espalier", version: "0"))
    let copy = try Importer.graph(of: try OnnxModel(bytes: bytes))
    #expect(copy.inputs.map { copy[$0].name } == graph.inputs.map { graph[$0].name })
    #expect(copy.outputNames == graph.outputNames)
    let model = try Model(bytes: try PlanWriter.bytes(of: try Pipeline.compile(copy)))
    var session = try Session(model)
    var original = try Session(try WholePath.model(name, for: golden))
    for (index, frame) in golden.frames.enumerated() {
      let expected = try original.run([frame])
      for (position, output) in try session.run([frame]).enumerated() {
        let difference = Difference(output, expected[position])
        #expect(difference.relativeError <= 1e-4, "\(model.outputs[position].name), frame \(index)")
      }
    }
  }
}
