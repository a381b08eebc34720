public import EspalierGraph

/// `y = condition ? a : b`, element by element, all three broadcast to one shape.
///
/// Source: ONNX `Where`, opsets 9 and 16.
public struct Where: LowerableOperator {
  public static let name = "Where"
  public static let onnxNames = ["Where"]

  public init() {}

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    var inputs: [ValueID] = []
    for index in 0..<3 { inputs.append(try node.requiredInput(index).value) }
    return try builder.add(Where(), inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name)
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 3 else { throw .inputCount(expected: "3", found: inputs.count) }
    guard inputs[0].element == .bool else {
      throw .element(input: 0, expected: "truth values", found: inputs[0])
    }
    guard inputs[1].element == inputs[2].element else {
      throw .element(input: 2, expected: inputs[1].element.rawValue, found: inputs[2])
    }
    guard let values = inputs[1].shape.broadcast(with: inputs[2].shape) else {
      throw .broadcast(inputs[1], inputs[2])
    }
    guard let shape = inputs[0].shape.broadcast(with: values) else {
      throw .broadcast(inputs[0], TensorType(inputs[1].element, values))
    }
    return [TensorType(inputs[1].element, shape)]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    guard let values = inputs[1].shape.broadcast(with: inputs[2].shape),
      let shape = inputs[0].shape.broadcast(with: values)
    else { throw .invalid("\(inputs.map(\.type)) do not broadcast") }
    let holds = inputs[0].shape.broadcastOffsets(to: shape).map { inputs[0].integers[$0] != 0 }
    let (a, b) = (
      inputs[1].gathered(inputs[1].shape.broadcastOffsets(to: shape), shape: shape),
      inputs[2].gathered(inputs[2].shape.broadcastOffsets(to: shape), shape: shape)
    )
    switch (a.storage, b.storage) {
    case (.floats(let x), .floats(let y)):
      let chosen = holds.indices.map { holds[$0] ? x[$0] : y[$0] }
      return [Tensor(shape: shape, element: a.type.element, floats: chosen)]
    default:
      let chosen = holds.indices.map { holds[$0] ? a.integers[$0] : b.integers[$0] }
      return [Tensor(shape: shape, element: a.type.element, integers: chosen)]
    }
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .coupled(inputs) }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "its two sources have scales of their own")
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let target = lowering.allocate(node.outputs[0])
    let sources = node.inputs.map { lowering.operand($0, meeting: target.shape) }
    try lowering.select(where: sources[0], sources[1], otherwise: sources[2], to: target)
  }
}
