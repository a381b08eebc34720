public import EspalierGraph

/// `y = x`: the output is another name of the input.
///
/// Source: ONNX `Identity`, opset 1, of tensors.
public struct Identity: RearrangingOperator, MovingOperator {
  public static let name = "Identity"
  public static let onnxNames = ["Identity"]

  public init() {}

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    try builder.add(Identity(), [node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name)
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    return inputs
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] { inputs }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func input(seenAs output: View, shape: Shape) -> View? { output }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    lowering.define(node.outputs[0], as: lowering.stored(node.inputs[0]))
  }
}
