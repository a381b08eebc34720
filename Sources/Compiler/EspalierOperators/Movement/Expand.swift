public import EspalierGraph

/// Repeats axes of extent 1 until the tensor has the broadcast of its own and the given shape.
///
/// Source: ONNX `Expand`, opset 13.
public struct Expand: ViewingOperator {
  public static let name = "Expand"
  public static let onnxNames = ["Expand"]

  public var shape: Shape

  public init(shape: Shape) { self.shape = shape }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0)
    let shape = try node.requiredConstant(1).asInts
    if data.type.shape.broadcast(with: shape) == data.type.shape { return [data.value] }
    return try builder.add(Expand(shape: shape), [data.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, builder.inputs() + [builder.constant(shape, "shape")])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard let target = inputs[0].shape.broadcast(with: shape) else {
      throw .broadcast(inputs[0], TensorType(inputs[0].element, shape))
    }
    return [TensorType(inputs[0].element, target)]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    guard let target = inputs[0].shape.broadcast(with: shape) else {
      throw .invalid("\(inputs[0].type) does not broadcast to \(shape)")
    }
    return [inputs[0].walked(shape: target, strides: inputs[0].shape.strides(broadcastTo: target))]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    guard let target = inputs[0].shape.broadcast(with: shape), target.count == inputs[0].rank,
      target.count >= 2, target[1] == inputs[0].shape[1]
    else { return .barrier(reason: "Expand makes channels") }
    return .passThrough
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let target = lowering.graph.type(of: node.outputs[0]).shape
    lowering.define(node.outputs[0], as: lowering.view(of: node.inputs[0]).broadcast(to: target))
  }
}
