public import EspalierGraph

/// Axis `i` of the output is axis `permutation[i]` of the input.
///
/// Source: ONNX `Transpose`, opset 25; without `perm` the axes are reversed.
public struct Transpose: RearrangingOperator, MovingOperator {
  public static let name = "Transpose"
  public static let onnxNames = ["Transpose"]

  public var permutation: [Int]

  public init(permutation: [Int]) { self.permutation = permutation }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0)
    let permutation = try node.ints("perm") ?? (0..<data.type.rank).reversed()
    return try builder.add(
      Transpose(permutation: permutation), [data.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, attributes: ["perm": .list(permutation)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard permutation.sorted() == Array(inputs[0].shape.indices) else {
      throw .attribute("perm", problem: "must be a permutation of \(inputs[0].rank) axes: \(permutation)")
    }
    return [TensorType(inputs[0].element, permutation.map { inputs[0].shape[$0] })]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let (shape, strides) = (inputs[0].shape, inputs[0].shape.rowMajorStrides)
    return [inputs[0].walked(shape: permutation.map { shape[$0] }, strides: permutation.map { strides[$0] })]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    permutation.starts(with: [0, 1])
      ? .passThrough : .barrier(reason: "Transpose moves the channel axis")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func input(seenAs output: View, shape: Shape) -> View? {
    output.transposed(permutation.indices.map { axis in permutation.firstIndex(of: axis) ?? axis })
  }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    lowering.define(node.outputs[0], as: lowering.stored(node.inputs[0]).transposed(permutation))
  }
}
