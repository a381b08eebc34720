import EspalierGraph
import EspalierOperators
import EspalierPasses
import Testing

/// Random networks of what exporters write: whatever the passes make of them, they must compute the same.
@Suite("Simplifying a random network") struct RandomNetworkTests {
  /// Grows a network by steps that each append a few nodes to a value of rank 4.
  private struct Grower {
    var graph = Graph()
    var values: [ValueID] = []
    var random: SplitMix

    mutating func grow(steps: Int) throws {
      let channels = 2 * (1 + random.next(below: 3))
      values.append(graph.appendInput(name: "x", type: TensorType(.float32, [1, channels, 6, 6])))
      for _ in 0..<steps { try addStep() }
      // The youngest value, and one from anywhere so that something in the middle is read twice.
      for value in [values[values.count - 1], values[random.next(below: values.count)]] {
        if !graph.outputs.contains(value) { graph.appendOutput(value, name: "y\(graph.outputs.count)") }
      }
    }

    private mutating func addStep() throws {
      let value = values[max(0, values.count - 1 - random.next(below: 3))]
      switch random.next(below: 14) {
      case 0, 1, 2: try addConv(value)
      case 3: try addNormalization(value)
      case 4: try add(Unary(function()), [value])
      case 5: try add(Binary(random.next(below: 2) == 0 ? .add : .multiply), [value, number()])
      case 6: try addPartner(value)
      case 7: try addGate(value)
      case 8: try add(padding(value), [value])
      case 9: try addChannelsLast(value)
      case 10: try addSplit(value)
      case 11: try addShuffle(value)
      case 12: try addSqueeze(value)
      default:
        let pool = MaxPool(kernel: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1])
        try add(pool, [value])
      }
    }

    private mutating func add(_ op: any Operator, _ inputs: [ValueID]) throws {
      values += try graph.append(op, name: "n\(graph.nodes.count)", inputs: inputs)
    }

    private mutating func constant(_ shape: Shape, scale: Float = 1) -> ValueID {
      let tensor = Tensor.random(TensorType(.float32, shape), seed: random.next())
      return graph.appendConstant(
        name: "c\(graph.values.count)", Tensor(shape: shape, floats: tensor.floats.map { $0 * scale }))
    }

    private mutating func number() -> ValueID {
      let rank = random.next(below: 3)
      return graph.appendConstant(
        name: "c\(graph.values.count)",
        Tensor(shape: Shape(repeating: 1, count: rank), floats: [random.float()]))
    }

    private mutating func function() -> ElementFunction {
      let kinds: [ElementFunction.Kind] = [.relu, .clip, .sigmoid, .tanh, .hardSwish, .affine, .neg, .abs]
      return ElementFunction(kinds[random.next(below: kinds.count)], alpha: 0, beta: 1)
    }

    private mutating func addConv(_ value: ValueID) throws {
      let shape = graph.type(of: value).shape
      let groups = random.next(below: 3) == 0 ? shape[1] : 1
      let outputs = groups == 1 ? 2 * (1 + random.next(below: 3)) : groups
      let size = shape[2] >= 3 && shape[3] >= 3 && random.next(below: 2) == 0 ? 3 : 1
      let scale = 1 / Float(shape[1] / groups * size * size).squareRoot()
      let weights = constant([outputs, shape[1] / groups, size, size], scale: scale)
      let pad = size == 3 ? 1 : 0
      try add(Conv(pads: [pad, pad, pad, pad], groups: groups), [value, weights])
    }

    private mutating func addNormalization(_ value: ValueID) throws {
      let channels = graph.type(of: value).shape[1]
      let parameters = (0..<3).map { _ in constant([channels]) }
      let variance = Tensor(
        shape: [channels], floats: (0..<channels).map { _ in random.float().magnitude + 0.5 })
      let last = graph.appendConstant(name: "c\(graph.values.count)", variance)
      try add(BatchNormalization(), [value] + parameters + [last])
    }

    /// A sum, a product or a concatenation with another value of the same shape.
    private mutating func addPartner(_ value: ValueID) throws {
      let type = graph.type(of: value)
      let partners = values.filter { graph.type(of: $0) == type }
      let partner = partners[random.next(below: partners.count)]
      let pair = random.next(below: 2) == 0 ? [value, partner] : [partner, value]
      switch random.next(below: 3) {
      case 0 where type.shape[1] <= 12: try add(Concat(axis: 1), pair)
      case 1: try add(Binary(.multiply), pair)
      default: try add(Binary(.add), pair)
      }
    }

