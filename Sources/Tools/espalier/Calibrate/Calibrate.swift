internal import ArgumentParser
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierObserve
internal import EspalierPasses

/// `espalier calibrate`: what calibration frames show, shard by shard.
struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at calibration frames on several machines, for 'compile --statistics'.",
    discussion: """
      'compile --calibrate' looks at all frames twice: for ranges, then for
      distributions over them. 'calibrate' does that for one shard of the frames, and
      reads no others but the 64 by which channels are evened out:

        espalier calibrate signs.onnx --calibrate day/ --shard 1/2 --part a1.json
        espalier calibrate signs.onnx --calibrate day/ --shard 2/2 --part a2.json
        espalier merge a1.json a2.json -o ranges.json
        espalier calibrate signs.onnx --calibrate day/ --shard 1/2 --part b1.json \\
          --ranges ranges.json
        espalier calibrate signs.onnx --calibrate day/ --shard 2/2 --part b2.json \\
          --ranges ranges.json
        espalier merge a1.json a2.json b1.json b2.json -o day.json
        espalier compile signs.onnx --calibrate day/ --statistics day.json -o s.espalier

      The last command reads at most 256 frames, for rounding weights, correcting biases
      and judging, and writes the pack that it writes without --statistics, byte for byte
      (with --watch none: otherwise the digests of watched tensors are of these frames).
      tools/fleet does all but the last over a cluster.
      """)

  @Argument(help: ArgumentHelp("The ONNX model.", valueName: "MODEL.onnx"))
  var model: String

  @Option(
    help: ArgumentHelp(
      "Frames to quantize by, as 'compile' takes them: all of them, for every shard.",
      valueName: "DIR|FILE.npy"))
  var calibrate: [String]

  @Option(
    help: ArgumentHelp(
      "The method that 'compile' will be given; of kl and the others networks are evened out differently.",
      valueName: "mse|minmax|percentile|kl"))
  var calibrationMethod = MethodArgument.mse

  @Option(
    name: [.long, .customLong("shapes"), .customLong("optShapes")],
    help: ArgumentHelp("The shape of an input, frames first.", valueName: "NAME=1x3x224x224"))
  var shape: [ShapeArgument] = []

  @Option(
    help: ArgumentHelp(
      "The second round, over the ranges that 'merge' made of the first.", valueName: "FILE.json"))
  var ranges: String?

  @Option(
    name: .customLong("input"),
    help: ArgumentHelp("How pictures become an input, as for 'compile'.", valueName: "[NAME=]rgb:letterbox:…")
  )
  var pictureInputs: [PictureArgument] = []

  @OptionGroup(title: "Several machines") var sharding: ShardOptions
  @OptionGroup var work: JobOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  func validate() throws {
    guard sharding.shard != nil else {
      throw ValidationError("--shard I/N and --part FILE are missing; 1/1 is all frames at once")
    }
  }

  func run() throws {
    guard let shard = sharding.shard else { return }
    var chain = CompileChain()
    let graph = try chain.simplify(try chain.importGraph(model, shapes: shape))
    let frames = try IndexedFrames(calibrate, reader: try pictures.reader(for: graph, pictureInputs))
    var options = PostTrainingQuantization.Options()
    options.method = calibrationMethod.method
    let engine = GraphRunner.engine(threads: work.jobs)
    let source = try PostTrainingQuantization.source(
      of: graph, groups: try frames.groups(reading: PostTrainingQuantization.framesRead(of: frames.counts)),
      options: options, engine: engine)
    let run = try identity(frames, source)
    var observer = Observer(source, observing: PostTrainingQuantization.observed(in: source))
    let execute = try engine(observer.graph)
    let own = shard.range(of: frames.total)
    var bar = Progress("calibrating", total: own.count)
    defer { bar.finish() }
    guard let path = ranges else {
      var digests: [String] = []
      for frame in own {
        let elements = try frames.elements(of: frame)
        digests.append(CalibrationFrames.digest(of: elements))
        try observer.add(try execute(elements), frame: frames.name(of: frame))
        bar.advance()
      }
      let tensors = observer.observed.compactMap { value in
        observer.statistics[value].map { CalibratedTensor(source[value].name, $0) }
      }
      let part = CalibrationRangesPart(digests: digests, tensors: tensors)
      return try sharding.write(part, .calibrationRanges, total: frames.total, run: run)
    }
    let known = try CalibrationRanges(path: path)
    let header = PartHeader(kind: .calibrationCounts, shard: shard, total: frames.total, run: run)
    try PartSet.requireSameOptions("this shard", header.run, as: known.run, of: path)
    guard known.names == observer.observed.map({ source[$0].name }), let pairs = known.pairs else {
      throw CommandError("'\(path)' holds ranges of other tensors; merge the parts again")
    }
    observer.beginCounting(pairs, groups: frames.counts.count)
    for frame in own {
      observer.count(try execute(try frames.elements(of: frame)), group: frames.group(of: frame))
      bar.advance()
    }
    let tensors = observer.observed.map { value in
      (observer.statistics[value]?.histograms ?? []).map {
        CalibrationCountsPart.Counts(bins: PackedNumbers.data($0.counts.map(Int64.init)), zeros: $0.zeroCount)
      }
    }
    let part = CalibrationCountsPart(ranges: try known.digest(), tensors: tensors)
    try sharding.write(part, .calibrationCounts, total: frames.total, run: run)
  }

  /// What all shards of a run must have in common.
  private func identity(_ frames: IndexedFrames, _ source: Graph) throws -> [String: String] {
    let run = [
      "model": SHA256.hexDigest(of: try Files.read(model)), "frames": frames.namesDigest,
      CalibrationKey.groups: frames.counts.map(String.init).joined(separator: " "),
      "--shape": shape.map(\.text).joined(separator: " "),
      "--input": pictureInputs.map(\.text).joined(separator: " "),
      CalibrationKey.method: calibrationMethod.rawValue, CalibrationKey.network: source.weightsDigest,
    ]
    return pictures.identity.merging(run) { $1 }
  }
}

extension Graph {
  /// Of the bits of all constants: even between two instruction sets the last ones may differ.
  var weightsDigest: String {
    let digests = nodes.flatMap { node in
      node.inputs.compactMap { input in
        constant(of: input).map { SHA256.hexDigest(of: RawFile.encode($0.asFloats)) }
      }
    }
    return SHA256.hexDigest(of: Array(digests.joined(separator: "\n").utf8))
  }
}
