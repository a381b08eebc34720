public import EspalierGraph

/// The slices that the rows of `indices` name by their positions along the axes behind `batchAxes`.
///
/// Indices known at import are part of the operator; others are input 1.
///
/// Source: ONNX `GatherND`, opset 13 (`batch_dims` from 12 on).
public struct GatherND: LowerableOperator {
  public static let name = "GatherND"
  public static let onnxNames = ["GatherND"]

  public var batchAxes: Int
  public var table: Gather.Table?

  public init(batchAxes: Int = 0, table: Gather.Table? = nil) {
    self.batchAxes = batchAxes
    self.table = table
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (data, indices) = (try node.requiredInput(0), try node.requiredInput(1))
    let table = indices.constant.map { Gather.Table(shape: $0.shape, indices: $0.asInts) }
    let op = GatherND(batchAxes: try node.int("batch_dims") ?? 0, table: table)
    let inputs = table == nil ? [data.value, indices.value] : [data.value]
    return try builder.add(op, inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let inputs = builder.inputs(inserting: table)
    builder.write(Self.name, inputs, attributes: ["batch_dims": .number(batchAxes)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let expected = table == nil ? 2 : 1
    guard inputs.count == expected else { throw .inputCount(expected: "\(expected)", found: inputs.count) }
    let (data, shape) = (inputs[0].shape, table?.shape ?? inputs[1].shape)
    guard batchAxes >= 0, let depth = shape.last, batchAxes < shape.count,
      batchAxes + depth <= data.count, shape.starts(with: data[..<batchAxes])
    else { throw .attribute("indices", problem: "of shape \(shape) do not fit \(inputs[0])") }
    if let table {
      guard table.indices.count == shape.elementCount,
        (try? BlockTable(blocksOf: data, batchAxes: batchAxes, indices: table.indices, shape: shape)) != nil
      else { throw .attribute("indices", problem: "point outside of \(inputs[0])") }
    }
    return [TensorType(inputs[0].element, shape.dropLast() + data[(batchAxes + depth)...])]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let (data, shape) = (inputs[0].shape, table?.shape ?? inputs[1].shape)
    let blocks = try BlockTable(
      blocksOf: data, batchAxes: batchAxes, indices: table?.indices ?? inputs[1].asInts, shape: shape)
    let offsets = blocks.blocks.flatMap { $0 * blocks.length..<($0 + 1) * blocks.length }
    return [
      inputs[0].gathered(
        offsets, shape: shape.dropLast() + data[(batchAxes + (shape.last ?? 0))...])
    ]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "GatherND picks single slices")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    guard let table,
      let blocks = try? BlockTable(
        blocksOf: source.shape, batchAxes: batchAxes, indices: table.indices, shape: table.shape)
    else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its indices are computed from the frame")
    }
    let output = lowering.allocate(node.outputs[0])
    let rows = try lowering.rows(of: source, length: blocks.length)
    try lowering.gatherBlocks(blocks, from: rows, to: output)
  }
}
