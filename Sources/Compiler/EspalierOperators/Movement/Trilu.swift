public import EspalierGraph

/// The upper or the lower triangle of every matrix (the last two axes), zeros elsewhere.
///
/// Source: ONNX `Trilu`, opset 14.
public struct Trilu: LowerableOperator {
  public static let name = "Trilu"
  public static let onnxNames = ["Trilu"]

  public var keepsUpper: Bool
  /// The last diagonal that is kept: 0 the main one, positive ones above it.
  public var diagonal: Int

  public init(keepsUpper: Bool, diagonal: Int = 0) {
    self.keepsUpper = keepsUpper
    self.diagonal = diagonal
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let diagonal = try node.constantInput(1)?.asInts.first ?? 0
    let op = Trilu(keepsUpper: try node.int("upper") != 0, diagonal: diagonal)
    return try builder.add(op, [try node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let last = builder.constant(Tensor(shape: [], integers: [Int64(diagonal)]), "k")
    builder.write(Self.name, builder.inputs() + [last], attributes: ["upper": .flag(keepsUpper)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].rank >= 2 else { throw .rank(input: 0, expected: "2 or more", found: inputs[0]) }
    return [inputs[0]]
  }

  private func keeps(row: Int, column: Int) -> Bool {
    let distance = column - row
    return keepsUpper ? distance >= diagonal : distance <= diagonal
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let shape = inputs[0].shape
    var offsets: [Int?] = []
    forEachIndex(of: shape) { index, position in
      let (row, column) = (index[shape.count - 2], index[shape.count - 1])
      offsets.append(keeps(row: row, column: column) ? position : nil)
    }
    return [inputs[0].gathered(offsets, shape: shape)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    inputs[0].rank >= 4 ? .passThrough : .barrier(reason: "Trilu treats channels as rows or columns")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  /// Chooses between the input and 0 by a mask among the weights.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    let output = lowering.allocate(node.outputs[0])
    let (rows, columns) = (source.shape[source.rank - 2], source.shape[source.rank - 1])
    let mask = (0..<rows * columns).map { position -> Float in
      keeps(row: position / columns, column: position % columns) ? 1 : 0
    }
    let flags = lowering.weights.append(floats: mask).splitting(axis: 0, into: [rows, columns])
    try lowering.select(where: flags, source, otherwise: lowering.scalar(0), to: output)
  }
}
