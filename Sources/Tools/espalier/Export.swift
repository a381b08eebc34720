internal import ArgumentParser
internal import EspalierExport
internal import EspalierGraph
internal import EspalierMedia

/// `espalier export`: an ONNX file becomes a simpler one.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model as ONNX again, simplified as the compiler sees it.",
    discussion: """
      Shapes become fixed, what depends on constants alone is computed, batch
      normalization goes into the layer before it. Tensors and nodes keep their names;
      'metadata_props' says what was done. The same model gives the same bytes.

        espalier export signs.onnx -o simple.onnx
        espalier export d.onnx --shape images=1x3x320x320 -o d320.onnx

      The file has opset \(ExportBuilder.opset) and float32 weights; models that compute in 8 bits are
      refused.
      """)

  @Argument(help: ArgumentHelp("The ONNX model.", valueName: "model.onnx"))
  var model: String

  @Option(
    name: [.long, .customLong("shapes")],
    help: ArgumentHelp("The shape of an input, frames first.", valueName: "NAME=1x3x224x224"))
  var shape: [ShapeArgument] = []

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("The ONNX file to write.", valueName: "out.onnx"))
  var output: String

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  /// What is printed.
  struct Summary: Encodable {
    let onnx: String
    let bytes: Int
    let nodes: Int
    let parameters: Int
    let opset: Int
  }

  func run() throws {
    var chain = CompileChain()
    let source = try Files.read(model)
    let graph = try chain.simplify(try chain.importGraph(model, shapes: shape))
    let bytes = try chain.stage("write") {
      try OnnxOutput(source: source).write(graph, to: output)
    }
    let summary = Summary(
      onnx: output, bytes: bytes, nodes: graph.nodes.count, parameters: graph.parameterCount,
      opset: ExportBuilder.opset)
    if json { return try Console.json(summary) }
    print(
      """
      \(output): ONNX opset \(summary.opset), \(summary.nodes) nodes of ours, \
      \(Format.count(summary.parameters)) parameters, \(Format.bytes(bytes))
      """)
  }
}

/// ONNX files that say what they were made from, and how.
struct OnnxOutput {
  /// Hexadecimal, of the file that the network came from.
  let sourceDigest: String

  init(source: [UInt8]) { sourceDigest = SHA256.hexDigest(of: source) }

  /// Writes a file that appears whole or not at all.
  ///
  /// - Parameter keptChannels: By layer the channels of the original that are left; empty where none were cut.
  /// - Returns: The number of bytes.
  /// - Throws: `ExportError` where ONNX has no form for a node, `MediaError` where the file cannot be written.
  func write(_ graph: Graph, keptChannels: [String: [Int]] = [:], to path: String) throws -> Int {
    let notes = Exporter.Notes(
      compiler: "espalier", version: Espalier.version, sourceSHA256: sourceDigest, keptChannels: keptChannels)
    let bytes = try Exporter.bytes(of: graph, notes: notes)
    try Files.write(bytes, to: path)
    return bytes.count
  }
}
