public import EspalierGraph
internal import EspalierOperators

/// Takes channels out of a network: every tensor loses them, and so do filters, biases and slopes.
///
/// ## Before
///     t = Conv(x, W[M, C], b[M]),  y = Conv(t, V[K, M])
/// ## After
///     t = Conv(x, W[kept, C], b[kept]),  y = Conv(t, V[K, kept])
public struct ChannelCut {
  private let graph: Graph
  private let map: ChannelMap
  private let cut: Set<Int>
  private var result = Graph()
  private var values: [ValueID: ValueID] = [:]

  /// The network without these units.
  ///
  /// - Parameter map: The channels of this graph.
  /// - Throws: `PruningError` where a unit may not be cut, or where nothing would be left of a tensor.
  public static func apply(_ cut: Set<Int>, _ map: ChannelMap, to graph: Graph) throws(PruningError) -> Graph
  {
    for unit in cut.sorted() {
      if let reason = map.frozen[unit] { throw .frozen(reason: reason) }
      guard map.makers[unit] != nil else { throw .unknownUnit(unit) }
    }
    var cutter = ChannelCut(graph: graph, map: map, cut: cut)
    try cutter.run()
    return cutter.result
  }

  private init(graph: Graph, map: ChannelMap, cut: Set<Int>) {
    (self.graph, self.map, self.cut) = (graph, map, cut)
  }

  private mutating func run() throws(PruningError) {
    for input in graph.inputs {
      values[input] = result.appendInput(name: graph[input].name, type: graph.type(of: input))
    }
    for node in graph.nodes { try convert(node) }
    for (output, name) in zip(graph.outputs, graph.outputNames) {
      result.appendOutput(operand(output, []), name: name)
    }
  }

  /// The channels of a tensor that stay; nil where all do.
  private func kept(_ value: ValueID) -> [Int]? {
    guard let kept = map.kept(value, cutting: cut), kept.count < map.units[value]?.count ?? 0 else {
      return nil
    }
    return kept
  }

  private mutating func convert(_ node: Node) throws(PruningError) {
    for output in node.outputs where kept(output)?.isEmpty ?? false {
      throw .vanishes(tensor: graph[output].name)
    }
    let isTouched = (node.inputs + node.outputs).contains { kept($0) != nil }
    let rule = node.op.channelRule(graph.inputTypes(of: node))
    do throws(ShapeError) {
      if isTouched, case .selected = rule, try select(node) { return }
      let inputs = node.inputs.enumerated().map { index, input in
        operand(input, isTouched ? slices(index, rule, node) : [])
      }
      let op = isTouched ? resized(node, rule) : node.op
      let outputs = try result.append(
        op, name: node.name, inputs: inputs, outputNames: node.outputs.map { graph[$0].name })
      for (old, new) in zip(node.outputs, outputs) { values[old] = new }
      try checkChannels(of: node)
    } catch {
      throw .shape(node: node.name, error)
    }
  }

  /// - Throws: Where the operator makes another number of channels than are left: a fault of its rule.
  private func checkChannels(of node: Node) throws(ShapeError) {
    for output in node.outputs {
      guard let units = map.units[output], let made = values[output] else { continue }
      let (left, found) = (kept(output)?.count ?? units.count, result.type(of: made))
      guard found.rank >= 2, found.shape[1] == left else {
        throw .attribute("channels", problem: "must be \(left), but the output is \(found)")
      }
    }
  }

  /// A value in the new network; a constant with some of its rows, columns or channels.
  private mutating func operand(_ value: ValueID, _ slices: [(axis: Int, kept: [Int])]) -> ValueID {
    guard let constant = graph.constant(of: value) else {
      guard let known = values[value] else { preconditionFailure("'\(graph[value].name)' is not computed") }
      return known
    }
    let tensor = slices.reduce(constant) { $0.keeping($1.kept, axis: $1.axis) }
    return result.appendConstant(name: graph[value].name, tensor)
  }
}

// MARK: - Parameters

extension ChannelCut {
  /// What is left of input `index`, should it be a constant.
  private func slices(_ index: Int, _ rule: ChannelRule, _ node: Node) -> [(axis: Int, kept: [Int])] {
    let shape = graph.type(of: node.inputs[index]).shape
    let outputs = kept(node.outputs[0])
    switch rule {
    case .passThrough:
      guard index > 0, let outputs, let extent = shape.first,
        extent == graph.type(of: node.outputs[0]).shape[1]
      else { return [] }
      return [(0, outputs)]
    case .coupled(let axes):
      guard let axis = axes[index], let outputs else { return [] }
      return [(axis, outputs)]
    case .mixed(let groups, let outputAxis):
      if index == 1 { return weightSlices(node, groups, outputAxis) }
      guard let outputs, !shape.isEmpty else { return [] }
      // A bias, or a residual of a convolution that is constant.
      return [(shape.count > 2 ? 1 : shape.count - 1, outputs)]
    default: return []
    }
  }

