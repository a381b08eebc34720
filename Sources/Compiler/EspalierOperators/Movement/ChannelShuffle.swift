public import EspalierGraph

/// Deals the channels of `groups` equal groups out in turn: output channel `i · groups + g` is channel `i` of
/// group `g`.
///
/// ONNX has no such operator; `RecognizeChannelShuffle` makes it of Reshape, Transpose and Reshape.
///
/// Source: Zhang et al. 2018, "ShuffleNet", section 3.1.
public struct ChannelShuffle: LowerableOperator, MovingOperator {
  public static let name = "ChannelShuffle"
  public static let onnxNames: [String] = []

  public var groups: Int

  public init(groups: Int) { self.groups = groups }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    try builder.add(ChannelShuffle(groups: try node.int("groups") ?? 1), node.presentInputs)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let shape = builder.inputTypes[0].shape
    let grouped = [shape[0], groups, shape[1] / groups, shape[2], shape[3]]
    let split = builder.step("Reshape", builder.inputs() + [builder.constant(grouped, "groups")])
    let dealt = builder.step("Transpose", [split], attributes: ["perm": .list([0, 2, 1, 3, 4])])
    builder.write("Reshape", [dealt, builder.constant(shape, "shape")])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].rank == 4 else { throw .rank(input: 0, expected: "4", found: inputs[0]) }
    guard groups >= 1, inputs[0].shape[1] % groups == 0 else {
      throw .attribute("groups", problem: "is \(groups), which does not divide \(inputs[0])")
    }
    return inputs
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let shape = inputs[0].shape
    let pixels = shape[2] * shape[3]
    let order = sources(channels: shape[1])
    var offsets: [Int?] = []
    for image in 0..<shape[0] {
      for channel in order {
        let start = (image * shape[1] + channel) * pixels
        offsets += (start..<start + pixels).map { $0 }
      }
    }
    return [inputs[0].gathered(offsets, shape: shape)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .selected([sources(channels: inputs[0].shape[1])])
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let shape = lowering.graph.type(of: node.outputs[0]).shape
    let grouped = [shape[0], groups, shape[1] / groups, shape[2], shape[3]]
    let source = lowering.stored(node.inputs[0]).splittingChannels(grouped)
    let target = lowering.allocate(node.outputs[0])
      .splittingChannels([shape[0], shape[1] / groups, groups, shape[2], shape[3]])
    try lowering.copy(from: source.transposed([0, 2, 1, 3, 4]), to: target)
  }

  /// The input channel that each output channel copies.
  private func sources(channels: Int) -> [Int] {
    (0..<channels).map { $0 % groups * (channels / groups) + $0 / groups }
  }
}

extension View {
  /// A feature map with its channel axis as two: `[N, a, b, H, W]`.
  fileprivate func splittingChannels(_ shape: Shape) -> View {
    View(
      buffer, base: base, shape: shape,
      strides: [strides[0], strides[1] * shape[2], strides[1], strides[2], strides[3]])
  }
}
