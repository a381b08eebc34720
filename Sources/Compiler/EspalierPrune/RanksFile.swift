public import EspalierGraph
public import EspalierPasses

/// Ranks as a text that a user can read, edit, or bring: JSON with a list of scores for each layer.
///
///     {
///       "format": "espalier ranks 1",
///       "criterion": "obs",
///       "structure": "9f3c…",
///       "layers": {
///         "conv1": [0.5, 0.25, null]
///       }
///     }
///
/// `layers` lists layers by the names of their nodes, and one score per output channel: the lower, the sooner a
/// channel is cut. `null` stands for channels that cannot be cut, and is allowed nowhere else. Where several
/// layers make channels together, one of them is enough; of several the larger score counts. `structure` may be
/// left out; where it stands it must be this network's.
public enum RanksFile {
  /// - Parameters:
  ///   - ranks: Of this graph.
  ///   - map: The channels of this graph.
  public static func text(_ ranks: FilterRanks, _ graph: Graph, _ map: ChannelMap) -> String {
    let known = Dictionary(
      uniqueKeysWithValues: ranks.groups.flatMap { zip($0.units, strictlyGrowing($0.scores)) })
    let layers = layers(graph, map).map { layer in
      let scores = layer.units.map { known[$0].map { "\($0)" } ?? "null" }
      return "    \(RanksContent.quoted(layer.name)): [\(scores.joined(separator: ", "))]"
    }
    return """
      {
        "format": "\(RanksContent.format)",
        "criterion": \(RanksContent.quoted(ranks.criterion)),
        "structure": "\(structure(of: graph, map))",
        "layers": {
      \(layers.joined(separator: ",\n"))
        }
      }

      """
  }

  /// - Parameters:
  ///   - graph: Simplified, in float32.
  ///   - map: The channels of this graph.
  public static func ranks(
    from text: String, _ graph: Graph, _ map: ChannelMap
  ) throws(RanksError) -> FilterRanks {
    let file = try RanksContent.read(text)
    let scores = try scores(file.layers, layers(graph, map), map)
    let own = structure(of: graph, map)
    if let found = file.structure, found != own { throw .otherModel(expected: own, found: found) }
    return FilterRanks(scores: scores, criterion: file.criterion ?? "file", map: map)
  }

  private static func scores(
    _ listed: [String: [Double?]], _ layers: [Layer], _ map: ChannelMap
  ) throws(RanksError) -> [Int: Double] {
    let known = Set(layers.map(\.name))
    let unknown = listed.keys.filter { !known.contains($0) }.sorted()
    guard unknown.isEmpty else { throw .unknownLayers(unknown, known: layers.map(\.name)) }
    var scores: [Int: Double] = [:]
    for layer in layers {
      guard let elements = listed[layer.name] else { continue }
      guard elements.count == layer.units.count else {
        throw .channelCount(layer: layer.name, expected: layer.units.count, found: elements.count)
      }
      for (channel, (unit, element)) in zip(layer.units, elements).enumerated() {
        guard map.makers[unit] != nil else { continue }
        guard let score = element else {
          throw .member(layer.name, problem: "must have a number for channel \(channel)")
        }
        scores[unit] = max(score, scores[unit] ?? score)
      }
    }
    let missing = layers.filter { layer in
      layer.units.contains { map.makers[$0] != nil && scores[$0] == nil }
    }
    guard missing.isEmpty else { throw .missingLayers(missing.map(\.name)) }
    return scores
  }

  /// A layer whose output's channels can be cut, some at least.
  private struct Layer {
    var name: String
    /// Of each output channel.
    var units: [Int]
  }

  private static func layers(_ graph: Graph, _ map: ChannelMap) -> [Layer] {
    let makers = Set(map.makers.values.joined())
    return graph.nodes.compactMap { node in
      guard makers.contains(node.id), let units = map.units[node.outputs[0]] else { return nil }
      return Layer(name: node.name, units: units)
    }
  }

  /// Equal scores apart, so that their order survives the file.
  private static func strictlyGrowing(_ scores: [Double]) -> [Double] {
    var last = -Double.infinity
    return scores.map { score in
      last = max(score, last.nextUp)
      return last
    }
  }

  /// What tells networks apart: the names of layers, what their weights' shapes are, and which make channels
  /// together. Weights themselves may change, as training does.
  static func structure(of graph: Graph, _ map: ChannelMap) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ text: String) {
      // FNV-1a
      for byte in text.utf8 + [0] { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
    for node in graph.nodes where node.inputs.count > 1 {
      guard case .mixed = node.op.channelRule(graph.inputTypes(of: node)) else { continue }
      add(node.name)
      add("\(graph.type(of: node.inputs[1]).shape)")
    }
    for group in map.groups { add("\(group.units)") }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
