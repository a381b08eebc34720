internal import ArgumentParser
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierOperators
internal import EspalierPasses
internal import EspalierPlan

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

      With --calibrate the network computes in 8 bits. A few hundred frames like those
      that the network will see are enough; labels are not needed. The report says
      which layers stay in float32 and why, and how far the outputs are from float32:

        espalier compile signs.onnx --calibrate day/ --calibrate night/ -o s.espalier

      A network can be made smaller: whole filters are cut, by a share of the
      multiply-adds, or until a frame keeps a budget on this processor. The frames, a
      fifth of which is held back to judge by, give the accuracy back:

        espalier compile signs.onnx --calibrate pictures/ --prune 0.5 -o s.espalier
        espalier compile signs.onnx --calibrate pictures/ --budget 8ms -o s.espalier

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
  @OptionGroup(title: "Kernels") var planning: PlannerOptions
  @OptionGroup var threading: ThreadOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  /// What is printed.
  struct Summary: Encodable {
    struct Stage: Encodable {
      let name: String
      let ms: Double
    }
    let pack: String
    let bytes: Int
    /// Over those of the ONNX file.
    let size_ratio: Double
    let precision: String
    let calls: Int
    let weight_bytes: Int
    let arena_bytes: Int
    let multiply_adds: UInt64
    let stages: [Stage]
    let pruning: PruningReport?
    let labelled: LabelledAccuracy?
    let calibration: CalibrationReport?
    let kernels: PlannerReport?
  }

  func validate() throws {
    guard report != output else { throw ValidationError("--report and --output name the same file") }
    guard calibration.precision != .fp32 || calibration.calibrate.isEmpty || pruning.budgetAsked != nil else {
      throw ValidationError("--calibrate has nothing to do under --precision fp32 where nothing is pruned")
    }
  }

  func run() throws {
    var planner = try Planner(planning, threads: threading.threads)
    var chain = CompileChain()
    let source = try Files.read(model)
    let imported = try chain.importGraph(model, shapes: shape)
    let whole = try chain.simplify(imported)
    let nodeCounts = (before: imported.nodes.count, after: whole.nodes.count)
    var provenance = provenance(source: source)
    let frames = calibration.calibrate.isEmpty ? nil : try calibrationFrames(for: whole)
    let pruned = try prune(whole, imported: imported, frames, &planner, &chain)
    let float = pruned?.result.graph ?? whole
    if calibration.quantizes { try tune(&planner, float, &chain) }
    var settings = calibration.settings
    if calibration.precision == .auto { settings.fasterInFloat = planner.fasterInFloat(float) }
    let quantized = try quantize(float, frames, settings, &chain)
    if quantized != nil, let frames { provenance += settings.provenance(of: frames) }
    let lowered = quantized?.graph ?? float
    try tune(&planner, lowered, &chain)
    try planner.save()
    let choices = planner.choices(for: lowered)
    let plan = try chain.lower(
      lowered, provenance: provenance + planner.provenance(choices), choices: choices)
    let bytes = try PlanWriter.bytes(of: plan, weights: calibration.storage)
    let time = try pruned.map { try requireBudget(of: bytes, $0.result, planner, &chain) }
    try chain.stage("write") {
      if let pruned { try saveModel(pruned.result, source: source) }
      try Files.write(bytes, to: output)
    }
    let calibrated = frames.flatMap { frames in
      quantized.map {
        CalibrationReport($0, frames: frames, method: calibration.calibrationMethod, costs: planner.costs)
      }
    }
    let summary = Summary(
      pack: output, bytes: bytes.count, size_ratio: Double(bytes.count) / Double(max(1, source.count)),
      precision: calibration.quantizes ? "int8" : "fp32", calls: plan.calls.count,
      weight_bytes: plan.weights.count, arena_bytes: plan.arenaByteCount, multiply_adds: plan.multiplyAdds,
      stages: chain.stages.map { Summary.Stage(name: $0.name, ms: $0.milliseconds) },
      pruning: pruned.flatMap { pruned in time.map { report(pruned.result, $0, of: whole) } },
      labelled: pruned?.accuracy, calibration: calibrated,
      kernels: PlannerReport(planner, lowered, choices))
    try writePage(summary, bytes, plan.provenance, (whole, float, quantized), planner, frames)
    if json { return try Console.json(summary) }
    show(summary, nodeCounts: nodeCounts)
  }

  /// The network in 8 bits, where there are frames to find ranges by.
  private func quantize(
    _ graph: Graph, _ frames: CalibrationFrames?, _ settings: QuantizationSettings,
    _ chain: inout CompileChain
  ) throws -> PostTrainingQuantization? {
    guard calibration.quantizes, let frames else { return nil }
    return try chain.quantize(graph, frames, settings.options, threads: threading.threads)
  }

  /// Writes what `--report` asks for.
  ///
  /// - Parameter graphs: Before pruning, after it, and in 8 bits.
  private func writePage(
    _ summary: Summary, _ pack: [UInt8], _ provenance: [Plan.Provenance],
    _ graphs: (whole: Graph, float: Graph, quantized: PostTrainingQuantization?), _ planner: Planner,
    _ frames: CalibrationFrames?
  ) throws {
    guard let path = report else { return }
    var original: Graph?
    if summary.pruning != nil {
      original =
        try calibration.quantizes
        ? calibration.settings.sketch(graphs.whole, frames?.groups ?? [], threads: threading.threads)
        : graphs.whole
    } else if graphs.quantized != nil {
      original = graphs.float
    }
    let page = CompilePage(
      model: model, summary: summary,
      times: try LayerTimes(of: pack, against: original, timer(planner)),
      quantization: graphs.quantized, provenance: provenance, arguments: CommandLine.arguments)
    try Files.write(Array(page.page.html.utf8), to: path)
  }

  /// Measures the layers of a graph, and their twins in 8 bits where there may be some.
  func tune(_ planner: inout Planner, _ graph: Graph, _ chain: inout CompileChain) throws {
    let twins = calibration.quantizes ? graph.layerShapes.map { $0.computed(in: .bytes) } : []
    let shapes = Set(graph.layerShapes + twins).sorted()
    guard planner.lacks(shapes) else { return }
    try chain.stage("tune") { try planner.tune(shapes) }
  }

  private func calibrationFrames(for graph: Graph) throws -> CalibrationFrames {
    try CalibrationFrames(calibration.calibrate, reader: try pictures.reader(for: graph))
  }

  /// Same model, same options, same bytes: no dates, no paths.
  private func provenance(source: [UInt8]) -> [Plan.Provenance] {
    let options = shape.map { "--shape \($0.text)" } + pruning.text + calibration.text
    return [
      Plan.Provenance(key: "source-sha256", value: SHA256.hexDigest(of: source)),
      Plan.Provenance(key: "compiler", value: "espalier \(Espalier.version)"),
      Plan.Provenance(key: "options", value: options.joined(separator: " ")),
    ] + pictures.provenance
  }

  private func show(_ summary: Summary, nodeCounts: (before: Int, after: Int)) {
    var table = Table([("", .left), ("", .right), ("", .left)])
    for stage in summary.stages {
      let remark = stage.name == "simplify" ? "\(nodeCounts.before) nodes became \(nodeCounts.after)" : ""
      table.add([stage.name, Format.milliseconds(stage.ms), remark])
    }
    print(table.text)
    print(
      """
      \(summary.pack): \(Format.bytes(summary.bytes)) (\(Format.fixed(summary.size_ratio, 2)) of the model's \
      file), \(summary.calls) kernel calls, \
      \(Format.count(Int(summary.multiply_adds))) multiply-adds a frame, \
      \(Format.bytes(summary.arena_bytes)) working memory
      """)
    summary.kernels?.show()
    summary.pruning?.show()
    if let accuracy = summary.labelled {
      print(
        """
        top-1 on \(accuracy.frames) labelled frames: \(Format.fixed(accuracy.after, 2)) %, before \
        \(Format.fixed(accuracy.before, 2)) %
        """)
    }
    summary.calibration?.show()
    if let report { print("\nlook at \(report)") }
  }
}
