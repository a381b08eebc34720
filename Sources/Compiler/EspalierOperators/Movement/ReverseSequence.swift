public import EspalierGraph

/// Turns round the first `lengths[b]` time steps of every sequence b.
///
/// Lengths known at import are part of the operator; others are input 1.
///
/// Source: ONNX `ReverseSequence`, opset 10.
public struct ReverseSequence: LowerableOperator {
  public static let name = "ReverseSequence"
  public static let onnxNames = ["ReverseSequence"]

  /// 0 or 1, and not the batch axis.
  public var timeAxis: Int
  public var batchAxis: Int
  public var lengths: [Int]?

  public init(timeAxis: Int, batchAxis: Int, lengths: [Int]? = nil) {
    self.timeAxis = timeAxis
    self.batchAxis = batchAxis
    self.lengths = lengths
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (data, lengths) = (try node.requiredInput(0), try node.requiredInput(1))
    let op = ReverseSequence(
      timeAxis: try node.int("time_axis") ?? 0, batchAxis: try node.int("batch_axis") ?? 1,
      lengths: lengths.constant?.asInts)
    let inputs = op.lengths == nil ? [data.value, lengths.value] : [data.value]
    return try builder.add(op, inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let known = lengths.map { [builder.constant($0, "lengths")] } ?? []
    builder.write(
      Self.name, builder.inputs() + known,
      attributes: ["time_axis": .number(timeAxis), "batch_axis": .number(batchAxis)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let expected = lengths == nil ? 2 : 1
    guard inputs.count == expected else { throw .inputCount(expected: "\(expected)", found: inputs.count) }
    guard inputs[0].rank >= 2 else { throw .rank(input: 0, expected: "2 or more", found: inputs[0]) }
    guard Set([timeAxis, batchAxis]) == [0, 1] else {
      throw .attribute("time_axis", problem: "and batch_axis must be 0 and 1, in either order")
    }
    let batch = inputs[0].shape[batchAxis]
    guard (lengths.map { [$0.count] } ?? inputs[1].shape) == [batch] else {
      throw .attribute("sequence_lens", problem: "must hold one length for each of \(batch) sequences")
    }
    return [inputs[0]]
  }

  /// For every sequence the time step that each time step takes.
  private func tables(_ lengths: [Int], steps: Int) throws(EvaluationError) -> [[Int]] {
    var tables: [[Int]] = []
    for length in lengths {
      guard length >= 0, length <= steps else { throw .indexOutOfRange(length, limit: steps + 1) }
      tables.append((0..<length).reversed() + Array(length..<steps))
    }
    return tables
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let shape = inputs[0].shape
    let tables = try tables(lengths ?? inputs[1].asInts, steps: shape[timeAxis])
    let strides = shape.rowMajorStrides
    var offsets: [Int?] = []
    forEachIndex(of: shape) { index, position in
      let step = tables[index[batchAxis]][index[timeAxis]]
      offsets.append(position + (step - index[timeAxis]) * strides[timeAxis])
    }
    return [inputs[0].gathered(offsets, shape: shape)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "ReverseSequence treats channels as time or sequences")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  /// Two copies for every sequence: the part that is turned round and the rest.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    guard let lengths else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its lengths are computed from the frame")
    }
    let source = lowering.view(of: node.inputs[0])
    let output = lowering.allocate(node.outputs[0])
    let steps = source.shape[timeAxis]
    for (sequence, length) in lengths.enumerated() {
      guard length >= 0, length <= steps else {
        throw .noKernel(node: node.name, type: Self.name, reason: "length \(length) exceeds \(steps) steps")
      }
      let from = source.sliced(axis: batchAxis, start: sequence, count: 1)
      let to = output.sliced(axis: batchAxis, start: sequence, count: 1)
      try lowering.copy(
        from: from.sliced(axis: timeAxis, start: max(0, length - 1), count: length, step: -1),
        to: to.sliced(axis: timeAxis, start: 0, count: length))
      try lowering.copy(
        from: from.sliced(axis: timeAxis, start: length, count: steps - length),
        to: to.sliced(axis: timeAxis, start: length, count: steps - length))
    }
  }
}
