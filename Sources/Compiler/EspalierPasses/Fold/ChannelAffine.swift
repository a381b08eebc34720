internal import EspalierGraph
internal import EspalierOperators

/// A node that scales and shifts every channel on its own: `y[c] = scale[c] · x[c] + shift[c]`.
///
/// BatchNormalization, products and sums with one constant per channel, and `Unary(affine)` are such nodes.
struct ChannelAffine {
  var input: ValueID
  /// One factor per channel (axis 1).
  var scale: [Float]
  var shift: [Float]

  private init(input: ValueID, scale: [Float], shift: [Float]) {
    self.input = input
    self.scale = scale
    self.shift = shift
  }

  /// Nil where the node is none.
  init?(_ node: Node, in graph: Graph) {
    guard let first = node.inputs.first, graph.type(of: first).rank >= 2 else { return nil }
    let type = graph.type(of: node.outputs[0])
    guard type.rank >= 2, type.element == .float32 else { return nil }
    switch node.op {
    case let norm as BatchNormalization: self.init(norm, node, in: graph)
    case let unary as Unary where unary.function.kind == .affine:
      let channels = type.shape[1]
      self.init(
        input: first, scale: [Float](repeating: unary.function.alpha, count: channels),
        shift: [Float](repeating: unary.function.beta, count: channels))
    case let binary as Binary where binary.activation == .identity:
      self.init(binary.kind, node.inputs, of: type, in: graph)
    default: return nil
    }
    guard graph.type(of: input) == type else { return nil }
  }

  private init?(_ norm: BatchNormalization, _ node: Node, in graph: Graph) {
    let parameters = node.inputs.dropFirst().compactMap { graph.constant(of: $0) }
    guard parameters.count == 4 else { return nil }
    input = node.inputs[0]
    (scale, shift) = norm.factors(parameters)
  }

  private init?(_ kind: Binary.Kind, _ inputs: [ValueID], of type: TensorType, in graph: Graph) {
    func vector(_ value: ValueID) -> [Float]? {
      graph.constant(of: value).flatMap { Self.perChannel($0, of: type.shape) }
    }
    let ones = [Float](repeating: 1, count: type.shape[1])
    let zeros = [Float](repeating: 0, count: type.shape[1])
    if let c = vector(inputs[1]) {
      input = inputs[0]
      switch kind {
      case .add: (scale, shift) = (ones, c)
      case .subtract: (scale, shift) = (ones, c.map { -$0 })
      case .multiply: (scale, shift) = (c, zeros)
      case .divide where !c.contains(0): (scale, shift) = (c.map { 1 / $0 }, zeros)
      default: return nil
      }
    } else if let c = vector(inputs[0]) {
      input = inputs[1]
      switch kind {
      case .add: (scale, shift) = (ones, c)
      case .subtract: (scale, shift) = (ones.map { -$0 }, c)
      case .multiply: (scale, shift) = (c, zeros)
      default: return nil
      }
    } else {
      return nil
    }
  }

  /// A constant as one number per channel of `shape`, or nil where it differs within a channel.
  static func perChannel(_ tensor: Tensor, of shape: Shape) -> [Float]? {
    let channels = shape[1]
    if tensor.count == 1, tensor.shape.count <= shape.count {
      return [Float](repeating: tensor.asFloats[0], count: channels)
    }
    let own = Shape(repeating: 1, count: max(0, shape.count - tensor.shape.count)) + tensor.shape
    guard own.count == shape.count, own[1] == channels, own.elementCount == channels else { return nil }
    return tensor.asFloats
  }
}
