internal import EspalierGraph
internal import EspalierMedia
internal import EspalierOperators
internal import EspalierPlan
internal import EspalierRuntime
internal import EspalierSearch

/// Files of kernel times.
enum CostFile {
  /// - Throws: `CommandError` that names the file, `MediaError`.
  static func read(_ path: String) throws -> CostTable {
    let bytes = try Files.read(path)
    do { return try CostTable(text: String(decoding: bytes, as: UTF8.self)) } catch {
      throw CommandError("'\(path)' \(error)")
    }
  }

  /// The table in a file, or an empty one where there is none, of this processor.
  ///
  /// - Throws: `CommandError` where it is another processor's.
  static func ofThisProcessor(_ path: String?) throws -> CostTable {
    let processor = ProcessorInfo.current
    guard let path, Files.exists(path) else {
      return CostTable(processor: processor.kind, name: processor.name)
    }
    let table = try read(path)
    guard table.processor == processor.kind else {
      let error = CostTableError.otherProcessor(found: table.processor, expected: processor.kind)
      throw CommandError("'\(path)' \(error)")
    }
    return table
  }

  static func write(_ table: CostTable, to path: String) throws {
    try Files.write(Array(table.text.utf8), to: path)
  }
}

/// What is known about the times of layers while a model is compiled.
struct Planner {
  /// Nil where kernels are the favorites of the compiler's own model.
  private(set) var table: CostTable?
  private let options: PlannerOptions
  private let threads: Int
  private(set) var measured = 0

  /// - Throws: `CommandError` where the file of costs cannot be used, `MediaError`.
  init(_ options: PlannerOptions, threads: Int) throws {
    (self.options, self.threads) = (options, threads)
    if options.tune {
      table = try CostFile.ofThisProcessor(options.costs)
    } else if let path = options.costs {
      let table = try CostFile.read(path)
      do { _ = try LayerCosts(table, threads: threads) } catch { throw CommandError("'\(path)' \(error)") }
      self.table = table
    }
  }

  /// Whether `--tune` asks for times of these shapes that are not known.
  func lacks(_ shapes: [LayerShape]) -> Bool {
    guard options.tune, let table else { return false }
    return shapes.contains { shape in
      shape.candidates.contains { table.microseconds(shape, $0, threads: threads) == nil }
    }
  }

  /// Measures what layers of these shapes take, where `--tune` says so.
  mutating func tune(_ shapes: [LayerShape]) throws {
    guard options.tune, var known = table else { return }
    var bar = Progress("timing kernels of layers", total: shapes.count)
    defer { bar.finish() }
    let tuner = LayerTuner(threads: threads, timer: LayerTiming.timer(threads: threads))
    measured += try tuner.measure(shapes, into: &known) { done, _ in bar.update(done) }
    table = known
  }

  /// Adds to the file of costs what was measured.
  func save() throws {
    guard options.tune, measured > 0, let table, let path = options.costs else { return }
    try CostFile.write(table, to: path)
  }

  /// Times of this table, or estimates for this processor.
  var costs: LayerCosts {
    let known = table.flatMap { try? LayerCosts($0, threads: threads) }
    return known ?? .estimated(instructionSet: InstructionSet.limit.name, threads: threads)
  }

  /// The kernels of a graph's layers.
  func choices(for graph: Graph) -> KernelChoices {
    table == nil ? KernelChoices() : costs.choices(for: graph)
  }

  /// Layers that 8 bits would make slower.
  func fasterInFloat(_ graph: Graph) -> [String] { table == nil ? [] : costs.fasterInFloat(graph) }

  /// What the pack says about it.
  func provenance(_ choices: KernelChoices) -> [Plan.Provenance] {
    guard table != nil else { return [] }
    let entries = [
      (PlannerKey.costs, costs.source), (PlannerKey.choices, choices.description),
    ]
    return entries.filter { !$0.1.isEmpty }.map { Plan.Provenance(key: $0.0, value: $0.1) }
  }
}

extension LayerCosts {
  /// The processor and the number of threads.
  var source: String { "\(table.processor), \(threads) thread\(threads == 1 ? "" : "s")" }
}

/// Keys under which a pack says what its kernels were chosen by.
enum PlannerKey {
  /// The processor and the number of threads.
  static let costs = "kernel-costs"
  /// Line by line, where they are not the compiler's favorites.
  static let choices = "kernel-choices"
}

extension KernelChoices {
  /// Those that a pack was made with.
  init(of provenance: [Plan.Provenance]) {
    self.init(provenance.first { $0.key == PlannerKey.choices }?.value ?? "")
  }
}

/// What `compile` says about the kernels that it chose.
struct PlannerReport: Encodable {
  let processor: String
  let threads: Int
  let times_of: String
  /// Times that were measured now.
  let measured: Int
  /// Layers whose kernel is not the favorite of the compiler's own model, of all layers.
  let changed: Int
  let layers: Int
  /// Milliseconds of all layers with these kernels, and with the favorites.
  let layers_ms: Double
  let favorites_ms: Double

  /// Nil where no times decided.
  init?(_ planner: Planner, _ graph: Graph, _ choices: KernelChoices) {
    guard let table = planner.table else { return nil }
    let costs = planner.costs
    let shapes = graph.nodes.compactMap { graph.layerShape(of: $0) }
    times_of = costs.source
    (processor, threads, measured) = (table.processor.description, costs.threads, planner.measured)
    (changed, layers) = (shapes.filter { choices[$0] != $0.favorite }.count, shapes.count)
    layers_ms = costs.microseconds(graph, choices) / 1_000
    favorites_ms = costs.microseconds(graph, KernelChoices()) / 1_000
  }

  func show() {
    print(
      """
      kernels by times of \(times_of)\
      \(measured == 0 ? "" : ", \(measured) measured now"): \(changed) of \(layers) layers take another than \
      the usual one; \(Format.milliseconds(layers_ms)) for all layers, \
      \(Format.milliseconds(favorites_ms)) with the usual ones
      """)
  }
}
