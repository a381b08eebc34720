public import EspalierGraph

/// `y = normalized(x) · scale + bias`, normalized over all axes from `axis` on.
///
/// Inputs: `x`; `scale` and, where `hasBias`, `bias`, which broadcast to `x`. Outputs: `y` and, as many as
/// `outputCount` says, the mean and `1 / √(variance + ε)` of every group.
///
/// Statistics are computed in float32 or better, whatever `stash_type` asks.
///
/// Source: ONNX `LayerNormalization`, opset 17, and `RMSNormalization`, opset 23 (without the mean).
public struct LayerNormalization: LowerableOperator {
  public static let name = "LayerNormalization"
  public static let onnxNames = ["LayerNormalization", "RMSNormalization"]

  /// The first normalized axis; not negative.
  public var axis: Int
  public var epsilon: Float
  /// Whether the mean is taken off first; RMSNormalization leaves it.
  public var centers: Bool
  public var hasBias: Bool
  /// 1 to 3.
  public var outputCount: Int

  public init(
    axis: Int, epsilon: Float = 1e-5, centers: Bool = true, hasBias: Bool = false, outputCount: Int = 1
  ) {
    self.axis = axis
    self.epsilon = epsilon
    self.centers = centers
    self.hasBias = hasBias
    self.outputCount = outputCount
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    let given = try node.int("axis") ?? -1
    guard let axis = input.type.shape.axis(given) else {
      throw node.invalid("axis", "is \(given), but the input is \(input.type)")
    }
    let centers = node.type == "LayerNormalization"
    let wanted = (0..<3).last { node.isRead(output: $0) } ?? 0
    let operation = LayerNormalization(
      axis: axis, epsilon: try node.float("epsilon") ?? 1e-5, centers: centers,
      hasBias: centers && node.input(2) != nil, outputCount: centers ? wanted + 1 : 1)
    let inputs = [input.value, try node.requiredInput(1).value]
    let bias = operation.hasBias ? node.input(2).map { [$0.value] } ?? [] : []
    return try builder.add(operation, inputs + bias, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    if centers {
      return builder.write(
        Self.name, attributes: ["axis": .number(axis), "epsilon": .float(epsilon)])
    }
    let inputs = builder.inputs()
    let axes = AttributeValue.list(Array(axis..<builder.inputTypes[0].rank))
    let squares = builder.step("Mul", [inputs[0], inputs[0]])
    let mean = builder.step("ReduceMean", [squares], attributes: ["axes": axes])
    let shifted = builder.step("Add", [mean, builder.scalar(epsilon, "epsilon")])
    let normalized = builder.step("Div", [inputs[0], builder.step("Sqrt", [shifted])])
    builder.write("Mul", [normalized, inputs[1]])
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == (hasBias ? 3 : 2) else {
      throw .inputCount(expected: hasBias ? "3" : "2", found: inputs.count)
    }
    let x = inputs[0]
    guard x.element.isFloating else { throw .element(input: 0, expected: "floats", found: x) }
    guard x.shape.indices.contains(axis) else {
      throw .rank(input: 0, expected: "above \(axis)", found: x)
    }
    for other in inputs.dropFirst() where other.shape.broadcast(with: x.shape) != x.shape {
      throw .broadcast(other, x)
    }
    guard (1...3).contains(outputCount) else {
      throw .attribute("outputCount", problem: "must be 1 to 3, but is \(outputCount)")
    }
    let statistics = TensorType(.float32, x.shape.indices.map { $0 < axis ? x.shape[$0] : 1 })
    return [x] + (1..<outputCount).map { _ in statistics }
  }

  private func groups(_ rank: Int) -> NormalizedGroups {
    NormalizedGroups(
      kind: centers ? .meanVariance : .rms, kept: [Int](0..<axis), reduced: [Int](axis..<rank),
      epsilon: epsilon)
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let shape = inputs[0].shape
    let (normalized, statistics) = groups(shape.count).normalize(inputs[0])
    let parameters = inputs.dropFirst().map { ($0.floats, $0.shape.strides(broadcastTo: shape)) }
    var result: [Float] = []
    result.reserveCapacity(normalized.count)
    forEachIndex(of: shape) { index, position in
      let factors = parameters.map { values, strides in
        Double(values[zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }])
      }
      result.append(Float(normalized[position] * factors[0] + (hasBias ? factors[1] : 0)))
    }
    let kept = shape.indices.map { $0 < axis ? shape[$0] : 1 }
    let outputs = [
      Tensor(shape: shape, element: inputs[0].type.element, floats: result),
      Tensor(shape: kept, floats: statistics.map { Float($0.shift) }),
      Tensor(shape: kept, floats: statistics.map { Float($0.factor) }),
    ]
    return Array(outputs[..<outputCount])
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    guard axis > 1 else { return .barrier(reason: "it normalizes over the channels") }
    guard inputs.dropFirst().allSatisfy({ $0.rank <= inputs[0].rank - axis }) else {
      return .barrier(reason: "its parameters differ from channel to channel")
    }
    return .coupled(axes: [1] + inputs.dropFirst().map { _ in nil })
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "its statistics need more than 8 bits")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    let target = lowering.allocate(node.outputs[0])
    let scale = lowering.view(of: node.inputs[1]).broadcast(to: source.shape)
    let bias = hasBias ? lowering.view(of: node.inputs[2]).broadcast(to: source.shape) : nil
    try lowering.normalize(groups(source.rank), source, scale: scale, bias: bias, to: target)
    if outputCount > 1 { try lowerStatistics(node, source, into: &lowering) }
  }

  /// The mean, and from the squares of what differs from it the standard deviation's reciprocal.
  private func lowerStatistics(
    _ node: Node, _ source: View, into lowering: inout Lowering
  ) throws(LoweringError) {
    let axes = [Int](axis..<source.rank)
    let mean = lowering.allocate(node.outputs[1])
    try lowering.reduce(.mean, source, axes: axes, to: mean)
    guard outputCount > 2 else { return }
    let deviation = lowering.newBuffer(shape: source.shape)
    let factor = lowering.allocate(node.outputs[2])
    try lowering.binary(.subtract, source, mean, to: deviation)
    try lowering.binary(.multiply, deviation, deviation, to: deviation)
    try lowering.reduce(.mean, deviation, axes: axes, to: factor)
    try lowering.unary(ElementFunction(.affine, alpha: 1, beta: epsilon), from: factor, to: factor)
    try lowering.unary(ElementFunction(.sqrt), from: factor, to: factor)
    try lowering.unary(ElementFunction(.reciprocal), from: factor, to: factor)
  }
}
