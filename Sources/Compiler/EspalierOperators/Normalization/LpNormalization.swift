public import EspalierGraph

/// Every vector along an axis divided by its 1-norm or 2-norm; vectors of zeros stay zeros.
///
/// Source: ONNX `LpNormalization`, opset 22.
public struct LpNormalization: LowerableOperator {
  public static let name = "LpNormalization"
  public static let onnxNames = ["LpNormalization"]

  /// Not negative.
  public var axis: Int
  /// 1 or 2.
  public var p: Int

  public init(axis: Int, p: Int = 2) {
    self.axis = axis
    self.p = p
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
    let operation = LpNormalization(axis: axis, p: try node.int("p") ?? 2)
    return try builder.add(operation, [input.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, attributes: ["axis": .number(axis), "p": .number(p)])
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].element.isFloating else {
      throw .element(input: 0, expected: "floats", found: inputs[0])
    }
    guard inputs[0].shape.indices.contains(axis) else {
      throw .rank(input: 0, expected: "above \(axis)", found: inputs[0])
    }
    guard p == 1 || p == 2 else { throw .attribute("p", problem: "must be 1 or 2, but is \(p)") }
    return inputs
  }

  private func groups(_ rank: Int) -> NormalizedGroups {
    NormalizedGroups(
      kind: p == 1 ? .l1 : .l2, kept: (0..<rank).filter { $0 != axis }, reduced: [axis], epsilon: 0)
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let elements = groups(inputs[0].shape.count).normalize(inputs[0]).elements
    return [
      Tensor(shape: inputs[0].shape, element: inputs[0].type.element, floats: elements.map { Float($0) })
    ]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    axis == 1 ? .barrier(reason: "it normalizes over the channels") : .passThrough
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "its statistics need more than 8 bits")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    try lowering.normalize(
      groups(source.rank), source, scale: nil, bias: nil, to: lowering.allocate(node.outputs[0]))
  }
}
