public import EspalierGraph

/// Convolution: `y = f(x ∗ w + bias + residual)`.
///
/// Inputs: `x` `[N, C, spatial…]`, `w` `[M, C / groups, kernel…]`, then, where the flags say so, `bias` `[M]`
/// and `residual` of the output's shape. ONNX knows neither the residual nor the activation: passes add them.
///
/// Source: ONNX `Conv`, opset 22.
public struct Conv: LowerableOperator {
  public static let name = "Conv"
  public static let onnxNames = ["Conv"]

  public var strides: [Int]
  public var dilations: [Int]
  /// Zeros before each spatial axis, then behind each: top, left, bottom, right.
  public var pads: [Int]
  public var groups: Int
  /// What the sum passes through last.
  public var activation: ElementFunction
  public var hasBias: Bool
  public var hasResidual: Bool

  public init(
    strides: [Int] = [1, 1], dilations: [Int] = [1, 1], pads: [Int] = [0, 0, 0, 0], groups: Int = 1,
    activation: ElementFunction = .identity, hasBias: Bool = false, hasResidual: Bool = false
  ) {
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
    self.groups = groups
    self.activation = activation
    self.hasBias = hasBias
    self.hasResidual = hasResidual
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (input, weights) = (try node.requiredInput(0), try node.requiredInput(1))
    let spatial = try node.spatialExtents(ofInput: 0)
    let kernel = Array(weights.type.shape.dropFirst(2))
    if let named = try node.ints("kernel_shape"), named != kernel {
      throw node.invalid("kernel_shape", "is \(named), but the weights are \(weights.type)")
    }
    let window = try node.window(kernel: kernel, over: spatial)
    let conv = Conv(
      strides: window.strides, dilations: window.dilations, pads: window.pads,
      groups: try node.int("group") ?? 1, hasBias: node.input(2) != nil)
    let inputs = [input.value, weights.value] + (node.input(2).map { [$0.value] } ?? [])
    return try builder.add(conv, inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    var inputs = builder.inputs()
    let residual = residualIndex.map { inputs.remove(at: $0) }
    let window = window(builder.inputTypes[1])
    let attributes = window.poolingAttributes.merging([
      "dilations": .list(dilations), "group": .number(groups),
    ]) { $1 }
    guard let residual else {
      return builder.write(Self.name, inputs, attributes: attributes, then: activation)
    }
    let sum = builder.step(Self.name, inputs, attributes: attributes)
    builder.write("Add", [sum, residual], then: activation)
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let expected = 2 + (hasBias ? 1 : 0) + (hasResidual ? 1 : 0)
    guard inputs.count == expected else {
      throw .inputCount(expected: "\(expected)", found: inputs.count)
    }
    let (x, w) = (inputs[0], inputs[1])
    guard x.element.isFloating else { throw .element(input: 0, expected: "floats", found: x) }
    guard x.rank >= 3 else { throw .rank(input: 0, expected: "at least 3", found: x) }
    guard w.rank == x.rank else { throw .rank(input: 1, expected: "\(x.rank)", found: w) }
    guard groups >= 1, w.shape[0] % groups == 0, x.shape[1] % groups == 0 else {
      throw .attribute(
        "group", problem: "is \(groups), which divides not both \(x.shape[1]) and \(w.shape[0]) channels")
    }
    guard w.shape[1] == x.shape[1] / groups else {
      throw .extent(input: 1, axis: 1, expected: x.shape[1] / groups, found: w)
    }
    if hasBias, inputs[2].shape != [w.shape[0]] {
      guard inputs[2].rank == 1 else { throw .rank(input: 2, expected: "1", found: inputs[2]) }
      throw .extent(input: 2, axis: 0, expected: w.shape[0], found: inputs[2])
    }
    let spatial = try window(w).outputExtents(of: Array(x.shape.dropFirst(2)))
    let output = TensorType(x.element, [x.shape[0], w.shape[0]] + spatial)
    if hasResidual, inputs[expected - 1].shape != output.shape {
      throw .broadcast(inputs[expected - 1], output)
    }
    return [output]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    // A residual couples the output's channels to another value's, beside the mixing.
    isDepthwise(inputs) && !hasResidual ? .passThrough : .mixed(groups: groups, weightOutputAxis: 0)
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }
}

// MARK: - What passes ask

extension Conv {
  /// The window that slides over the input.
  ///
  /// - Parameter weights: Input 1.
  public func window(_ weights: TensorType) -> Window {
    Window(
      kernel: Array(weights.shape.dropFirst(2)), strides: strides, dilations: dilations, pads: pads)
  }

  /// Whether every output channel is made of the input channel of the same number alone.
  public func isDepthwise(_ inputs: [TensorType]) -> Bool {
    groups == inputs[0].shape[1] && inputs[1].shape[0] == groups
  }

  /// Whether every output pixel is made of the input pixel in the same place alone.
  public func isPointwise(_ inputs: [TensorType]) -> Bool {
    inputs[1].shape.dropFirst(2).allSatisfy { $0 == 1 } && strides.allSatisfy { $0 == 1 }
      && pads.allSatisfy { $0 == 0 }
  }

  /// Which input the residual is; nil where there is none.
  public var residualIndex: Int? { hasResidual ? (hasBias ? 3 : 2) : nil }

  /// The same convolution with another function behind it.
  public func withActivation(_ activation: ElementFunction) -> Conv {
    var conv = self
    conv.activation = activation
    return conv
  }
}
