public import EspalierGraph

/// `y[i, j, …] = x[i, index[i, j, …], …]`: along `axis` the index stands for the position.
///
/// Indices known at import are part of the operator; others are input 1.
///
/// Source: ONNX `GatherElements`, opset 13.
public struct GatherElements: LowerableOperator {
  public static let name = "GatherElements"
  public static let onnxNames = ["GatherElements"]

  /// Counted from the front.
  public var axis: Int
  public var table: Gather.Table?

  public init(axis: Int, table: Gather.Table? = nil) {
    self.axis = axis
    self.table = table
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (data, indices) = (try node.requiredInput(0), try node.requiredInput(1))
    let axis = try node.resolvedAxis(try node.int("axis") ?? 0, rank: data.type.rank)
    let table = indices.constant.map { Gather.Table(shape: $0.shape, indices: $0.asInts) }
    let inputs = table == nil ? [data.value, indices.value] : [data.value]
    return try builder.add(
      GatherElements(axis: axis, table: table), inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let inputs = builder.inputs(inserting: table)
    builder.write(Self.name, inputs, attributes: ["axis": .number(axis)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let expected = table == nil ? 2 : 1
    guard inputs.count == expected else { throw .inputCount(expected: "\(expected)", found: inputs.count) }
    let shape = table?.shape ?? inputs[1].shape
    guard inputs[0].shape.indices.contains(axis), shape.count == inputs[0].rank,
      shape.indices.allSatisfy({ $0 == axis || shape[$0] <= inputs[0].shape[$0] })
    else { throw .attribute("indices", problem: "of shape \(shape) do not fit \(inputs[0])") }
    if let table {
      let extent = inputs[0].shape[axis]
      guard table.indices.count == shape.elementCount,
        table.indices.allSatisfy({ $0 >= -extent && $0 < extent })
      else { throw .attribute("indices", problem: "must lie in \(-extent)..<\(extent)") }
    }
    return [TensorType(inputs[0].element, shape)]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let shape = table?.shape ?? inputs[1].shape
    let blocks = try BlockTable(
      elementsOf: inputs[0].shape, axis: axis, indices: table?.indices ?? inputs[1].asInts, shape: shape)
    return [inputs[0].gathered(blocks.blocks, shape: shape)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "GatherElements picks single elements")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  /// One call that copies. Of indices that come from the frame those outside give 0.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    guard let table else {
      var strides = source.strides
      strides[axis] = 0
      let indices = lowering.view(of: node.inputs[1])
      return try lowering.take(node, axis: axis, strides: strides, indexStrides: indices.strides)
    }
    guard
      let blocks = try? BlockTable(
        elementsOf: source.shape, axis: axis, indices: table.indices, shape: table.shape)
    else { preconditionFailure("inferOutputs accepts tables inside the axis alone") }
    let output = lowering.allocate(node.outputs[0])
    try lowering.gatherBlocks(blocks, from: try lowering.rows(of: source, length: 1), to: output)
  }
}
