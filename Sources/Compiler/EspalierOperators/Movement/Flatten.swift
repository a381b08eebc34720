public import EspalierGraph

/// Two axes: everything before `axis` and everything from it on.
///
/// Source: ONNX `Flatten`, opset 25; negative axes from 11 on.
public struct Flatten: RearrangingOperator, MovingOperator {
  public static let name = "Flatten"
  public static let onnxNames = ["Flatten"]

  /// In −rank...rank.
  public var axis: Int

  public init(axis: Int = 1) { self.axis = axis }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let op = Flatten(axis: try node.int("axis") ?? 1)
    return try builder.add(op, [try node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, attributes: ["axis": .number(axis)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    let (shape, rank) = (inputs[0].shape, inputs[0].rank)
    guard axis >= -rank, axis <= rank else {
      throw .attribute("axis", problem: "must lie in \(-rank)...\(rank), but is \(axis)")
    }
    let cut = axis < 0 ? axis + rank : axis
    return [
      TensorType(inputs[0].element, [shape[..<cut].reduce(1, *), shape[cut...].reduce(1, *)])
    ]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    try reshapedOutput(inputs)
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { reshapingChannelRule(inputs) }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func input(seenAs output: View, shape: Shape) -> View? { output.reshaped(to: shape) }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    try lowering.reshape(node)
  }
}
