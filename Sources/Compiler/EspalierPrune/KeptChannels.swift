public import EspalierGraph
public import EspalierPasses

/// Which channels of each layer of a network are left in a smaller one.
public struct KeptChannels: Sendable, Equatable {
  /// By the names of nodes, for output 0, in order; nodes that keep all their channels are left out.
  public private(set) var byNode: [String: [Int]] = [:]

  /// All channels of all layers.
  public init() {}

  /// - Parameters:
  ///   - graph: The network that the map is of.
  ///   - cut: What `ChannelCut.apply` takes out of it.
  public init(_ graph: Graph, _ map: ChannelMap, cutting cut: Set<Int>) {
    for node in graph.nodes {
      guard let output = node.outputs.first, let kept = map.kept(output, cutting: cut),
        kept.count < map.units[output]?.count ?? 0
      else { continue }
      byNode[node.name] = kept
    }
  }

  /// The channels that are left of a node's output 0; nil where all are.
  public subscript(_ node: String) -> [Int]? { byNode[node] }

  /// What is left where these channels are left of what an earlier cut had left.
  public func following(_ earlier: KeptChannels) -> KeptChannels {
    var result = earlier
    for (node, kept) in byNode {
      result.byNode[node] = earlier.byNode[node].map { first in kept.map { first[$0] } } ?? kept
    }
    return result
  }
}
