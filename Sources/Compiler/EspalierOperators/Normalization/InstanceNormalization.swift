public import EspalierGraph

/// `y = normalized(x) · scale + bias`, every channel of every image normalized over its spatial axes.
///
/// Inputs: `x` `[N, C, spatial…]`, `scale` and `bias`, each `[C]`.
///
/// Source: ONNX `InstanceNormalization`, opset 6.
public struct InstanceNormalization: LowerableOperator {
  public static let name = "InstanceNormalization"
  public static let onnxNames = ["InstanceNormalization"]

  public var epsilon: Float

  public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let operation = InstanceNormalization(epsilon: try node.float("epsilon") ?? 1e-5)
    let inputs = try (0..<3).map { index throws(ImportError) in try node.requiredInput(index).value }
    return try builder.add(operation, inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, attributes: ["epsilon": .float(epsilon)])
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard let x = inputs.first else { throw .inputCount(expected: "3", found: 0) }
    guard x.rank >= 3 else { throw .rank(input: 0, expected: "at least 3", found: x) }
    return try asGroups(x.shape).inferOutputs(inputs)
  }

  /// The same with every channel as a group of its own.
  private func asGroups(_ shape: Shape) -> GroupNormalization {
    GroupNormalization(groups: max(1, shape[1]), epsilon: epsilon)
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] { asGroups(inputs[0].shape).evaluate(inputs) }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "its statistics need more than 8 bits")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    try asGroups(lowering.graph.type(of: node.inputs[0]).shape).lower(node, into: &lowering)
  }
}
