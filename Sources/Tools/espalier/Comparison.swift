internal import EspalierGraph
internal import EspalierImport
internal import EspalierMedia
internal import EspalierObserve
internal import EspalierOperators
internal import EspalierPasses
internal import EspalierPlan
internal import EspalierRuntime
internal import Foundation

/// Runs frames through a pack, through the same model with every layer laid open, and through the reference
/// interpreter.
struct Comparison {
  let report: ComparisonReport

  init(
    model path: String, pack: Model, packPath: String, frames: [InputFrames],
    calibration: CalibrationFrames?, layers: Bool, threads: Int
  ) throws {
    let graph = try Self.graph(of: path, for: pack, at: packPath)
    var simplified = graph
    try Pipeline.simplify(&simplified)
    let settings = QuantizationSettings(of: pack.provenance)
    let quantization = try settings.flatMap { settings in
      try calibration.map { try Self.quantize(simplified, $0, settings, threads: threads) }
    }
    let count = frames.first?.frameCount ?? 1
    var outputs = Rows(
      graph.outputs.indices.map { index in (graph.outputNames[index], graph.outputs[index]) }, graph)
    var opened = layers && settings == nil ? try OpenedLayers(simplified) : nil
    var quantized = layers ? try quantization.map { try QuantizedLayers($0, threads: threads) } : nil
    var runner = try FrameRunner(pack, threads: threads)
    let nodesPerFrame = graph.nodes.count + (opened == nil ? 0 : simplified.nodes.count)
    var progress = Progress("interpreting nodes", total: count * nodesPerFrame)
    for frame in 0..<count {
      let inputs = Self.tensors(frames, frame: frame, of: graph)
      runner.load(frames, frame: frame)
      try runner.run()
      let reference = try Interpreter.run(graph, inputs: inputs) { progress.advance() }
      for (index, tensor) in reference.enumerated() {
        outputs.add(index, runner.output(index), reference: tensor.asFloats)
      }
      try opened?.add(frames, frame: frame, inputs: inputs, threads: threads) { progress.advance() }
      try quantized?.add(FrameGroup(name: "", frames).elements(frame))
    }
    progress.finish()
    let isKnown = settings == nil || quantization != nil
    report = ComparisonReport(
      model: path, pack: packPath, frames: count, precision: settings == nil ? "fp32" : "int8",
      same_pack: isKnown
        ? try Self.isMade(pack, at: packPath, of: quantization?.graph ?? simplified) : nil,
      outputs: outputs.rows, layers: (opened?.rows ?? quantized?.rows)?.rows ?? [],
      culprits: quantized?.culprits ?? [])
  }

  /// The network as the pack's compiler quantized it.
  private static func quantize(
    _ graph: Graph, _ frames: CalibrationFrames, _ settings: QuantizationSettings, threads: Int
  ) throws -> PostTrainingQuantization {
    var chain = CompileChain()
    return try chain.quantize(graph, frames, settings.options, threads: threads)
  }

