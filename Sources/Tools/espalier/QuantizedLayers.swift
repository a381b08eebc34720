internal import EspalierGraph
internal import EspalierPasses

/// Every layer of a quantized network beside the same layer in float32, both through the runtime.
struct QuantizedLayers {
  private let graph: Graph
  private let values: [ValueID]
  private let quantized: GraphRunner
  private let float: GraphRunner
  private(set) var rows: Rows

  init(_ result: PostTrainingQuantization, threads: Int) throws {
    graph = result.source
    let opened = try Quantizer.opened(result.source, result.plan, result.products)
    values = opened.values
    quantized = try GraphRunner(opened.graph, threads: threads)
    float = try GraphRunner(result.source.observing(opened.values), threads: threads)
    rows = Rows(opened.values.map { (result.source[$0].name, $0) }, result.source)
  }

  mutating func add(_ inputs: [[Float]]) throws {
    let (found, expected) = (try quantized.run(inputs), try float.run(inputs))
    for index in values.indices { rows.add(index, found[index], reference: expected[index]) }
  }

  /// The layers that add most to the noise which their inputs bring, the worst first.
  var culprits: [ComparisonReport.Culprit] {
    var noise: [ValueID: Double] = [:]
    for (value, own) in zip(values, rows.noise) { noise[value] = own }
    var found: [ComparisonReport.Culprit] = []
    for node in graph.nodes {
      let inherited = node.inputs.map { noise[$0] ?? 0 }.max() ?? 0
      for output in node.outputs {
        // What a convolution looks up behind its sum has no bytes of its own.
        guard let own = noise[output] else {
          noise[output] = inherited
          continue
        }
        found.append(
          ComparisonReport.Culprit(
            name: graph[output].name, op: node.op.name, noise: own, inherited: inherited,
            added: own - inherited))
      }
    }
    return found.enumerated().sorted { ($1.element.added, $0.offset) < ($0.element.added, $1.offset) }
      .map(\.element)
  }
}
