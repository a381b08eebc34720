public import EspalierGraph
internal import EspalierOperators
public import EspalierPasses

extension FilterRanks {
  /// Ranks by the magnitude of batch normalization's scale γ, each relative to its layer's mean; of several layers
  /// that make a channel together the sum.
  ///
  /// Simplification folds normalization into weights, so γ is read from the network as it was imported. Many
  /// exporters fold it too: then there is none to be read.
  ///
  /// - Parameters:
  ///   - imported: Before it was simplified.
  ///   - graph: Simplified.
  ///   - map: The channels of the simplified graph.
  /// - Throws: `RanksError.noBatchNormalization`, naming all layers without.
  ///
  /// Source: Liu et al. 2017 (network slimming).
  public static func batchNormalizationScale(
    imported: Graph, _ graph: Graph, _ map: ChannelMap
  ) throws(RanksError) -> FilterRanks {
    let makers = Set(map.makers.values.joined())
    let originals = Dictionary(imported.nodes.map { ($0.name, $0) }) { first, _ in first }
    var (scores, missing): ([Int: Double], [String]) = ([:], [])
    for node in graph.nodes where makers.contains(node.id) {
      guard let units = map.units[node.outputs[0]],
        let scales = originals[node.name].flatMap({ normalizationScales(behind: $0, imported) }),
        scales.count == units.count
      else {
        missing.append(node.name)
        continue
      }
      let mean = scales.reduce(0, +) / Double(max(1, scales.count))
      for (unit, scale) in zip(units, scales) where mean > 0 { scores[unit, default: 0] += scale / mean }
    }
    guard missing.isEmpty else { throw .noBatchNormalization(layers: missing) }
    return FilterRanks(scores: scores, criterion: "batch-norm", map: map)
  }

  /// `|γ|` of the normalization that alone reads a node's output.
  private static func normalizationScales(behind node: Node, _ graph: Graph) -> [Double]? {
    guard let output = node.outputs.first, graph.readerCount(of: output) == 1,
      let reader = graph.consumers(of: output).first, reader.op is BatchNormalization,
      let scales = graph.constant(of: reader.inputs[1])
    else { return nil }
    return scales.floats.map { Double($0.magnitude) }
  }
}