    /// `x · clip(x + 3, 0, 6) / 6`, or `x · sigmoid(x)`
    private mutating func addGate(_ value: ValueID) throws {
      guard random.next(below: 2) == 0 else {
        try add(Unary(ElementFunction(.sigmoid)), [value])
        return try add(Binary(.multiply), [values[values.count - 1], value])
      }
      let (three, six) = (uniform(3), uniform(6))
      try add(Binary(.add), [value, three])
      try add(Unary(ElementFunction(.clip, alpha: 0, beta: 6)), [values[values.count - 1]])
      try add(Binary(.multiply), [value, values[values.count - 1]])
      try add(Binary(.divide), [values[values.count - 1], six])
    }

    private mutating func uniform(_ number: Float) -> ValueID {
      graph.appendConstant(name: "c\(graph.values.count)", Tensor(scalar: number))
    }

    private mutating func padding(_ value: ValueID) -> Pad {
      let shape = graph.type(of: value).shape
      guard shape[2] < 10 else { return Pad(before: [0, 0, -1, 0], after: [0, 0, -1, 0]) }
      let number: Float = [0, 0, -.infinity, 0.5][random.next(below: 3)]
      return Pad(value: number == -.infinity ? 0 : number, before: [0, 0, 1, 0], after: [0, 0, 1, 1])
    }

    /// An operator in channels-last order between two transposes.
    private mutating func addChannelsLast(_ value: ValueID) throws {
      let shape = graph.type(of: value).shape
      try add(Transpose(permutation: [0, 2, 3, 1]), [value])
      let transposed = values[values.count - 1]
      switch random.next(below: 5) {
      case 0: try add(Binary(.add), [transposed, constant([shape[1]])])
      case 1: try add(Pad(value: 0.5, before: [0, 0, 1, 0], after: [0, 0, 0, 0]), [transposed])
      case 2: try add(Softmax(axis: 3), [transposed])
      case 3: try add(MatMul(), [transposed, constant([shape[1], 4])])
      default: try add(Concat(axis: 3), [transposed, transposed])
      }
      try add(Transpose(permutation: [0, 3, 1, 2]), [values[values.count - 1]])
    }

    /// Two parts of the channels, joined again in some order.
    private mutating func addSplit(_ value: ValueID) throws {
      let channels = graph.type(of: value).shape[1]
      guard channels > 1 else { return }
      let parts = try graph.append(
        Split(axis: 1, sizes: [1, channels - 1]), name: "n\(graph.nodes.count)", inputs: [value])
      values += parts
      try add(Concat(axis: 1), random.next(below: 2) == 0 ? parts : parts.reversed())
    }

    private mutating func addShuffle(_ value: ValueID) throws {
      let shape = graph.type(of: value).shape
      guard shape[1] % 2 == 0 else { return }
      let first = try graph.append(
        Reshape(shape: [1, 2, shape[1] / 2, shape[2], shape[3]]), name: "n\(graph.nodes.count)",
        inputs: [value])
      let second = try graph.append(
        Transpose(permutation: [0, 2, 1, 3, 4]), name: "n\(graph.nodes.count)", inputs: first)
      try add(Reshape(shape: shape), second)
    }

    /// Squeeze and excite, with or without the sum with what is scaled.
    private mutating func addSqueeze(_ value: ValueID) throws {
      let channels = graph.type(of: value).shape[1]
      try add(Reduce(.mean, axes: [2, 3]), [value])
      try add(Conv(), [values[values.count - 1], constant([channels, channels, 1, 1], scale: 0.3)])
      try add(Unary(ElementFunction(.hardSigmoid, alpha: 0.2, beta: 0.5)), [values[values.count - 1]])
      try add(Binary(.multiply), [value, values[values.count - 1]])
      if random.next(below: 2) == 0 { try add(Binary(.add), [value, values[values.count - 1]]) }
    }
  }

  /// Folded weights are rounded again, and sums of products of a dozen layers add that up.
  @Test(arguments: UInt64(1)...150)
  func `changes nothing but rounding, and finds everything at once`(seed: UInt64) throws {
    var grower = Grower(random: SplitMix(seed: seed * 7919))
    try grower.grow(steps: 12)
    try Verifier.verify(grower.graph)
    let result = try simplified(grower.graph, tolerance: 1e-3)
    #expect(result.nodes.count <= grower.graph.nodes.count)
  }
}
