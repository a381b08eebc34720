import EspalierGraph
internal import EspalierOperators

/// Follows channels from the inputs of a network to its outputs.
struct ChannelTracer {
  private let graph: Graph
  var units = ChannelUnits()
  /// By tensor of rank 2 or more that the frame computes.
  var channels: [ValueID: [Int]] = [:]
  /// Nodes that make channels.
  var mixing: [Node] = []

  init(_ graph: Graph) { self.graph = graph }

  mutating func trace() {
    for input in graph.inputs { define(input, frozen: "it is an input of the network") }
    for node in graph.nodes { trace(node) }
    for output in graph.outputs { units.freeze(channels[output] ?? [], "it is an output of the network") }
  }

  private mutating func define(_ value: ValueID, frozen reason: String) {
    let type = graph.type(of: value)
    if type.rank >= 2 { channels[value] = units.make(type.shape[1], frozen: reason) }
  }

  private mutating func trace(_ node: Node) {
    let rule = node.op.channelRule(graph.inputTypes(of: node))
    guard let result = follow(rule, node) else {
      let reason =
        if case .barrier(let reason) = rule { reason } else { "\(node.op.name) leaves no channels" }
      return bar(node, "\(node.name): \(reason)")
    }
    for (output, own) in zip(node.outputs, result) { channels[output] = own }
  }

  /// The channels that meet here stay.
  private mutating func bar(_ node: Node, _ reason: String) {
    for input in node.inputs { units.freeze(channels[input] ?? [], reason) }
    for output in node.outputs { define(output, frozen: reason) }
  }

  /// The channels of every output; nil where they cannot be followed.
  private mutating func follow(_ rule: ChannelRule, _ node: Node) -> [[Int]]? {
    guard let first = channels[node.inputs.first ?? ValueID(-1)] ?? coupledStart(rule) else { return nil }
    let extents = node.outputs.map { graph.type(of: $0).rank >= 2 ? graph.type(of: $0).shape[1] : -1 }
    let result: [[Int]]?
    switch rule {
    case .passThrough:
      let parameters = node.inputs.dropFirst()
      guard parameters.allSatisfy({ graph.constant(of: $0) != nil }) else { return nil }
      result = node.outputs.map { _ in first }
    case .coupled(let axes): result = couple(node, axes).map { [$0] }
    case .concatenated(let axis): result = axis == 1 ? concatenate(node).map { [$0] } : nil
    case .selected(let lists): result = lists.map { list in list.map { first[$0] } }
    case .merged(let lists):
      for list in lists { for channel in list { units.unite(first[list[0]], first[channel]) } }
      result = [lists.map { first[$0[0]] }]
    case .padded(let before, let after): result = [units.make(before) + first + units.make(after)]
    case .expanded(let count): result = [first.flatMap { [Int](repeating: $0, count: count) }]
    case .mixed(let groups, let axis):
      result = mix(node, first, groups: groups, weightOutputAxis: axis).map { [$0] }
    case .barrier: result = nil
    }
    guard let result, result.map(\.count) == extents else { return nil }
    return result
  }

  /// Coupled operators may have a constant in front.
  private func coupledStart(_ rule: ChannelRule) -> [Int]? {
    switch rule {
    case .coupled, .concatenated: []
    default: nil
    }
  }

  private mutating func couple(_ node: Node, _ axes: [Int?]) -> [Int]? {
    var result: [Int]?
    for (input, axis) in zip(node.inputs, axes) where graph.constant(of: input) == nil {
      guard let own = channels[input] else { return nil }
      switch axis {
      case 1:
        if let known = result { units.unite(known, own) }
        result = result ?? own
      case nil: units.freeze(own, "\(node.name): one channel meets all of another tensor's")
      default: return nil
      }
    }
    return result
  }

  private mutating func concatenate(_ node: Node) -> [Int]? {
    node.inputs.flatMap { input in
      let count = graph.type(of: input).shape[1]
      return channels[input] ?? units.make(count, frozen: "\(node.name): it is constant")
    }
  }

  private mutating func mix(_ node: Node, _ input: [Int], groups: Int, weightOutputAxis axis: Int) -> [Int]? {
    guard node.inputs.count >= 2, let weights = graph.constant(of: node.inputs[1]) else { return nil }
    let outputs = axis == 0 ? weights.shape[0] : weights.shape[1] * groups
    let (own, made) = (input.count / groups, outputs / groups)
    var result: [Int]
    if groups > 1, own == 1 {
      // One filter per input channel, or some: they follow it.
      result = (0..<outputs).map { input[$0 / made] }
    } else {
      // All groups keep the same number of channels.
      for group in (0..<groups).dropFirst() {
        for position in 0..<own { units.unite(input[position], input[group * own + position]) }
      }
      let new = units.make(made)
      result = (0..<outputs).map { new[$0 % made] }
      mixing.append(node)
    }
    for other in node.inputs.dropFirst(2) where graph.constant(of: other) == nil {
      guard let added = channels[other], added.count == result.count else { return nil }
      units.unite(result, added)
    }
    return result
  }
}
