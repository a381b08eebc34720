internal import ArgumentParser
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierOperators
internal import EspalierPasses
internal import EspalierSearch

/// `espalier measure`: how long kernels take on this processor.
struct Measure: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how long kernels take on this processor, and write a table of it.",
    discussion: """
      The table serves 'compile --costs', here or on another machine: compile where it
      is convenient for the processor that the table is of. Without models, layers as
      networks have them are measured; with models, theirs, in float32 and in 8 bits.
      A file that exists is completed.

        espalier measure -o board.costs                      on the target
        espalier measure signs.onnx -o board.costs --threads 1 2
        espalier compile signs.onnx --costs board.costs -o s.espalier   anywhere

      ESPALIER_ISA names the instruction set to measure, where the processor has
      several (scalar, avx2, avxvnni, avx512, avx512vnni, neon).
      """)

  @Argument(help: ArgumentHelp("Models whose layers are measured.", valueName: "model.onnx"))
  var models: [String] = []

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The table to write or to complete.", valueName: "FILE"))
  var output: String

  @Option(
    name: [.long, .customLong("shapes"), .customLong("optShapes")],
    help: ArgumentHelp("The shape of an input of the models.", valueName: "NAME=1x3x224x224"))
  var shape: [ShapeArgument] = []

  @Option(
    name: [.long, .customShort("t")], parsing: .upToNextOption,
    help: ArgumentHelp("Numbers of threads.", valueName: "N…"))
  var threads: [Int] = [1]

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func validate() throws {
    guard !threads.isEmpty, threads.allSatisfy({ (1...256).contains($0) }) else {
      throw ValidationError("--threads are numbers from 1 to 256")
    }
  }

  struct Summary: Encodable {
    let costs: String
    let processor: String
    let name: String
    let threads: [Int]
    let layers: Int
    /// Times that were measured now, and times in the table.
    let measured: Int
    let times: Int
  }

  func run() throws {
    var table = try CostFile.ofThisProcessor(output)
    let shapes = try models.isEmpty ? StandardLayers.all : layers()
    var measured = 0
    for count in threads {
      var bar = Progress("timing layers with \(count) thread\(count == 1 ? "" : "s")", total: shapes.count)
      defer { bar.finish() }
      let tuner = LayerTuner(threads: count, timer: LayerTiming.timer(threads: count))
      measured += try tuner.measure(shapes, into: &table) { done, _ in bar.update(done) }
      try LayerTiming.addRates(to: &table, threads: count)
      table.deriveRates(threads: count)
    }
    try CostFile.write(table, to: output)
    let summary = Summary(
      costs: output, processor: table.processor.description, name: table.name,
      threads: table.threadCounts, layers: shapes.count, measured: measured, times: table.count)
    if json { return try Console.json(summary) }
    show(summary, table)
  }

  /// The different layers of all models, in float32 and in 8 bits.
  private func layers() throws -> [LayerShape] {
    var shapes: Set<LayerShape> = []
    for model in models {
      var chain = CompileChain()
      let graph = try chain.simplify(try chain.importGraph(model, shapes: shape))
      for own in graph.layerShapes {
        shapes.formUnion([own.computed(in: .float32), own.computed(in: .bytes)])
      }
    }
    return shapes.sorted()
  }

  private func show(_ summary: Summary, _ table: CostTable) {
    var rates = Table([("threads", .right), ("", .left), ("", .right), ("", .left)])
    for count in threads {
      for rate in MachineRate.allCases {
        guard let value = table.rates[count]?[rate] else { continue }
        let isTime = rate == .callOverhead
        rates.add([
          "\(count)", rate.rawValue, Format.fixed(isTime ? value : value / 1e9, isTime ? 3 : 1),
          isTime ? "µs" : "billion a second",
        ])
      }
    }
    print(
      """
      \(rates.text)
      \(summary.costs): \(summary.times) times of \(summary.name), \(summary.measured) measured now
      """)
  }
}
