internal import EspalierGraph
internal import EspalierImport
internal import EspalierMedia
internal import EspalierObserve
internal import EspalierOperators
internal import EspalierPasses
internal import EspalierPlan

/// An ONNX model on its way to a plan, with the time that every stage took.
struct CompileChain {
  private(set) var stages: [(name: String, milliseconds: Double)] = []

  /// The graph of an ONNX file.
  ///
  /// - Parameter resizes: Whether the shapes may contradict those that the file states.
  mutating func importGraph(
    _ path: String, shapes: [ShapeArgument], resizes: Bool = false
  ) throws -> Graph {
    var options = Importer.Options(shapes: try Self.table(shapes))
    options.changesFixedExtents = resizes
    return try stage("import") { try Importer.graph(contentsOf: path, options: options) }
  }

  mutating func simplify(_ graph: Graph) throws -> Graph {
    try stage("simplify") {
      var graph = graph
      try Pipeline.simplify(&graph)
      return graph
    }
  }

  /// The network in 8 bits, as frames show it.
  mutating func quantize(
    _ graph: Graph, _ frames: CalibrationFrames, _ options: PostTrainingQuantization.Options, threads: Int
  ) throws -> PostTrainingQuantization {
    try stage("quantize") {
      var bars = StageProgress()
      defer { bars.finish() }
      let engine = GraphRunner.engine(threads: threads)
      let known = try frames.known.map { try Self.statistics($0, of: graph, frames, options, engine) }
      return try PostTrainingQuantization(
        of: graph, groups: frames.groups, options: options, engine: engine, known: known
      ) { bars.update($0.rawValue, $1, $2) }
    }
  }

  /// What all frames showed elsewhere, where it is of this network.
  private static func statistics(
    _ known: CalibrationStatistics, of graph: Graph, _ frames: CalibrationFrames,
    _ options: PostTrainingQuantization.Options, _ engine: PostTrainingQuantization.Engine
  ) throws -> [TensorStatistics] {
    let source = try PostTrainingQuantization.source(
      of: graph, groups: frames.groups, options: options, engine: engine)
    let names = PostTrainingQuantization.observed(in: source).map { source[$0].name }
    guard names == known.tensors.map(\.numbers.name), let statistics = known.statistics else {
      throw CommandError("--statistics: they are of another network: its tensors have other names")
    }
    guard source.weightsDigest == known.run[CalibrationKey.network] else {
      throw CommandError(
        """
        --statistics: they are of a network with other weights. Where model, shapes, pictures and method are the \
        same, the machines have other instruction sets, whose float32 differs in its last bits: ESPALIER_ISA=avx2 \
        makes all of them the same
        """)
    }
    return statistics
  }

  mutating func lower(
    _ graph: Graph, provenance: [Plan.Provenance], choices: KernelChoices, watching: [WatchedTensor] = []
  ) throws -> Plan {
    try stage("lower and place") {
      try Pipeline.lower(graph, provenance: provenance, choices: choices, watching: watching)
    }
  }

  mutating func stage<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    if Console.isInteractive { Console.note("\(name) …") }
    let (result, milliseconds) = try timed(body)
    stages.append((name, milliseconds))
    return result
  }

  private static func table(_ shapes: [ShapeArgument]) throws -> [String: [Int]] {
    var table: [String: [Int]] = [:]
    for argument in shapes {
      guard table.updateValue(argument.shape, forKey: argument.name) == nil else {
        throw UsageError("--shape gives '\(argument.name)' twice")
      }
    }
    return table
  }
}
