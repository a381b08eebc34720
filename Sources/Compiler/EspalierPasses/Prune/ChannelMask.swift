public import EspalierGraph
internal import EspalierOperators

/// A network that computes all channels and takes no notice of some: whoever sums over channels has weights of 0
/// for those that are to be cut.
///
/// The oracle of every cut: the network with channels cut must give the same outputs.
public enum ChannelMask {
  /// - Parameter map: The channels of this graph.
  public static func apply(_ cut: Set<Int>, _ map: ChannelMap, to graph: Graph) throws(ShapeError) -> Graph {
    var result = Graph()
    var values: [ValueID: ValueID] = [:]
    for input in graph.inputs {
      values[input] = result.appendInput(name: graph[input].name, type: graph.type(of: input))
    }
    for node in graph.nodes {
      var inputs: [ValueID] = []
      for (index, input) in node.inputs.enumerated() {
        if let constant = graph.constant(of: input) {
          let tensor = index == 1 ? masked(constant, node, graph, map, cut) : constant
          inputs.append(result.appendConstant(name: graph[input].name, tensor))
        } else if let known = values[input] {
          inputs.append(known)
        }
      }
      let outputs = try result.append(
        node.op, name: node.name, inputs: inputs, outputNames: node.outputs.map { graph[$0].name })
      for (old, new) in zip(node.outputs, outputs) { values[old] = new }
    }
    for (output, name) in zip(graph.outputs, graph.outputNames) {
      let known = graph.constant(of: output).map { result.appendConstant(name: graph[output].name, $0) }
      if let value = values[output] ?? known { result.appendOutput(value, name: name) }
    }
    return result
  }

  /// The weights of a node that sums over channels, those of cut inputs being 0.
  private static func masked(
    _ weights: Tensor, _ node: Node, _ graph: Graph, _ map: ChannelMap, _ cut: Set<Int>
  ) -> Tensor {
    guard case .mixed(let groups, let outputAxis) = node.op.channelRule(graph.inputTypes(of: node)),
      let units = map.units[node.inputs[0]], units.count > groups
    else { return weights }
    let shape = weights.shape
    let own = units.count / groups
    let inner = shape.dropFirst(2).reduce(1, *)
    var elements = weights.floats
    for position in elements.indices {
      let (row, column) = (position / inner / shape[1], position / inner % shape[1])
      let channel = outputAxis == 0 ? row / (shape[0] / groups) * own + column : row
      if cut.contains(units[channel]) { elements[position] = 0 }
    }
    return Tensor(shape: shape, floats: elements)
  }
}