  private func weightSlices(
    _ node: Node, _ groups: Int, _ outputAxis: Int
  ) -> [(axis: Int, kept: [Int])] {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let (own, made) = (graph.type(of: x).shape[1] / groups, graph.type(of: y).shape[1] / groups)
    let (inputs, outputs) = (kept(x), kept(y))
    var slices: [(axis: Int, kept: [Int])] = []
    if outputAxis == 0 {
      if let outputs { slices.append((0, outputs)) }
      // Of the first group: all groups keep the same.
      if own > 1, let inputs { slices.append((1, inputs.filter { $0 < own })) }
    } else {
      if let inputs { slices.append((0, inputs)) }
      if own > 1 || groups == 1, let outputs { slices.append((1, outputs.filter { $0 < made })) }
    }
    return slices
  }
}

// MARK: - Operators

extension ChannelCut {
  /// The operator for fewer channels.
  private func resized(_ node: Node, _ rule: ChannelRule) -> any Operator {
    let channels = kept(node.inputs[0])?.count ?? 0
    switch node.op {
    case var conv as Conv:
      if isPerChannel(node, conv.groups), channels > 0 { conv.groups = channels }
      return conv
    case var conv as ConvTranspose:
      if isPerChannel(node, conv.groups), channels > 0 { conv.groups = channels }
      return conv
    case var pad as Pad:
      guard case .padded(let before, _) = rule, let outputs = kept(node.outputs[0]) else { return node.op }
      let inner = before + graph.type(of: node.inputs[0]).shape[1]
      pad.before[1] = outputs.count { $0 < before }
      pad.after[1] = outputs.count { $0 >= inner }
      return pad
    case var expand as Expand:
      // Aligned at the last axes, as everything that broadcasts.
      let axis = 1 - graph.type(of: node.outputs[0]).rank + expand.shape.count
      guard axis >= 0, expand.shape[axis] != 1, let outputs = kept(node.outputs[0]) else { return node.op }
      expand.shape[axis] = outputs.count
      return expand
    case is Reshape:
      guard let outputs = kept(node.outputs[0]) else { return node.op }
      return Reshape(
        shape: graph.type(of: node.outputs[0]).shape.enumerated().map { $0 == 1 ? outputs.count : $1 })
    default: return node.op
    }
  }

  /// Whether every group reads one channel.
  private func isPerChannel(_ node: Node, _ groups: Int) -> Bool {
    groups > 1 && groups == graph.type(of: node.inputs[0]).shape[1]
  }

  /// Rewrites an operator that copies channels, where it does not choose the right ones by itself any more.
  ///
  /// - Returns: Whether it did.
  private mutating func select(_ node: Node) throws(ShapeError) -> Bool {
    guard let source = values[node.inputs[0]], let units = map.units[node.inputs[0]] else { return false }
    let stay = kept(node.inputs[0]) ?? Array(units.indices)
    let places = Dictionary(uniqueKeysWithValues: stay.enumerated().map { ($1, $0) })
    let type = result.type(of: source)
    guard case .selected(let lists) = node.op.channelRule(graph.inputTypes(of: node)) else { return false }
    let wanted = zip(node.outputs, lists).map { output, list in list.compactMap { places[$0] } }
    if let types = try? node.op.inferOutputs([type]), types.map({ $0.shape[1] }) == wanted.map(\.count),
      case .selected(let chosen) = node.op.channelRule([type]), chosen == wanted
    {
      return false
    }
    guard node.op is Split || node.op is ChannelShuffle || node.op is Slice || node.op is Gather else {
      throw .attribute("channels", problem: "cannot be chosen by \(node.op.name) once some are cut")
    }
    for (output, list) in zip(node.outputs, wanted) {
      values[output] = try choose(list, from: rest(node, source), name: graph[output].name)
    }
    return true
  }

  /// What a Slice does to other axes than the channels'.
  private mutating func rest(_ node: Node, _ source: ValueID) throws(ShapeError) -> ValueID {
    guard let slice = node.op as? Slice else { return source }
    let rank = result.type(of: source).rank
    let others = slice.ranges.filter { ($0.axis + rank) % rank != 1 }
    guard !others.isEmpty else { return source }
    return try result.append(Slice(others), name: "\(node.name)/rest", inputs: [source])[0]
  }

  private mutating func choose(_ list: [Int], from source: ValueID, name: String) throws(ShapeError)
    -> ValueID
  {
    let isRun = zip(list, list.dropFirst()).allSatisfy { $1 == $0 + 1 }
    guard let first = list.first, isRun else {
      let table = Gather.Table(shape: [list.count], indices: list)
      return try result.append(Gather(axis: 1, table: table), name: name, inputs: [source])[0]
    }
    let range = Slice.AxisRange(axis: 1, start: first, end: first + list.count)
    return try result.append(Slice([range]), name: name, inputs: [source])[0]
  }
}

extension Tensor {
  /// Some indices of an axis, in order.
  func keeping(_ indices: [Int], axis: Int) -> Tensor {
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    var offsets: [Int?] = []
    for block in 0..<outer {
      for index in indices {
        let start = (block * shape[axis] + index) * inner
        for offset in start..<start + inner { offsets.append(offset) }
      }
    }
    var shape = shape
    shape[axis] = indices.count
    return gathered(offsets, shape: shape)
  }
}
