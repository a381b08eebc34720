internal import EspalierGraph
internal import EspalierOperators

/// Which channels of a network's tensors can be scaled only together, and which not at all.
///
/// A channel scales freely where everything that touches it is linear in it, or rectifies it: sums and
/// concatenations bind channels to each other; what a convolution reads and writes is scaled by its weights.
struct ChannelClasses {
  /// The first element of each tensor's channels.
  private var first: [ValueID: Int] = [:]
  private var parent: [Int] = []
  private var fixed: Set<Int> = []

  init(_ graph: Graph) {
    let values = graph.inputs + graph.nodes.flatMap(\.outputs)
    for value in values where graph.type(of: value).rank >= 2 {
      first[value] = parent.count
      parent += parent.count..<parent.count + graph.type(of: value).shape[1]
    }
    for node in graph.nodes { bind(node, graph) }
    for value in graph.inputs + graph.outputs { fix(value, graph) }
    fixed = Set(fixed.map { root($0) })
  }

  /// The class of each channel of a tensor; nil where it cannot be scaled.
  func classes(of value: ValueID, channels: Int) -> [Int?] {
    guard let start = first[value] else { return [Int?](repeating: nil, count: channels) }
    return (start..<start + channels).map { element in
      let root = root(element)
      return fixed.contains(root) ? nil : root
    }
  }

  // MARK: - Building

  private func root(_ element: Int) -> Int {
    var element = element
    while parent[element] != element { element = parent[element] }
    return element
  }

  private mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (root(a), root(b))
    parent[max(a, b)] = min(a, b)
  }

  private mutating func fix(_ value: ValueID, _ graph: Graph) {
    guard let start = first[value] else { return }
    fixed.formUnion(start..<start + graph.type(of: value).shape[1])
  }

  /// Channel by channel.
  private mutating func join(_ a: ValueID, _ b: ValueID, _ graph: Graph) {
    let (one, other) = (graph.type(of: a).shape, graph.type(of: b).shape)
    guard let start = first[a], let target = first[b], one[1] == other[1] else {
      fix(a, graph)
      return fix(b, graph)
    }
    for channel in 0..<one[1] { join(start + channel, target + channel) }
  }

  private mutating func fixAll(_ node: Node, _ graph: Graph) {
    for value in node.inputs + node.outputs { fix(value, graph) }
  }

  private mutating func bind(_ node: Node, _ graph: Graph) {
    let (input, output) = (node.inputs[0], node.outputs[0])
    switch node.op {
    case let conv as Conv where graph.hasConstantWeights(node):
      if !rectifies(conv.activation) { fix(output, graph) }
      if let residual = conv.residualIndex { join(node.inputs[residual], output, graph) }
    case let gemm as Gemm where graph.hasConstantWeights(node):
      if !rectifies(gemm.activation) { fix(output, graph) }
    case let unary as Unary where rectifies(unary.function): join(input, output, graph)
    case let binary as Binary: bind(binary, node, graph)
    case is MaxPool, is AveragePool, is Resize:
      guard node.outputs.count == 1 else { return fixAll(node, graph) }
      join(input, output, graph)
    case let reduce as Reduce where reduce.kind == .mean && reduce.axes == [2, 3]:
      join(input, output, graph)
    case is any MovingOperator: bindMoved(node, graph)
    default: fixAll(node, graph)
    }
  }

  private mutating func bind(_ binary: Binary, _ node: Node, _ graph: Graph) {
    let (a, b, output) = (node.inputs[0], node.inputs[1], node.outputs[0])
    guard rectifies(binary.activation) else { return fixAll(node, graph) }
    let computed = graph.constant(of: a) == nil && graph.constant(of: b) == nil
    let scales = binary.kind == .multiply || binary.kind == .prelu
    if binary.kind == .add, computed, graph.type(of: a).shape == graph.type(of: b).shape {
      join(a, output, graph)
      join(b, output, graph)
    } else if scales, graph.constant(of: b) != nil,
      graph.type(of: a).shape == graph.type(of: output).shape
    {
      join(a, output, graph)
    } else {
      fixAll(node, graph)
    }
  }

  /// Whether a function keeps positive factors.
  private func rectifies(_ function: ElementFunction) -> Bool {
    [.identity, .relu, .leakyRelu].contains(function.kind)
  }

  /// Finds out where each channel of the outputs comes from by moving the channels' numbers.
  private mutating func bindMoved(_ node: Node, _ graph: Graph) {
    var numbered: [Tensor] = []
    for input in node.inputs {
      let shape = graph.type(of: input).shape
      guard let start = first[input], graph.type(of: input).element == .float32 else {
        return fixAll(node, graph)
      }
      let plane = shape.dropFirst(2).reduce(1, *)
      let numbers = (0..<shape.elementCount).map { Float(start + $0 / max(plane, 1) % shape[1]) }
      numbered.append(Tensor(shape: shape, floats: numbers))
    }
    guard parent.count < 1 << 24, let moved = try? node.op.evaluate(numbered),
      zip(node.outputs, moved).allSatisfy({ joinNumbered($0, $1.floats, graph) })
    else { return fixAll(node, graph) }
  }

  /// - Returns: Whether each channel of a tensor holds the numbers of one channel alone.
  private mutating func joinNumbered(_ value: ValueID, _ numbers: [Float], _ graph: Graph) -> Bool {
    let shape = graph.type(of: value).shape
    guard let start = first[value] else { return false }
    let plane = max(1, shape.dropFirst(2).reduce(1, *))
    for (index, number) in numbers.enumerated() {
      let channel = index / plane % shape[1]
      guard number == numbers[channel * plane] else { return false }
      if index % plane == 0 { join(start + channel, Int(number)) }
    }
    return true
  }
}

extension Graph {
  /// Whether a convolution over images or a product has weights, and a bias, that can be scaled.
  func hasConstantWeights(_ node: Node) -> Bool {
    switch node.op {
    case let conv as Conv:
      type(of: node.inputs[0]).rank == 4
        && node.inputs[1..<(conv.hasBias ? 3 : 2)].allSatisfy { constant(of: $0) != nil }
    case let gemm as Gemm:
      !gemm.transposesA && gemm.alpha == 1 && gemm.beta == 1
        && node.inputs.dropFirst().allSatisfy { constant(of: $0) != nil }
        && (!gemm.hasAddend || type(of: node.inputs[2]).elementCount == type(of: node.outputs[0]).shape[1])
    default: false
    }
  }
}
