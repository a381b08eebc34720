public import EspalierGraph
internal import EspalierOperators

/// Which channels of a network stand or fall together: a unit for every channel of every tensor.
///
/// A convolution makes new channels; every other operator hands channels on, couples or rearranges them by its
/// `channelRule`. Where a rule says that channels cannot be followed, those that meet there are frozen, with the
/// reason.
public struct ChannelMap: Sendable {
  /// For every channel (index along axis 1) of a tensor of rank 2 or more the unit that it belongs to.
  public private(set) var units: [ValueID: [Int]] = [:]
  /// Why units may not be cut.
  public private(set) var frozen: [Int: String] = [:]
  /// The nodes whose filters make each unit that may be cut, in execution order.
  public private(set) var makers: [Int: [NodeID]] = [:]

  /// - Parameter graph: Simplified, in float32.
  public init(_ graph: Graph) {
    var tracer = ChannelTracer(graph)
    tracer.trace()
    for (value, channels) in tracer.channels { units[value] = channels.map(tracer.units.root) }
    for channels in units.values {
      for unit in channels { if let reason = tracer.units.reason(unit) { frozen[unit] = reason } }
    }
    for node in tracer.mixing {
      for unit in Set(units[node.outputs[0]] ?? []) where frozen[unit] == nil {
        makers[unit, default: []].append(node.id)
      }
    }
  }

  /// Which channels of a tensor are left once units are cut; nil where it has no channels that are followed.
  public func kept(_ value: ValueID, cutting cut: Set<Int>) -> [Int]? {
    units[value].map { channels in channels.indices.filter { !cut.contains(channels[$0]) } }
  }

  /// By name of every layer that loses output channels those that are left.
  ///
  /// - Parameter graph: The graph that the map is of.
  public func keptChannels(of graph: Graph, cutting cut: Set<Int>) -> [String: [Int]] {
    let layers = Set(makers.values.joined())
    var result: [String: [Int]] = [:]
    for node in graph.nodes where layers.contains(node.id) {
      guard let kept = kept(node.outputs[0], cutting: cut) else { continue }
      if kept.count < graph.type(of: node.outputs[0]).shape[1] { result[node.name] = kept }
    }
    return result
  }

  /// Units that the same layers make, by the first of these layers: what a width is chosen for.
  public var groups: [ChannelGroup] {
    var groups: [[NodeID]: [Int]] = [:]
    for (unit, nodes) in makers { groups[nodes, default: []].append(unit) }
    return groups.map { ChannelGroup(layers: $0, units: $1.sorted()) }
      .sorted { $0.units[0] < $1.units[0] }
  }
}

/// Channels that the same layers make: any number of them may be cut, from all of these layers at once.
public struct ChannelGroup: Sendable, Equatable {
  /// In execution order.
  public var layers: [NodeID]
  /// In the order of the first layer's channels.
  public var units: [Int]
}
