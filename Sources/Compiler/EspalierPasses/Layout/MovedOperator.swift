internal import EspalierGraph
internal import EspalierOperators

/// An operator with its axes renamed, so that it may stand before a transpose instead of behind it.
struct MovedOperator {
  private(set) var op: any Operator
  /// What the outputs must pass through to be what they were.
  private(set) var permutation: [Int]
  /// Whether operands broadcast against each other.
  private(set) var isBroadcast = false
  /// How many of the node's inputs are transposed; the others are part of the operator now.
  private(set) var inputCount: Int
  /// Constants that it reads behind those inputs.
  private var constants: [Tensor] = []
  /// Element-wise operators with one constant each that follow.
  private var followers: [(Binary.Kind, Tensor)] = []

  /// Nil where the operator cannot move.
  init?(_ node: Node, before permutation: [Int], in graph: Graph) {
    op = node.op
    self.permutation = permutation
    inputCount = node.inputs.count
    func axis(_ axis: Int) -> Int { permutation[axis] }
    switch node.op {
    case is Unary, is Cast, is Identity: break
    case is Binary, is Where: isBroadcast = true
    case let concat as Concat: op = Concat(axis: axis(concat.axis))
    case let split as Split: op = Split(axis: axis(split.axis), sizes: split.sizes)
    case let slice as Slice:
      op = Slice(
        slice.ranges.map { range in
          var range = range
          range.axis = axis((range.axis + permutation.count) % permutation.count)
          return range
        })
    case let pad as Pad:
      let order = permutation.inverse
      op = Pad(
        mode: pad.mode, value: pad.value, before: order.map { pad.before[$0] },
        after: order.map { pad.after[$0] })
    case let softmax as Softmax where !softmax.flattens:
      op = Softmax(softmax.kind, axis: axis(softmax.axis))
    case var resize as Resize:
      for index in resize.axes.indices { resize.axes[index].axis = axis(resize.axes[index].axis) }
      op = resize
    case let norm as MeanVarianceNormalization:
      op = MeanVarianceNormalization(axes: norm.axes.map(axis).sorted(), epsilon: norm.epsilon)
    case let norm as LpNormalization: op = LpNormalization(axis: axis(norm.axis), p: norm.p)
    case let reduce as Reduce:
      op = Reduce(reduce.kind, axes: reduce.axes.map(axis), keepsAxes: reduce.keepsAxes)
      if !reduce.keepsAxes { drop(reduce.axes) }
    case let reduce as ArgReduce:
      op = ArgReduce(
        reduce.kind, axis: axis(reduce.axis), keepsAxis: reduce.keepsAxis, selectsLast: reduce.selectsLast)
      if !reduce.keepsAxis { drop([reduce.axis]) }
    case let norm as LayerNormalization: guard move(norm, node, in: graph) else { return nil }
    case is MatMul: guard moveProduct(node, in: graph) else { return nil }
    default: return nil
    }
  }

  /// Takes axes of the operator's input out of the permutation of its output.
  private mutating func drop(_ axes: [Int]) {
    let kept = permutation.indices.filter { !axes.contains($0) }.map { permutation[$0] }
    permutation = kept.map { old in kept.filter { $0 < old }.count }
  }

  /// A normalization over the last axis becomes one over the channels, scaled and shifted behind.
  private mutating func move(_ norm: LayerNormalization, _ node: Node, in graph: Graph) -> Bool {
    let parameters = node.inputs.dropFirst().compactMap { graph.constant(of: $0) }
    guard permutation == SinkTransposes.channelsLast, norm.axis == 3, norm.centers, norm.outputCount == 1,
      parameters.count == node.inputs.count - 1
    else { return false }
    let moved = parameters.compactMap { $0.transposedBack(permutation) }
    guard moved.count == parameters.count else { return false }
    op = MeanVarianceNormalization(axes: [1], epsilon: norm.epsilon)
    inputCount = 1
    followers = Array(zip([.multiply, .add], moved))
    return true
  }

  /// A product with a matrix over the last axis becomes a convolution of one tap.
  private mutating func moveProduct(_ node: Node, in graph: Graph) -> Bool {
    guard permutation == SinkTransposes.channelsLast, let matrix = graph.constant(of: node.inputs[1]),
      matrix.shape.count == 2, matrix.type.element == .float32,
      let filters = matrix.transposed([1, 0])
    else { return false }
    op = Conv()
    inputCount = 1
    constants = [filters.reshaped(to: filters.shape + [1, 1])]
    return true
  }

  /// Puts the operator, what follows it and the transposes behind it into a patch.
  func add(to patch: inout GraphPatch, replacing node: Node, inputs: [GraphPatch.Reference]) {
    let name = node.name + "/moved"
    let known = constants.map { patch.constant($0, name: name + "/constant") }
    var result = patch.add(op, name: name, inputs: inputs + known)
    for (index, (kind, tensor)) in followers.enumerated() {
      let constant = patch.constant(tensor, name: "\(name)/constant\(index)")
      result = patch.add(Binary(kind), name: "\(name)/\(kind.rawValue)", inputs: [result, constant])
    }
    for (position, output) in node.outputs.enumerated() {
      var moved = result
      if case .new(let index, _) = result { moved = .new(node: index, output: position) }
      if permutation != Array(permutation.indices) {
        let suffix = position == 0 ? "" : ":\(position)"
        moved = patch.add(Transpose(permutation: permutation), name: node.name + suffix, inputs: [moved])
      }
      patch.replace(output, with: moved)
    }
    patch.remove(node.id)
  }
}
