public import EspalierGraph

/// `y = normalized(x) · scale + bias`, normalized over groups of neighboring channels and all spatial axes.
///
/// Inputs: `x` `[N, C, spatial…]`, `scale` and `bias`, each `[C]`, or `[groups]` where `scalesGroups`.
///
/// Source: ONNX `GroupNormalization`, opset 21; opset 18 had one scale and bias per group.
public struct GroupNormalization: LowerableOperator {
  public static let name = "GroupNormalization"
  public static let onnxNames = ["GroupNormalization"]

  public var groups: Int
  public var epsilon: Float
  /// Whether scale and bias have one entry per group instead of one per channel.
  public var scalesGroups: Bool

  public init(groups: Int, epsilon: Float = 1e-5, scalesGroups: Bool = false) {
    self.groups = groups
    self.epsilon = epsilon
    self.scalesGroups = scalesGroups
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    guard let groups = try node.int("num_groups") else { throw node.invalid("num_groups", "is missing") }
    let operation = GroupNormalization(
      groups: groups, epsilon: try node.float("epsilon") ?? 1e-5, scalesGroups: node.opset < 21)
    let inputs = try (0..<3).map { index throws(ImportError) in try node.requiredInput(index).value }
    return try builder.add(operation, inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let (types, inputs) = (builder.inputTypes, builder.inputs())
    let (shape, element) = (types[0].shape, types[0].element)
    let grouped = builder.step(
      "Reshape", [inputs[0], builder.constant([shape[0], groups, -1], "groups")])
    let ones = Tensor(shape: [groups], element: element, floats: [Float](repeating: 1, count: groups))
    let zeros = Tensor(shape: [groups], element: element, floats: [Float](repeating: 0, count: groups))
    let parameters =
      scalesGroups
      ? [inputs[1], inputs[2]] : [builder.constant(ones, "ones"), builder.constant(zeros, "zeros")]
    let normalized = builder.step(
      "InstanceNormalization", [grouped] + parameters, attributes: ["epsilon": .float(epsilon)])
    let whole = builder.constant(shape, "shape")
    if scalesGroups { return builder.write("Reshape", [normalized, whole]) }
    let restored = builder.step("Reshape", [normalized, whole])
    let perChannel = builder.constant([shape[1]] + shape.dropFirst(2).map { _ in 1 }, "channels")
    let scale = builder.step("Reshape", [inputs[1], perChannel])
    let bias = builder.step("Reshape", [inputs[2], perChannel])
    builder.write("Add", [builder.step("Mul", [restored, scale]), bias])
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 3 else { throw .inputCount(expected: "3", found: inputs.count) }
    let x = inputs[0]
    guard x.element.isFloating else { throw .element(input: 0, expected: "floats", found: x) }
    guard x.rank >= 3 else { throw .rank(input: 0, expected: "at least 3", found: x) }
    guard groups >= 1, x.shape[1] % groups == 0 else {
      throw .attribute("num_groups", problem: "is \(groups), which does not divide \(x.shape[1]) channels")
    }
    let entries = scalesGroups ? groups : x.shape[1]
    for index in 1..<3 where inputs[index].shape != [entries] {
      guard inputs[index].rank == 1 else { throw .rank(input: index, expected: "1", found: inputs[index]) }
      throw .extent(input: index, axis: 0, expected: entries, found: inputs[index])
    }
    return [x]
  }

  /// Over `x` as `[N, groups, C / groups, spatial…]`.
  private func normalizedGroups(_ rank: Int) -> NormalizedGroups {
    NormalizedGroups(
      kind: .meanVariance, kept: [0, 1], reduced: [Int](2..<rank + 1), epsilon: epsilon)
  }

  private func split(_ shape: Shape) -> Shape { [shape[0], groups, shape[1] / groups] + shape.dropFirst(2) }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let shape = inputs[0].shape
    let (scale, bias) = (inputs[1].floats, inputs[2].floats)
    let normalized = normalizedGroups(shape.count).normalize(inputs[0].reshaped(to: split(shape))).elements
    let plane = shape.dropFirst(2).reduce(1, *)
    let result = normalized.enumerated().map { position, x -> Float in
      let channel = position / plane % shape[1]
      let entry = scalesGroups ? channel / (shape[1] / groups) : channel
      return Float(x * Double(scale[entry]) + Double(bias[entry]))
    }
    return [Tensor(shape: shape, element: inputs[0].type.element, floats: result)]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "its groups of channels share their statistics")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "its statistics need more than 8 bits")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    let target = lowering.allocate(node.outputs[0])
    guard target.rank <= 6 else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its input has rank \(target.rank)")
    }
    try lowering.normalize(
      normalizedGroups(source.rank), source.splittingChannels(groups),
      scale: parameter(node.inputs[1], source.shape, &lowering),
      bias: parameter(node.inputs[2], source.shape, &lowering), to: target.splittingChannels(groups))
  }

  /// Scale or bias, read as if it had the split shape.
  private func parameter(_ value: ValueID, _ shape: Shape, _ lowering: inout Lowering) -> View {
    guard scalesGroups else {
      return lowering.perChannel(value, as: shape).splittingChannels(groups)
    }
    let split = split(shape)
    return lowering.perChannel(value, as: split)
  }
}

extension View {
  /// `[N, C, …]` as `[N, groups, C / groups, …]`.
  fileprivate func splittingChannels(_ groups: Int) -> View {
    var view = self
    let each = shape[1] / groups
    view.shape.replaceSubrange(1...1, with: [groups, each])
    view.strides.replaceSubrange(1...1, with: [each * strides[1], strides[1]])
    return view
  }
}