  /// The model's graph in the shapes of the pack.
  private static func graph(of path: String, for pack: Model, at packPath: String) throws -> Graph {
    let shapes = Dictionary(pack.inputs.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    let source = pack.provenance.first { $0.key == "source-sha256" }?.value
    let isSource = try source == nil || source == SHA256.hexDigest(of: Files.read(path))
    let graph: Graph
    do {
      graph = try Importer.graph(contentsOf: path, options: Importer.Options(shapes: shapes))
    } catch {
      throw isSource ? error : CommandError("'\(packPath)' was not made from '\(path)': \(error)")
    }
    guard graph.inputs.map({ graph[$0].name }) == pack.inputs.map(\.name),
      graph.outputNames == pack.outputs.map(\.name),
      graph.outputs.map({ graph.type(of: $0).shape }) == pack.outputs.map(\.shape)
    else {
      throw CommandError(
        "'\(packPath)' was not made from '\(path)': the inputs or outputs have other names or shapes")
    }
    return graph
  }

  /// One frame as the interpreter takes it.
  private static func tensors(_ frames: [InputFrames], frame: Int, of graph: Graph) -> [Tensor] {
    zip(graph.inputs, frames).map { value, source in
      let type = graph.type(of: value)
      let elements = Array(source.elements[(frame * type.elementCount)..<((frame + 1) * type.elementCount)])
      if type.element.isFloating { return Tensor(shape: type.shape, element: type.element, floats: elements) }
      return Tensor(shape: type.shape, element: type.element, integers: elements.map { Int64($0) })
    }
  }

  /// Whether the compiler gives the pack's bytes for this graph.
  private static func isMade(_ pack: Model, at path: String, of graph: Graph) throws -> Bool {
    let choices = KernelChoices(of: pack.provenance)
    guard let plan = try? Pipeline.lower(graph, provenance: pack.provenance, choices: choices) else {
      return false
    }
    let bytes = try Files.read(path)
    let stored = Plan(try PlanReader.read(bytes), weightsFrom: bytes)
    // What is watched, what pictures become, what outputs mean and what is replayed depend on how the pack was compiled,
    // not on how the network is computed.
    var made = plan
    (made.watches, made.pictures, made.results) = (stored.watches, stored.pictures, stored.results)
    made.golden = stored.golden
    made.placeWatches(behind: plan.arenaByteCount)
    return made == stored
  }
}

/// Agreement of some values of a graph.
struct Rows {
  private let names: [String]
  private let operators: [String]
  private let shapes: [[Int]]
  private var agreements: [Agreement]

  init(_ values: [(name: String, value: ValueID)], _ graph: Graph) {
    names = values.map(\.name)
    operators = values.map { graph.producer(of: $0.value)?.op.name ?? "" }
    shapes = values.map { graph.type(of: $0.value).shape }
    agreements = values.map { _ in Agreement() }
  }

  mutating func add(_ index: Int, _ computed: [Float], reference: [Float]) {
    agreements[index].add(computed, reference: reference)
  }

  /// Of each value the power of the errors over that of the values.
  var noise: [Double] { agreements.map { $0.signalToNoise > 0 ? 1 / $0.signalToNoise : .infinity } }

  var rows: [ComparisonReport.Row] {
    agreements.indices.map { index in
      let agreement = agreements[index]
      return ComparisonReport.Row(
        name: names[index], op: operators[index], shape: shapes[index], cosine: agreement.cosine,
        snr_db: 10 * log10(agreement.signalToNoise), max_error: agreement.maximumError,
        relative_error: agreement.relativeError)
    }
  }
}

/// A pack of the same graph in which every value is an output.
struct OpenedLayers {
  private let graph: Graph
  private let values: [ValueID]
  private let model: Model
  private(set) var rows: Rows

  init(_ graph: Graph) throws {
    var opened = graph
    values = graph.nodes.flatMap(\.outputs).filter { graph.readerCount(of: $0) > 0 }
    for value in values { opened.appendOutput(value, name: "layer \(value.index)") }
    var limits = PlanLimits()
    limits.portCount = values.count + graph.outputs.count + graph.inputs.count
    let plan = try Pipeline.lower(opened)
    model = try Model(bytes: try PlanWriter.bytes(of: plan, limits: limits), limits: limits)
    rows = Rows(values.map { (graph[$0].name, $0) }, graph)
    self.graph = graph
  }

  /// - Parameter finished: Called after each node that was interpreted.
  mutating func add(
    _ frames: [InputFrames], frame: Int, inputs: [Tensor], threads: Int, finished: () -> Void
  ) throws {
    var runner = try FrameRunner(model, threads: threads)
    runner.load(frames, frame: frame)
    try runner.run()
    let reference = try Interpreter.allValues(of: graph, inputs: inputs, finished: finished)
    for (index, value) in values.enumerated() {
      guard let expected = reference[value] else { continue }
      rows.add(index, runner.output(graph.outputs.count + index), reference: expected.asFloats)
    }
  }
}
