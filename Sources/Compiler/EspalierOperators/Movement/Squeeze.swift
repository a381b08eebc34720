public import EspalierGraph

/// Removes axes of extent 1.
///
/// Source: ONNX `Squeeze`, opset 25; the axes are an attribute until 12 and an input from 13 on.
public struct Squeeze: RearrangingOperator, MovingOperator {
  public static let name = "Squeeze"
  public static let onnxNames = ["Squeeze"]

  /// Nil removes every axis of extent 1.
  public var axes: [Int]?

  public init(axes: [Int]? = nil) { self.axes = axes }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let op = Squeeze(axes: try node.ints("axes", orInput: 1))
    return try builder.add(op, [try node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, builder.inputs() + (axes.map { [builder.constant($0, "axes")] } ?? []))
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    let shape = inputs[0].shape
    var removed = Set<Int>()
    for axis in axes ?? shape.indices.filter({ shape[$0] == 1 }) {
      let axis = try shape.checkedAxis(axis, attribute: "axes")
      guard shape[axis] == 1 else { throw .extent(input: 0, axis: axis, expected: 1, found: inputs[0]) }
      removed.insert(axis)
    }
    return [
      TensorType(inputs[0].element, shape.indices.filter { !removed.contains($0) }.map { shape[$0] })
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
