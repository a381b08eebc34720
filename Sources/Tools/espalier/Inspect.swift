internal import ArgumentParser
internal import EspalierImport
internal import EspalierMedia

/// `espalier inspect`: what a model or a packed file holds.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a model or a packed file holds.",
    discussion: """
      For an ONNX model: inputs and outputs, operators, shapes, multiply-adds,
      parameters, memory, and every operator that is not supported. For a packed
      file: its kernel calls and which kernels this processor gets, memory, the
      resource certificate, and where it came from.

        espalier inspect detector.onnx --shape images=1x3x320x320
        espalier inspect detector.espalier --json
      """)

  @Argument(help: ArgumentHelp("The model or pack.", valueName: "MODEL.onnx|PACK"))
  var file: String

  @Option(
    name: [.long, .customLong("shapes"), .customLong("optShapes")],
    help: ArgumentHelp("The shape of an input of a model.", valueName: "NAME=1x3x224x224"))
  var shape: [ShapeArgument] = []

  @Flag(help: "List every node of the graph, or every kernel call.")
  var nodes = false

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func run() throws {
    let head = try Files.read(file).prefix(8)
    if head.starts(with: [0x89, 0x45, 0x53, 0x50]) {
      guard shape.isEmpty else { throw UsageError("--shape is for models; the shapes of a pack are fixed") }
      return try PackInspection(path: file).show(json: json, calls: nodes)
    }
    try ModelInspection(path: file, shapes: shape).show(json: json, nodes: nodes)
  }
}
