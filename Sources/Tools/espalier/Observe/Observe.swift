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

      Many frames are looked at in shards, in two rounds; see 'help merge'.

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
  var output: String?

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

  @Option(
    help: ArgumentHelp(
      "With --shard: the second round, over the ranges that 'merge' made of the first.",
      valueName: "FILE.json"))
  var ranges: String?

  @OptionGroup(title: "Several machines") var sharding: ShardOptions
  @OptionGroup var work: JobOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func validate() throws {
    guard every > 0 else { throw ValidationError("--every is at least 1") }
    guard sharding.shard != nil else {
      guard output != nil else { throw ValidationError("--output DIR is missing: the folder to write to") }
      guard ranges == nil else { throw ValidationError("--ranges goes with --shard: the second round") }
      return
    }
    guard output == nil, !json else {
      throw ValidationError("--output and --json go with 'merge' where there are shards")
    }
    guard !saveTensors, tensors == nil else {
      throw ValidationError("--save-tensors and --tensors look at all frames at once: they take no --shard")
    }
  }

  func run() throws {
    var chain = CompileChain()
    let graph = try chain.simplify(try chain.importGraph(model, shapes: shape))
    let reader = try pictures.reader(for: graph)
    let indexes = try reader.indexes(for: frames)
    let looked = Array(stride(from: 0, to: indexes[0].count, by: every))
    let own = Array(looked[sharding.range(of: looked.count)])
    let group = FrameGroup(name: "frames", try indexes.map { try $0.frames(own) })
    let network = ObservedNetwork(graph: graph, patterns: NamePatterns(include))
    var collector = ObservationCollector(
      network: network, collections: Set(collections.map(\.value)), keepsTensors: saveTensors)
    let kept = reductions.map(\.value)
    if let shard = sharding.shard {
      let run = try identity(indexes)
      return try observe(shard, of: looked.count, run, group, &collector, reductions: kept)
    }
    try collector.collect(group, threads: work.jobs)
    if let tensors { try collector.add(try Files.read(tensors), path: tensors) }
    try requireTensors(collector)
    let report = ObservationReport(
      model: model, frames: group.frames.count, loss: collector.loss, tensors: collector.tensors,
      reductions: kept)
    let folder = output ?? "."
    try ObservationFiles.write(
      report, collector.tensors, kept: collector.kept, reductions: kept, to: folder)
    if json { return try Console.json(report) }
    report.show(folder)
  }

  /// One round over one shard of the frames.
  private func observe(
    _ shard: Shard, of total: Int, _ run: [String: String], _ group: FrameGroup,
    _ collector: inout ObservationCollector, reductions: [Reduction]
  ) throws {
    guard let path = ranges, let part = sharding.part else {
      try collector.collect(group, threads: work.jobs, .reductions(shard))
      try requireTensors(collector)
      let part = ReductionsPart(
        model: model, loss: collector.loss, reductions: reductions, tensors: collector.tensors)
      return try sharding.write(part, .reductions, total: total, run: run)
    }
    let ranges = try ObservationRanges(path: path)
    let header = PartHeader(kind: .histograms, shard: shard, total: total, run: run)
    try PartSet.requireSameOptions(part, header.run, as: ranges.run, of: path)
    try collector.collect(group, threads: work.jobs, .histograms(shard, ranges))
    let content = HistogramsPart(ranges: try ranges.digest(), tensors: collector.tensors)
    try sharding.write(content, .histograms, total: total, run: run)
  }

  private func requireTensors(_ collector: ObservationCollector) throws {
    guard !collector.tensors.isEmpty else {
      throw CommandError("no tensor of the collections \(list) has a name that --include allows")
    }
  }

  /// What all shards of a run must have in common.
  private func identity(_ indexes: [FrameIndex]) throws -> [String: String] {
    let names = indexes.map { "\($0.port.name)\n" + $0.names.joined(separator: "\n") }
    let run = [
      "model": SHA256.hexDigest(of: try Files.read(model)),
      "frames": SHA256.hexDigest(of: Array(names.joined(separator: "\n\n").utf8)),
      "--every": "\(every)", "--shape": shape.map(\.text).joined(separator: " "),
      "--collections": collections.map(\.value.rawValue).sorted().joined(separator: " "),
      "--include": include.joined(separator: " "),
      "--reductions": reductions.map(\.value.rawValue).joined(separator: " "),
    ]
    return pictures.identity.merging(run) { $1 }
  }

  private var list: String { collections.map(\.value.rawValue).joined(separator: ", ") }
}
