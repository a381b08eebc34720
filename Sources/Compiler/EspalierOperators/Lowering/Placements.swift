public import EspalierGraph

/// A value that is written straight into the concatenation that reads it.
struct ConcatPlacement: Sendable {
  var parent: ValueID
  var axis: Int
  /// First index along `axis`.
  var offset: Int
}

/// Decisions that need the whole graph, made before the first node is lowered.
extension Lowering {
  /// Chooses the values that are written into a Concat or a graph output without a copy.
  mutating func planPlacements() {
    for node in graph.nodes.reversed() {
      guard let concat = node.op as? any ConcatenatingOperator else { continue }
      place(inputsOf: node, axis: concat.concatenationAxis(graph.inputTypes(of: node)))
    }
    for (index, value) in graph.outputs.enumerated() {
      let type = graph.type(of: value)
      guard isWritable(value), placements[value] == nil, outputIndices[value] == nil else { continue }
      // An image would have to be copied out of NHWC anyway, unless its pixels or channels are single.
      if type.rank != 4 || type.shape[1] == 1 || type.shape[2] * type.shape[3] == 1 {
        outputIndices[value] = index
      }
    }
  }

  private mutating func place(inputsOf node: Node, axis: Int) {
    var offset = 0
    for input in node.inputs {
      let extent = graph.type(of: input).shape[axis]
      let twice = node.inputs.filter { $0 == input }.count > 1
      if isWritable(input), placements[input] == nil, !twice {
        placements[input] = ConcatPlacement(parent: node.outputs[0], axis: axis, offset: offset)
      }
      offset += extent
    }
  }

  /// Whether a node writes this value into memory of its choice, rather than making it a view.
  private func isWritable(_ value: ValueID) -> Bool {
    guard let producer = graph.producer(of: value) else { return false }
    return !(producer.op is any ViewingOperator)
  }

  /// Gathers the zeros that the readers of every value want around it.
  mutating func planHalos() {
    for node in graph.nodes.reversed() {
      guard let op = node.op as? any LowerableOperator else { continue }
      let types = graph.inputTypes(of: node)
      for (index, input) in node.inputs.enumerated() {
        if case .image(let halo) = op.layoutDemand(input: index, types) { demand(halo, around: input) }
      }
      if op is any ViewingOperator {
        // A window that keeps the whole image (a channel split) has its source's halo.
        for output in node.outputs where spansImage(output, of: node.inputs[0]) {
          demand(halos[output] ?? .none, around: node.inputs[0])
        }
      }
    }
    halos = halos.filter { value, _ in isWritable(value) && outputIndices[value] == nil }
  }

  private mutating func demand(_ halo: Halo, around value: ValueID) {
    let root = rootValue(of: value)
    // A halo around a concatenation serves its parts only where these span the whole image.
    if halo != .none, spansImage(value, of: root) { halos[root] = (halos[root] ?? .none).union(halo) }
  }

  private func spansImage(_ part: ValueID, of whole: ValueID) -> Bool {
    let (a, b) = (graph.type(of: part), graph.type(of: whole))
    return a.rank == 4 && b.rank == 4 && a.shape.dropFirst(2) == b.shape.dropFirst(2)
      && a.shape[0] == b.shape[0]
  }

  /// The value whose buffer holds `value`: the outermost Concat that it is written into, or itself.
  private func rootValue(of value: ValueID) -> ValueID {
    placements[value].map { rootValue(of: $0.parent) } ?? value
  }
}

/// Concat: its inputs may be written straight into its output.
public protocol ConcatenatingOperator: LowerableOperator {
  func concatenationAxis(_ inputs: [TensorType]) -> Int
}

/// An operator whose outputs are usually windows onto its input (Reshape, Transpose, Slice, Split, …), so
/// that no memory should be planned for them.
public protocol ViewingOperator: LowerableOperator {}
