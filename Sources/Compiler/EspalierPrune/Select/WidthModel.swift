public import EspalierGraph
internal import EspalierOperators
public import EspalierPasses

/// How the shapes of a network's layers follow from how many units every group of channels keeps.
public struct WidthModel: Sendable {
  /// As in `ChannelMap.groups`; widths are lists parallel to it.
  public let groups: [ChannelGroup]
  let layers: [Layer]
  /// By group the layers whose shape it decides, in execution order.
  let layersOfGroup: [[Int]]

  struct Layer: Sendable {
    let node: NodeID
    /// With all channels.
    let shape: LayerShape
    let input: Composition
    let output: Composition
  }

  /// What the channels of a tensor are made of.
  struct Composition: Sendable {
    /// Channels that always stay.
    var fixed: Int
    /// Channels for every unit of a group; groups that are not named have none.
    var perUnit: [(group: Int, channels: Double)]

    func count(_ widths: [Int]) -> Int {
      fixed + Int(perUnit.reduce(0) { $0 + $1.channels * Double(widths[$1.group]) }.rounded())
    }
  }

  /// - Parameter map: The channels of `graph`.
  public init(_ graph: Graph, _ map: ChannelMap) {
    let groups = map.groups
    var groupOfUnit: [Int: Int] = [:]
    for (index, group) in groups.enumerated() {
      for unit in group.units { groupOfUnit[unit] = index }
    }
    func composition(_ value: ValueID, channels: Int) -> Composition {
      var counts: [Int: Int] = [:]
      for unit in map.units[value] ?? [] {
        if let group = groupOfUnit[unit] { counts[group, default: 0] += 1 }
      }
      return Composition(
        fixed: channels - counts.values.reduce(0, +),
        perUnit: counts.sorted { $0.key < $1.key }.map {
          ($0.key, Double($0.value) / Double(groups[$0.key].units.count))
        })
    }
    var layers: [Layer] = []
    var layersOfGroup = [[Int]](repeating: [], count: groups.count)
    for node in graph.nodes {
      guard let shape = graph.layerShape(of: node) else { continue }
      let layer = Layer(
        node: node.id, shape: shape,
        input: composition(node.inputs[0], channels: shape.inputChannels),
        output: composition(node.outputs[0], channels: shape.outputChannels))
      for group in Set((layer.input.perUnit + layer.output.perUnit).map(\.group)) {
        layersOfGroup[group].append(layers.count)
      }
      layers.append(layer)
    }
    (self.groups, self.layers, self.layersOfGroup) = (groups, layers, layersOfGroup)
  }

  /// Units of all groups.
  public var fullWidths: [Int] { groups.map(\.units.count) }

  /// The shape of layer `index` once the groups keep so many units.
  func shape(_ index: Int, _ widths: [Int]) -> LayerShape {
    let layer = layers[index]
    var shape = layer.shape
    shape.inputChannels = max(1, layer.input.count(widths))
    shape.outputChannels = max(1, layer.output.count(widths))
    if layer.shape.groups > 1, layer.shape.groups == layer.shape.inputChannels {
      shape.groups = shape.inputChannels
    }
    return shape
  }
}
