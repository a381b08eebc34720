internal import EspalierGraph
internal import EspalierOperators

/// A convolution with its constant weights at hand, to be rewritten with others.
struct LinearNode {
  var conv: Conv
  var input: ValueID
  /// `[M, C / groups, KH, KW]`.
  private(set) var weights: Tensor
  /// One addend per output channel.
  private(set) var bias: [Float]
  private let residual: ValueID?

  /// Nil where the node is no convolution, or its weights are computed from the frame.
  init?(_ node: Node, in graph: Graph) {
    guard let conv = node.op as? Conv, let weights = graph.constant(of: node.inputs[1]),
      weights.type.element == .float32
    else { return nil }
    self.conv = conv
    self.weights = weights
    input = node.inputs[0]
    residual = conv.residualIndex.map { node.inputs[$0] }
    if conv.hasBias {
      guard let bias = graph.constant(of: node.inputs[2]) else { return nil }
      self.bias = bias.floats
    } else {
      bias = [Float](repeating: 0, count: weights.shape[0])
    }
  }

  /// Whether the output is still a plain weighted sum, to be scaled and shifted.
  var isFoldable: Bool { conv.activation == .identity && !conv.hasResidual }

  /// Lets every output channel m be `scale[m] · y[m] + shift[m]`.
  mutating func scaleOutputs(by scale: [Float], shift: [Float]) {
    let perOutput = weights.count / weights.shape[0]
    var scaled = weights.floats
    for index in scaled.indices { scaled[index] *= scale[index / perOutput] }
    weights = Tensor(shape: weights.shape, floats: scaled)
    bias = bias.indices.map { Float(Double(bias[$0]) * Double(scale[$0]) + Double(shift[$0])) }
  }

  /// Takes `scale[c] · x[c] + shift[c]` of the input over; padding must not meet a shift.
  mutating func absorbInput(scale: [Float], shift: [Float]) {
    let (outputs, perGroup) = (weights.shape[0], weights.shape[1])
    let taps = weights.count / (outputs * perGroup)
    var scaled = weights.floats
    var sums = bias.map(Double.init)
    for output in 0..<outputs {
      let firstChannel = output / (outputs / conv.groups) * perGroup
      for channel in 0..<perGroup {
        for tap in 0..<taps {
          let index = (output * perGroup + channel) * taps + tap
          sums[output] += Double(scaled[index]) * Double(shift[firstChannel + channel])
          scaled[index] *= scale[firstChannel + channel]
        }
      }
    }
    weights = Tensor(shape: weights.shape, floats: scaled)
    bias = sums.map(Float.init)
  }

  /// Puts the convolution with the weights as they are now into a patch.
  func add(to patch: inout GraphPatch, name: String) -> GraphPatch.Reference {
    var op = conv
    op.hasBias = true
    let inputs: [GraphPatch.Reference] =
      [
        .existing(input), patch.constant(weights, name: name + "/weights"),
        patch.constant(Tensor(shape: [bias.count], floats: bias), name: name + "/bias"),
      ] + (residual.map { [.existing($0)] } ?? [])
    return patch.add(op, name: name, inputs: inputs)
  }
}
