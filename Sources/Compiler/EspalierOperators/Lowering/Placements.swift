public import EspalierGraph

/// Where a value is written so that nobody has to copy it.
struct Placement: Sendable {
  enum Kind: Sendable {
    /// One part of a concatenation, from index `offset` along `axis` on.
    case part(axis: Int, offset: Int)
    /// The parent is this value seen through an operator that only renames or reorders axes.
    case seen(through: any RearrangingOperator)
  }

  var parent: ValueID
  var kind: Kind
}

/// Decisions that need the whole graph, made before the first node is lowered.
extension Lowering {
  /// Chooses the values that are written into a Concat or a graph output without a copy, be it through
  /// operators that only rename or reorder axes.
  mutating func planPlacements() {
    for (index, value) in graph.outputs.enumerated() {
      guard graph.producer(of: value) != nil, outputIndices[value] == nil, !storedAsBytes.contains(value)
      else { continue }
      let type = graph.type(of: value)
      // An image would have to be copied out of NHWC anyway, unless its pixels or channels are single.
      if type.rank != 4 || type.shape[1] == 1 || type.shape[2] * type.shape[3] == 1
        || producer(of: value) is any RearrangingOperator
      {
        outputIndices[value] = index
      }
    }
    for node in graph.nodes.reversed() {
      if let concat = node.op as? any ConcatenatingOperator {
        place(inputsOf: node, axis: concat.concatenationAxis(graph.inputTypes(of: node)))
      } else if let op = node.op as? any RearrangingOperator {
        place(inputOf: node, through: op)
      }
    }
  }

  private mutating func place(inputsOf node: Node, axis: Int) {
    var offset = 0
    for input in node.inputs {
      let extent = graph.type(of: input).shape[axis]
      let twice = node.inputs.filter { $0 == input }.count > 1
      let sameElements = storedAsBytes.contains(input) == storedAsBytes.contains(node.outputs[0])
      if graph.producer(of: input) != nil, placements[input] == nil, !twice, sameElements {
        placements[input] = Placement(parent: node.outputs[0], kind: .part(axis: axis, offset: offset))
        outputIndices[input] = nil
      }
      offset += extent
    }
  }

  private mutating func place(inputOf node: Node, through op: any RearrangingOperator) {
    let (input, output) = (node.inputs[0], node.outputs[0])
    guard placements[output] != nil || outputIndices[output] != nil, graph.producer(of: input) != nil,
      placements[input] == nil, outputIndices[input] == nil, graph.readerCount(of: input) == 1,
      storedAsBytes.contains(input) == storedAsBytes.contains(output)
    else { return }
    placements[input] = Placement(parent: output, kind: .seen(through: op))
  }

  private func producer(of value: ValueID) -> (any Operator)? { graph.producer(of: value)?.op }

  /// Memory that was chosen for a value beforehand, or nil where it gets its own.
  mutating func destination(of value: ValueID) -> View? {
    if let view = views[value] { return view }
    let shape = graph.type(of: value).shape
    var view: View?
    if let placement = placements[value] {
      switch placement.kind {
      case .part(let axis, let offset):
        view = allocate(placement.parent).sliced(axis: axis, start: offset, count: shape[axis])
      case .seen(let op):
        view = destination(of: placement.parent).flatMap { op.input(seenAs: $0, shape: shape) }
      }
    } else if let index = outputIndices[value] {
      view = View(.output(index), shape: shape, strides: shape.rowMajorStrides)
    }
    return view.flatMap { isWritable($0, by: producer(of: value)) ? $0 : nil }
  }

  /// Whether an operator writes into memory of this form: one that only moves data writes anywhere, others
  /// write images, or what is contiguous along the last axis.
  private func isWritable(_ view: View, by producer: (any Operator)?) -> Bool {
    if producer is any RearrangingOperator { return true }
    if view.rank == 4 { return Image(view) != nil }
    if producer is any ViewingOperator || producer is any ConcatenatingOperator { return true }
    return view.strides.last.map { $0 == 1 } ?? true || view.shape.last == 1
  }

  /// Gathers the zeros that the readers of every value want around it.
  mutating func planHalos() {
    for node in graph.nodes.reversed() {
      guard let op = node.op as? any LowerableOperator else { continue }
      let types = graph.inputTypes(of: node)
      for (index, input) in node.inputs.enumerated() {
        if case .image(let halo) = op.layoutDemand(input: index, types) { demand(halo, around: input) }
        if index == 0, let padding = (op as? any PaddingByteOperator)?.paddingByte {
          paddingBytes[input] = padding
          paddingBytes[rootValue(of: input)] = padding
        }
      }
      if op is any ViewingOperator {
        // A window that keeps the whole image (a channel split) has its source's halo.
        for output in node.outputs where spansImage(output, of: node.inputs[0]) {
          demand(halos[output] ?? .none, around: node.inputs[0])
        }
      }
    }
    halos = halos.filter { value, _ in graph.producer(of: value) != nil && outputIndices[value] == nil }
  }

  private mutating func demand(_ halo: Halo, around value: ValueID) {
    // A window passes on to its source what its readers want, whether or not it was to lie elsewhere.
    if producer(of: value) is any ViewingOperator {
      halos[value] = (halos[value] ?? .none).union(halo)
    }
    let root = rootValue(of: value)
    // A halo around a concatenation serves its parts only where these span the whole image.
    if halo != .none, spansImage(value, of: root) { halos[root] = (halos[root] ?? .none).union(halo) }
  }

  private func spansImage(_ part: ValueID, of whole: ValueID) -> Bool {
    let (a, b) = (graph.type(of: part), graph.type(of: whole))
    return a.rank == 4 && b.rank == 4 && a.shape.dropFirst(2) == b.shape.dropFirst(2)
      && a.shape[0] == b.shape[0]
  }

  /// The value whose buffer holds `value`: the outermost one that it is written into, or itself.
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

/// An operator whose output is its whole input with axes renamed or reordered (Reshape, Transpose, …), so
/// that its input can be written straight to where the output belongs.
public protocol RearrangingOperator: ViewingOperator {
  /// The view of the input, of this shape, which makes `output` the view of the output; nil where there is
  /// none.
  func input(seenAs output: View, shape: Shape) -> View?
}
