public import EspalierGraph

/// Inserts axes of extent 1.
///
/// Source: ONNX `Unsqueeze`, opset 25; the axes are an attribute until 12 and an input from 13 on.
public struct Unsqueeze: RearrangingOperator, MovingOperator {
  public static let name = "Unsqueeze"
  public static let onnxNames = ["Unsqueeze"]

  /// Positions in the output, in any order; negative ones count from its end.
  public var axes: [Int]

  public init(axes: [Int]) { self.axes = axes }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    guard let axes = try node.ints("axes", orInput: 1) else {
      throw .missingInput(1, node: node.name, type: node.type)
    }
    let data = try node.requiredInput(0).value
    return try builder.add(Unsqueeze(axes: axes), [data], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, builder.inputs() + [builder.constant(axes, "axes")])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    let rank = inputs[0].rank + axes.count
    var inserted = Set<Int>()
    for axis in axes {
      guard axis >= -rank, axis < rank, inserted.insert(axis < 0 ? axis + rank : axis).inserted else {
        throw .attribute("axes", problem: "must be different axes in \(-rank)..<\(rank), but are \(axes)")
      }
    }
    var left = inputs[0].shape[...]
    let shape = (0..<rank).map { inserted.contains($0) ? 1 : left.removeFirst() }
    return [TensorType(inputs[0].element, shape)]
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
