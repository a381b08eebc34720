internal import ArgumentParser
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierObserve
internal import EspalierPlan
internal import EspalierPrune

/// `espalier sensitivity`: what single weights are worth.
struct Sensitivity: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure what a network loses when weights become 0 or share few values.",
    discussion: """
      The smallest weights become 0, first of one layer after another, then of the whole
      network; then the weights of each layer share 16, 32 or 64 values. Each time the
      outputs are held against the network's own on the frames; labels are not needed.

        espalier sensitivity signs.onnx --calibrate pictures/ -o curves.json
        espalier sensitivity signs.onnx --calibrate pictures/ -o curves.json --report curves.html

      This tells how much a network has to spare, and what a file could shrink to, which
      'compile --sparsity' and '--clusters' do. Nothing gets faster by it: kernels multiply
      by zeros as by any other number. Whole filters are what 'compile --prune' cuts.
      """)

  @Argument(help: ArgumentHelp("The ONNX model.", valueName: "MODEL.onnx"))
  var model: String

  @Option(help: ArgumentHelp("Frames to judge by.", valueName: "DIR|FILE.npy"))
  var calibrate: [String]

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The file to write.", valueName: "FILE.json"))
  var output: String

  @Option(help: ArgumentHelp("Also write a page of charts.", valueName: "FILE.html"))
  var report: String?

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Shares of the weights that become 0.", valueName: "RATIO"))
  var sparsity = [0.25, 0.5, 0.7, 0.8, 0.9].map { ShareArgument($0) }

  @Option(parsing: .upToNextOption, help: ArgumentHelp("How many values weights share.", valueName: "N"))
  var centers = [16, 32, 64]

  @Option(help: ArgumentHelp("At most so many frames, evenly apart.", valueName: "N"))
  var frames = 256

  @Option(
    name: [.long, .customLong("shapes"), .customLong("optShapes")],
    help: ArgumentHelp("The shape of an input, frames first.", valueName: "NAME=1x3x224x224"))
  var shape: [ShapeArgument] = []

  @OptionGroup var work: JobOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func validate() throws {
    guard frames > 0 else { throw ValidationError("--frames is at least 1") }
    guard centers.allSatisfy({ (2...65_536).contains($0) }) else {
      throw ValidationError("--centers are 2 to 65536")
    }
    guard !calibrate.isEmpty else { throw ValidationError("sensitivity needs frames: --calibrate DIR") }
    guard report != output else { throw ValidationError("--report and --output name the same file") }
  }

  func run() throws {
    var chain = CompileChain()
    let graph = try chain.simplify(try chain.importGraph(model, shapes: shape))
    let all = try CalibrationFrames(calibrate, reader: try pictures.reader(for: graph)).groups
    let groups = all.map { $0.thinned(to: max(1, frames / max(1, all.count))) }
    let sensitivity = try WeightSensitivity(
      of: graph, frames: groups, engine: GraphRunner.engine(threads: work.jobs))
    guard !sensitivity.layers.isEmpty else {
      throw CommandError("'\(model)': no convolution or product has constant weights in float32")
    }
    let found = try SensitivityReport(
      model: model, sensitivity, frames: groups.frameCount,
      shares: sparsity.map(\.value).sorted(), centers: centers.sorted())
    try Files.write(try Console.jsonBytes(found) + [UInt8(ascii: "\n")], to: output)
    if let report { try Files.write(Array(SensitivityPage(report: found).page.html.utf8), to: report) }
    if json { return try Console.json(found) }
    found.show()
    print("\nlook at \(report ?? output)")
  }
}
