internal import ArgumentParser
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierObserve

/// `espalier observe`: what goes on inside a network while it sees frames.
struct Observe: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at a network's tensors while it sees frames.",
    discussion: """
      Writes three files into a folder: observation.npz holds a series of numbers for
      every tensor and reduction, one number a frame, under COLLECTION/TENSOR/REDUCTION,
      and its histogram; observation.json holds the same in words, and what rules found;
      observation.html shows it. Rules look for filters that never fire, activations at
      their bound, outputs that do not change, numbers that explode, vanish or are none.

        espalier observe signs.onnx --frames pictures/ -o seen/
        espalier observe signs.onnx --frames pictures/ -o seen/ --include '*conv*' --every 10
        espalier observe signs.onnx --frames pictures/ -o seen/ --save-tensors

      Tensors are those of the simplified network, under ONNX's names: batch
      normalization is part of its convolution. Tensors computed elsewhere take their
      place with --tensors: an .npz file of arrays COLLECTION/NAME, frames first.

      The collection 'gradients', which is looked at only when it is named, holds the
      gradients of a loss by inputs, weights, biases and activations, one for each frame:

        espalier observe signs.onnx --frames pictures/ -o seen/ --collections gradients

      Frames have no labels. Where the network gives scores of classes, the loss is the
      cross-entropy with its own first answer (over pixels, their mean); otherwise half
      the sum of the squared outputs. Gradients by labels can be brought with --tensors.
      """)

  @Argument(help: ArgumentHelp("The ONNX model.", valueName: "MODEL.onnx"))
  var model: String

  @Option(
    name: [.long, .customLong("input"), .customShort("i")], parsing: .upToNextOption,
    help: ArgumentHelp("Frames, as 'run --input' takes them.", valueName: "[NAME=]DIR|FILE"))
  var frames: [String]

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The folder to write to.", valueName: "DIR"))
  var output: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "What is looked at: all but gradients, or those that are named.", valueName: "COLLECTION"))
  var collections = [TensorCollection.weights, .biases, .activations, .outputs].map { NamedCase($0) }

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Tensors of these names alone; * stands for anything.", valueName: "PATTERN"))
  var include: [String] = []

  @Option(help: ArgumentHelp("One frame in so many is looked at.", valueName: "N"))
  var every = 1

  @Option(parsing: .upToNextOption, help: ArgumentHelp("What is kept of each frame.", valueName: "REDUCTION"))
  var reductions = Reduction.allCases.map { NamedCase($0) }

  @Flag(help: "Also keep the tensors themselves, whole.")
  var saveTensors = false

  @Option(
    help: ArgumentHelp("Tensors and gradients that were computed elsewhere.", valueName: "FILE.npz"))
  var tensors: String?

  @Option(
    name: [.long, .customLong("shapes"), .customLong("optShapes")],
    help: ArgumentHelp("The shape of an input, frames first.", valueName: "NAME=1x3x224x224"))
  var shape: [ShapeArgument] = []

  @OptionGroup var work: JobOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func validate() throws {
    guard every > 0 else { throw ValidationError("--every is at least 1") }
  }

  func run() throws {
    var chain = CompileChain()
    let graph = try chain.simplify(try chain.importGraph(model, shapes: shape))
    let reader = try pictures.reader(for: graph)
    let group = FrameGroup(name: "frames", try reader.frames(for: frames)).every(every)
    let network = ObservedNetwork(graph: graph, patterns: NamePatterns(include))
    var collector = ObservationCollector(
      network: network, collections: Set(collections.map(\.value)), keepsTensors: saveTensors)
    try collector.collect(group, threads: work.jobs)
    if let tensors { try collector.add(try Files.read(tensors), path: tensors) }
    guard !collector.tensors.isEmpty else {
      throw CommandError("no tensor of the collections \(list) has a name that --include allows")
    }
    let kept = reductions.map(\.value)
    let report = ObservationReport(
      model: model, frames: group.frames, loss: collector.loss, tensors: collector.tensors, reductions: kept)
    try ObservationFiles.write(report, collector, reductions: kept, to: output)
    if json { return try Console.json(report) }
    report.show(output)
  }

  private var list: String { collections.map(\.value.rawValue).joined(separator: ", ") }
}

extension FrameGroup {
  /// The first of so many frames, and again.
  func every(_ interval: Int) -> FrameGroup {
    let chosen = Array(stride(from: 0, to: frames.count, by: interval))
    let all = elements
    return FrameGroup(name: name, frames: chosen.map { frames[$0] }) { all(chosen[$0]) }
  }
}
