public import EspalierGraph

/// `y = (x − μ) / √(σ² + ε) · γ + β`, with statistics known from training.
///
/// Inputs: `x` `[N, C, …]`, then γ, β, μ and σ², each `[C]`.
///
/// Source: ONNX `BatchNormalization`, opset 15, in inference mode; see `importTraining` for training mode.
public struct BatchNormalization: LowerableOperator {
  public static let name = "BatchNormalization"
  public static let onnxNames = ["BatchNormalization"]

  public var epsilon: Float

  public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let trains = try node.int("training_mode") ?? 0 != 0
    if trains, node.opset >= 14, node.isRead(output: 1) || node.isRead(output: 2) {
      return try importTraining(node, into: &builder)
    }
    // Before opset 14 a node that trains is known by its further outputs.
    guard !trains, (1..<max(1, node.outputNames.count)).allSatisfy({ !node.wantsOutput($0) }) else {
      throw node.invalid("training_mode", "is on; export the model for inference (model.eval())")
    }
    guard try node.int("spatial") ?? 1 != 0 else {
      throw node.invalid("spatial", "is 0; statistics per channel (spatial = 1) are supported")
    }
    let inputs = try (0..<5).map { index throws(ImportError) in try node.requiredInput(index).value }
    let operation = BatchNormalization(epsilon: try node.float("epsilon") ?? 1e-5)
    return try builder.add(operation, inputs, outputNames: Array(node.outputNames.prefix(1)))
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, attributes: ["epsilon": .float(epsilon)])
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 5 else { throw .inputCount(expected: "5", found: inputs.count) }
    guard inputs[0].element.isFloating else {
      throw .element(input: 0, expected: "floats", found: inputs[0])
    }
    guard inputs[0].rank >= 2 else { throw .rank(input: 0, expected: "at least 2", found: inputs[0]) }
    for index in 1..<5 where inputs[index].shape != [inputs[0].shape[1]] {
      guard inputs[index].rank == 1 else { throw .rank(input: index, expected: "1", found: inputs[index]) }
      throw .extent(input: index, axis: 0, expected: inputs[0].shape[1], found: inputs[index])
    }
    return [inputs[0]]
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let parameters = inputs.dropFirst().map { $0.floats.map(Double.init) }
    let (gamma, beta, mean, variance) = (parameters[0], parameters[1], parameters[2], parameters[3])
    let shape = inputs[0].shape
    let plane = shape.dropFirst(2).reduce(1, *)
    let result = inputs[0].floats.enumerated().map { position, x -> Float in
      let c = position / plane % shape[1]
      let normalized = (Double(x) - mean[c]) / (variance[c] + Double(epsilon)).squareRoot()
      return Float(normalized * gamma[c] + beta[c])
    }
    return [Tensor(shape: shape, element: inputs[0].type.element, floats: result)]
  }

  /// The factor and the addend per channel that the node amounts to.
  ///
  /// - Parameter parameters: γ, β, μ and σ².
  public func factors(_ parameters: [Tensor]) -> (scale: [Float], shift: [Float]) {
    let (gamma, beta, mean, variance) = (
      parameters[0].floats, parameters[1].floats, parameters[2].floats, parameters[3].floats
    )
    var (scale, shift): ([Float], [Float]) = ([], [])
    for c in gamma.indices {
      let factor = Double(gamma[c]) / (Double(variance[c]) + Double(epsilon)).squareRoot()
      scale.append(Float(factor))
      shift.append(Float(Double(beta[c]) - Double(mean[c]) * factor))
    }
    return (scale, shift)
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    index == 0 ? .featureMap(inputs[0]) : .any
  }

  /// A depthwise convolution of one tap.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let parameters = node.inputs.dropFirst().compactMap { lowering.graph.constant(of: $0) }
    guard parameters.count == 4 else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its parameters are computed from the frame")
    }
    let (scale, shift) = factors(parameters)
    let rank = lowering.graph.type(of: node.inputs[0]).rank
    guard rank == 3 || rank == 4 else { return try lowerPlain(node, scale, shift, into: &lowering) }
    let input = try lowering.featureMap(of: node.inputs[0])
    try lowering.writeFeatureMap(node.outputs[0]) { (lowering, output) throws(LoweringError) in
      lowering.depthwise(
        DepthwiseCall(
          input: input.view, output: output, step: (input.strideH, input.strideW), tapStep: (0, 0),
          kernel: (1, 1), filters: scale, bias: shift, activation: .identity))
    }
  }

  /// Other ranks: a product and a sum, broadcast.
  private func lowerPlain(
    _ node: Node, _ scale: [Float], _ shift: [Float], into lowering: inout Lowering
  ) throws(LoweringError) {
    let input = lowering.view(of: node.inputs[0])
    let output = lowering.allocate(node.outputs[0])
    let perChannel = [scale.count] + input.shape.dropFirst(2).map { _ in 1 }
    let factor = lowering.weights.append(Tensor(shape: perChannel, floats: scale))
    let addend = lowering.weights.append(Tensor(shape: perChannel, floats: shift))
    try lowering.binary(.multiply, input, factor, to: output)
    try lowering.binary(.add, output, addend, to: output)
  }
}
