internal import ArgumentParser
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierPlan
internal import EspalierPrune

/// `espalier compile`: an ONNX file becomes a packed file.
struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compile an ONNX model into one packed file.",
    discussion: """
      The packed file holds everything that the runtime needs: weights in the order
      in which the kernels read them, the list of kernel calls, the place of every
      tensor. It runs on every x86-64 and 64-bit Arm processor; the loader picks the
      instruction set. The same model and options give the same bytes.

        espalier compile signs.onnx -o signs.espalier
        espalier compile d.onnx --shape images=1x3x320x320 -o d.espalier

      A model whose input sizes are open (a dynamic batch, for instance) needs
      --shape; the message names what is missing. With --mean, --scale and --layout
      the pack knows how pictures become its input, and 'run' takes pictures without
      further options:

        espalier compile signs.onnx --mean 127.5 --scale 127.5 -o signs.espalier

      --input says it in one, with the fit, also to the runtime, which then takes
      pictures as cameras give them (NV12, YUYV, …) in one pass:

        espalier compile d.onnx --input bgr:letterbox:scale=255:fill=114 -o d.espalier

      With --calibrate the network computes in 8 bits. A few hundred frames like those
      that the network will see are enough; labels are not needed. The report says
      which layers stay in float32 and why, and how far the outputs are from float32:

        espalier compile signs.onnx --calibrate day/ --calibrate night/ -o s.espalier

      A network can be made smaller: whole filters are cut, by a share of the
      multiply-adds, or until a frame keeps a budget on this processor. The frames, a
      fifth of which is held back to judge by (or others: --hold-back), give the accuracy
      back:

        espalier compile signs.onnx --calibrate pictures/ --prune 0.5 -o s.espalier
        espalier compile signs.onnx --calibrate pictures/ --budget 8ms -o s.espalier

      Several networks fit into one pack: a session then runs each frame through the
      largest one that the time left is enough for:

        espalier compile signs.onnx --calibrate pictures/ --levels 1.0,0.7,0.5 -o s.espalier

      Fewer pixels may cost less accuracy than fewer filters:

        espalier compile signs.onnx --calibrate pictures/ --latency 0.5 --resolutions 192,160 -o s.espalier

      With --results the pack says what its outputs mean, and a session finds classes,
      boxes or masks in them; 'run' prints those:

        espalier compile d.onnx --results yolox --classes coco.txt -o d.espalier

      \(BoxFormat.explanation.split(separator: "\n").joined(separator: "\n      "))
      \(ResultsArgument.explanation.split(separator: "\n", omittingEmptySubsequences: false)
        .joined(separator: "\n      "))

      --report writes a page of charts about it, complete in one file:

        espalier compile signs.onnx --calibrate pictures/ --prune 0.5 -o s.espalier --report s.html

      Which kernel computes a layer is decided by a model of a processor, by a table of
      times that 'espalier measure' made on the target, or by measuring here:

        espalier compile signs.onnx --costs board.costs -o signs.espalier
        espalier compile signs.onnx --tune -o signs.espalier
      """)

  @Argument(help: ArgumentHelp("The ONNX model.", valueName: "model.onnx"))
  var model: String

  @Option(
    name: [.long, .customLong("shapes"), .customLong("optShapes")],
    help: ArgumentHelp("The shape of an input, frames first.", valueName: "NAME=1x3x224x224"))
  var shape: [ShapeArgument] = []

  @Option(
    name: [.customShort("o"), .long, .customLong("saveEngine")],
    help: ArgumentHelp("The packed file to write.", valueName: "PACK"))
  var output: String

  @Option(
    help: ArgumentHelp(
      """
      Also write a page that shows what was done: widths, recovery, sensitivity, ranges of tensors, and the \
      time of every layer, which is measured here.
      """, valueName: "FILE.html"))
  var report: String?

  @OptionGroup(title: "Pruning") var pruning: PruningOptions
  @OptionGroup(title: "Pruning") var labels: LabelGuardOptions
  @OptionGroup(title: "Quantization") var calibration: CalibrationOptions
  @OptionGroup(title: "Watching") var watching: WatchOptions
  @OptionGroup(title: "Results") var meaning: MeaningOptions
  @OptionGroup(title: "Smaller files") var sparsity: SparsityOptions
  @OptionGroup(title: "Kernels") var planning: PlannerOptions
  @OptionGroup var threading: ThreadOptions
  @OptionGroup var work: JobOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Option(
    name: .customLong("input"),
    help: ArgumentHelp(
      """
      How pictures become an input, written into the pack: rgb, bgr or gray; stretch, letterbox, \
      letterbox-top-left or crop=SHARE; mean=, scale= (one number or three) and fill=, in any order.
      """, valueName: "[NAME=]rgb:letterbox:…"))
  var pictureInputs: [PictureArgument] = []

  @Flag(help: "Leave the frames out that 'verify' replays.")
  var noGolden = false

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func validate() throws {
    guard report != output else { throw ValidationError("--report and --output name the same file") }
    guard pruning.checkpoint == nil || ![output, report, pruning.saveONNX].contains(pruning.checkpoint) else {
      throw ValidationError("--checkpoint and another option name the same file to write")
    }
    guard
      calibration.precision != .fp32 || calibration.calibrate.isEmpty || pruning.prunes
        || sparsity.changesWeights
    else {
      throw ValidationError("--calibrate has nothing to do under --precision fp32 where nothing is pruned")
    }
    guard pruning.holdBack.isEmpty || !calibration.calibrate.isEmpty else {
      throw ValidationError("--hold-back judges what is made with other frames: give those with --calibrate")
    }
    guard pruning.holdBack.isEmpty || pruning.prunes || sparsity.changesWeights else {
      throw ValidationError(
        "--hold-back: say how much to cut with --prune, --budget, --latency, --size, --levels or --sparsity")
    }
    guard meaning.results != nil || labels.judge != nil || labels.labels == nil else {
      throw ValidationError("--labels needs labelled frames, --judge DIR, or --results that have classes")
    }
    guard meaning.results != nil || meaning.classes == nil else {
      throw ValidationError("--classes names the classes of --results")
    }
    guard
      calibration.statistics == nil || (calibration.quantizes && !pruning.prunes && !sparsity.changesWeights)
    else {
      throw ValidationError(
        "--statistics are of the whole network in float32: they go with 8 bits, without pruning, levels or sparsity"
      )
    }
    guard sparsity.clusters == nil || !calibration.quantizes else {
      throw ValidationError(
        """
        --clusters goes with --precision fp32: weights of 8 bits share 256 values as it is, and --sparsity makes \
        their files smaller
        """)
    }
  }

  func run() throws {
    var planner = try Planner(planning, threads: threading.threads)
    var chain = CompileChain()
    let source = try Files.read(model)
    let imported = try chain.importGraph(model, shapes: shape)
    let whole = try chain.simplify(imported)
    _ = try results(of: whole.ports(whole.inputs), whole.outputPorts, whole)
    let frames = try calibration.calibrate.isEmpty ? nil : calibrationFrames(for: whole)
    var inputs = CompileInputs(
      imported: imported, whole: whole, reference: whole, frames: frames,
      heldBack: try heldBackFrames(for: whole))
    var goals = pruning.goals
    if pruning.prunes, frames != nil { noteMeaning(of: whole) }
    var resolutions: [ResolutionReport] = []
    if !pruning.resolutions.isEmpty, let goal = goals[0] {
      let search = try bestResolution(goal, inputs, &planner, &chain)
      (inputs, goals) = (search.candidates[0].inputs, [search.candidates[0].goal])
      resolutions = search.reports
    }
    var prepared: PreparedPruning?
    let networks = try goals.enumerated().map { index, goal in
      try network(goal, isLargest: index == 0, inputs, &prepared, &planner, &chain)
    }
    try planner.save()
    var plan = try plan(of: networks, planner, source, inputs.frames)
    if !noGolden {
      plan.golden = try chain.stage("golden vectors") {
        try plan.recordedGoldenVectors(seed: pruning.seed, threads: work.jobs)
      }
    }
    let bytes = try PlanWriter.bytes(of: plan, weights: storage)
    let levels = try networks.map { try level($0, bytes, planner, inputs, &chain) }
    try chain.stage("write") {
      if let pruned = networks[0].pruned { try saveModel(pruned.result, networks[0].float, source: source) }
      try Files.write(bytes, to: output)
    }
    let summary = Summary(
      pack: output, bytes: bytes.count, size_ratio: Double(bytes.count) / Double(max(1, source.count)),
      precision: calibration.quantizes ? "int8" : "fp32", calls: plan.calls.count,
      weight_bytes: plan.weights.count, arena_bytes: plan.arenaByteCount, multiply_adds: plan.multiplyAdds,
      stages: chain.stages.map { Summary.Stage(name: $0.name, ms: $0.milliseconds) },
      levels: levels, resolutions: resolutions,
      kernels: PlannerReport(planner, networks[0].lowered, networks[0].choices))
    try writePage(summary, bytes, plan.provenance, networks[0], planner, inputs)
    if json { return try Console.json(summary) }
    summary.show(nodeCounts: (before: imported.nodes.count, after: whole.nodes.count))
    if let report { print("\nlook at \(report)") }
  }

  /// All networks in one, the first as it is.
  private func plan(
    of networks: [CompiledNetwork], _ planner: Planner, _ source: [UInt8], _ frames: CalibrationFrames?
  ) throws -> Plan {
    var plan = try Plan(levels: networks.map(\.plan))
    plan.provenance = provenance(source: source)
    plan.pictures = try pictures.declarations(for: plan.inputs, pictureInputs)
    plan.results = try results(of: plan.inputs, plan.outputs, networks[0].float)
    if networks[0].quantized != nil, let frames {
      plan.provenance += networks[0].settings.provenance(of: frames)
    }
    plan.provenance += planner.provenance(networks[0].choices)
    return plan
  }

  /// What the outputs of a network mean; nil without `--results`.
  func results(
    of inputs: [Plan.Port], _ outputs: [Plan.Port], _ graph: Graph
  ) throws -> Plan.Results? {
    try meaning.results(
      model, inputs: inputs, outputs: outputs, shares: graph.outputsShares,
      labels: labels.judge == nil ? labels.labels : nil)
  }

  /// Writes what `--report` asks for.
  private func writePage(
    _ summary: Summary, _ pack: [UInt8], _ provenance: [Plan.Provenance], _ network: CompiledNetwork,
    _ planner: Planner, _ inputs: CompileInputs
  ) throws {
    guard let path = report else { return }
    var original: Graph?
    if summary.levels.contains(where: { $0.pruning != nil }) {
      original =
        try calibration.quantizes
        ? calibration.settings.sketch(inputs.whole, inputs.frames?.groups ?? [], threads: work.jobs)
        : inputs.whole
    } else if network.quantized != nil {
      original = network.float
    }
    let page = CompilePage(
      model: model, summary: summary,
      times: try LayerTimes(of: pack, against: original, timer(planner)),
      quantization: network.quantized, provenance: provenance, arguments: CommandLine.arguments)
    try Files.write(Array(page.page.html.utf8), to: path)
  }

  func calibrationFrames(for graph: Graph) throws -> CalibrationFrames {
    let reader = try pictures.reader(for: graph, pictureInputs)
    guard let path = calibration.statistics else {
      return try CalibrationFrames(calibration.calibrate, reader: reader)
    }
    return try CalibrationFrames(
      calibration.calibrate, reader: reader, known: try CalibrationStatistics(path: path), path: path)
  }

  /// Nil: a part of those that calibrate is held back.
  func heldBackFrames(for graph: Graph) throws -> CalibrationFrames? {
    let paths = pruning.holdBack
    guard !paths.isEmpty else { return nil }
    return try CalibrationFrames(paths, reader: pictures.reader(for: graph, pictureInputs))
  }

  /// Same model, same options, same bytes: no dates, no paths.
  private func provenance(source: [UInt8]) -> [Plan.Provenance] {
    let watch = watching.choice(hasFrames: !calibration.calibrate.isEmpty)
    let options =
      shape.map { "--shape \($0.text)" } + pruning.text + sparsity.text + calibration.text
      + pictureInputs.map { "--input \($0.text)" }
      + (meaning.results.map { ["--results \($0.summary)"] } ?? [])
      + (watch == .none ? [] : ["--watch \(watch.text)"])
    return [
      Plan.Provenance(key: "source-sha256", value: SHA256.hexDigest(of: source)),
      Plan.Provenance(key: "compiler", value: "espalier \(Espalier.version)"),
      Plan.Provenance(key: "options", value: options.joined(separator: " ")),
    ] + pictures.provenance
  }
}
