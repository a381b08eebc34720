internal import EspalierGraph

/// Gives tensors their places and makes the steps of a tape.
struct TapeRecorder {
  private let graph: Graph
  private let wanted: Set<ValueID>
  private(set) var slots: [ValueID: Slot] = [:]
  private(set) var sums: [NodeID: ResidualSum] = [:]
  private(set) var steps: [any Step] = []
  private(set) var constants: [Float] = []
  private(set) var trainedCount = 0
  private(set) var frameCount = 0
  private(set) var scratchCount = 0

  init(_ graph: Graph, wanted: Set<ValueID>) {
    (self.graph, self.wanted) = (graph, wanted)
  }

  /// Places the constants that nodes read, those whose gradients are wanted first.
  ///
  /// - Returns: The constants whose gradients are wanted, in order.
  mutating func placeConstants(of nodes: [Node], alone outputs: [ValueID]) throws(GradientError) -> [ValueID]
  {
    var known: Set<ValueID> = []
    let read = (nodes.flatMap(\.inputs) + outputs).filter {
      graph.constant(of: $0)?.type.element == .float32 && known.insert($0).inserted
    }
    let trained = read.filter(wanted.contains)
    for value in trained { place(constant: value, wantsGradient: true) }
    trainedCount = constants.count
    for value in read where !wanted.contains(value) { place(constant: value, wantsGradient: false) }
    return trained
  }

  private mutating func place(constant value: ValueID, wantsGradient: Bool) {
    guard let tensor = graph.constant(of: value) else { return }
    slots[value] = Slot(
      region: .constants, offset: constants.count, shape: tensor.shape, wantsGradient: wantsGradient)
    constants += tensor.floats
    constants += [Float](repeating: 0, count: Tape.padded(tensor.count) - tensor.count)
  }

  /// Places a value that every thread has for itself.
  mutating func placeFrame(_ value: ValueID, wantsGradient: Bool) throws(GradientError) {
    let type = graph.type(of: value)
    guard type.element == .float32 else { throw .element(value: graph[value].name, found: type) }
    guard slots[value] == nil else { return }
    slots[value] = Slot(region: .frame, offset: frameCount, shape: type.shape, wantsGradient: wantsGradient)
    frameCount += Tape.padded(type.elementCount)
  }

  mutating func record(_ node: Node) throws(GradientError) {
    guard let rule = GradientRules.rule(for: node.op) else {
      throw .unsupportedOperator(node.op.name, node: node.name)
    }
    var inputs: [Slot] = []
    for value in node.inputs {
      guard let slot = slots[value] else {
        let type = graph.type(of: value)
        throw type.element == .float32
          ? .undefined(graph[value].name) : .element(value: graph[value].name, found: type)
      }
      inputs.append(slot)
    }
    let depends = inputs.contains { $0.wantsGradient }
    for output in node.outputs { try placeFrame(output, wantsGradient: depends || wanted.contains(output)) }
    var context = RuleContext(
      node: node, graph: graph, inputs: inputs, outputs: node.outputs.compactMap { slots[$0] },
      frameCount: frameCount, scratchCount: scratchCount)
    steps += try rule(&context)
    sums[node.id] = context.residualSum
    (frameCount, scratchCount) = (context.frameCount, context.scratchCount)
  }
}
