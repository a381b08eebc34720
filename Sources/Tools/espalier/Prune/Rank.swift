internal import ArgumentParser
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierPasses
internal import EspalierPrune

/// `espalier rank`: which filters of a network matter least.
struct Rank: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rank the filters of a network, for 'compile --ranks'.",
    discussion: """
      Writes JSON with one score for each output channel of each layer whose filters can
      be cut, the least important lowest: to be read, edited, or brought from elsewhere,
      such as a training loop that knows better.

        espalier rank signs.onnx --calibrate pictures/ -o ranks.json
        espalier rank signs.onnx --criterion l1 -o ranks.json
        espalier compile signs.onnx --calibrate pictures/ --prune 0.5 --ranks ranks.json -o s.espalier

      obs: what the layers that read a filter lose once the others make up for it (Hassibi
      and Stork 1993). contribution: mean square times the readers' weights. gauss-newton,
      fisher, taylor: by gradients of the outputs, without labels. mean-activation, zeros:
      how much and how often it fires. l1, l2: the filter's norm. bn-scale: of the batch
      normalization behind it. random: the baseline.
      """)

  @Argument(help: ArgumentHelp("The ONNX model.", valueName: "MODEL.onnx"))
  var model: String

  @Option(help: ArgumentHelp("Frames to rank by.", valueName: "DIR|FILE.npy"))
  var calibrate: [String] = []

  @Option(help: ArgumentHelp("How filters are ranked.", valueName: "NAME"))
  var criterion = CriterionArgument.obs

  @Option(help: ArgumentHelp("Numbers that look random follow from this one.", valueName: "N"))
  var seed: UInt64 = 0

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The file to write.", valueName: "FILE.json"))
  var output: String

  @Option(
    name: [.long, .customLong("shapes"), .customLong("optShapes")],
    help: ArgumentHelp("The shape of an input, frames first.", valueName: "NAME=1x3x224x224"))
  var shape: [ShapeArgument] = []

  @OptionGroup var work: JobOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  /// What is printed.
  struct Summary: Encodable {
    struct Group: Encodable {
      let layers: [String]
      let filters: Int
    }
    struct Frozen: Encodable {
      let reason: String
      let channels: Int
    }
    let ranks: String
    let criterion: String
    let groups: [Group]
    let frozen: [Frozen]
  }

  func run() throws {
    var chain = CompileChain()
    let imported = try chain.importGraph(model, shapes: shape)
    let graph = try chain.simplify(imported)
    let frames =
      calibrate.isEmpty ? nil : try CalibrationFrames(calibrate, reader: try pictures.reader(for: graph))
    let ranker = Ranker(
      criterion: criterion, frames: frames?.groups ?? [], threads: work.jobs, seed: seed,
      imported: imported)
    let map = ChannelMap(graph)
    let bars = SharedProgress()
    let ranks = try ranker.rank(graph, map) { bars.update("ranking filters", $0, $1) }
    try Files.write(Array((RanksFile.text(ranks, graph, map) + "\n").utf8), to: output)
    let summary = Summary(
      ranks: output, criterion: ranks.criterion,
      groups: map.groups.map { group in
        Summary.Group(layers: group.layers.compactMap { graph.node($0)?.name }, filters: group.units.count)
      },
      frozen: map.frozenReasons.map { Summary.Frozen(reason: $0.reason, channels: $0.channels) })
    if json { return try Console.json(summary) }
    show(summary)
  }

  private func show(_ summary: Summary) {
    var table = Table([("filters of", .left), ("", .right)])
    for group in summary.groups {
      table.add([
        group.layers.prefix(3).joined(separator: ", ") + (group.layers.count > 3 ? ", …" : ""),
        "\(group.filters)",
      ])
    }
    if !summary.groups.isEmpty { print(table.text + "\n") }
    var frozen = Table([("stays", .right), ("because", .left)])
    for entry in summary.frozen { frozen.add(["\(entry.channels)", entry.reason]) }
    if !summary.frozen.isEmpty { print(frozen.text + "\n") }
    let count = summary.groups.reduce(0) { $0 + $1.filters }
    print("\(summary.ranks): \(Format.count(count)) filters ranked by \(summary.criterion)")
  }
}

extension ChannelMap {
  /// Why channels stay, with how many units each reason holds for.
  var frozenReasons: [(reason: String, channels: Int)] {
    var counts: [String: Int] = [:]
    for reason in frozen.values { counts[reason, default: 0] += 1 }
    return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
