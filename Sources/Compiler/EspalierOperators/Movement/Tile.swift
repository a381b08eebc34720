public import EspalierGraph

/// The whole tensor `repeats[axis]` times one after another along every axis.
///
/// Source: ONNX `Tile`, opset 13.
public struct Tile: ViewingOperator {
  public static let name = "Tile"
  public static let onnxNames = ["Tile"]

  public var repeats: [Int]

  public init(repeats: [Int]) { self.repeats = repeats }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let repeats = try node.requiredConstant(1).asInts
    let data = try node.requiredInput(0).value
    return try builder.add(Tile(repeats: repeats), [data], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, builder.inputs() + [builder.constant(repeats, "repeats")])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    let shape = inputs[0].shape
    guard repeats.count == shape.count, repeats.allSatisfy({ $0 >= 0 && $0 <= GraphBuilder.elementLimit })
    else { throw .attribute("repeats", problem: "must be a count for each axis of \(inputs[0]): \(repeats)") }
    guard checkedElementCount(shape + repeats) != nil else {
      throw .attribute("repeats", problem: "make too many elements: \(repeats)")
    }
    return [TensorType(inputs[0].element, zip(shape, repeats).map { $0 * $1 })]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    var result = inputs[0]
    for (axis, count) in repeats.enumerated() where count != 1 {
      let table = (0..<count).flatMap { _ in Array(0..<inputs[0].shape[axis]) }
      result = result.gathered(axis: axis, table: table)
    }
    return [result]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    repeats.count > 1 && repeats[1] == 1 ? .passThrough : .barrier(reason: "Tile repeats channels")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  /// A window where only axes of extent 1 repeat; otherwise one copy with the repeats as axes of stride 0.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    let shape = lowering.graph.type(of: node.outputs[0]).shape
    if zip(source.shape, repeats).allSatisfy({ $0 == 1 || $1 == 1 }) {
      return lowering.define(node.outputs[0], as: source.broadcast(to: shape))
    }
    let output = lowering.allocate(node.outputs[0])
    guard !shape.contains(0) else { return }
    var repeated = View(source.buffer, base: source.base, shape: [], strides: [])
    var target = View(output.buffer, base: output.base, shape: [], strides: [])
    for (axis, count) in repeats.enumerated() {
      let extents = [count, source.shape[axis]]
      repeated.shape += extents
      repeated.strides += [0, source.strides[axis]]
      target.shape += extents
      target.strides += [source.shape[axis] * output.strides[axis], output.strides[axis]]
    }
    try lowering.copy(from: repeated, to: target)
  }
}
