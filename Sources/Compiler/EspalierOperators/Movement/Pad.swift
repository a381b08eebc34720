public import EspalierGraph

/// Adds elements before and behind the axes; negative pads remove them.
///
/// Source: ONNX `Pad`, opset 25 (`wrap` from 19, `axes` from 18 on); pads are an attribute until 10. As in
/// ONNX Runtime, the tensor is cut first and then padded.
public struct Pad: LowerableOperator {
  public static let name = "Pad"
  public static let onnxNames = ["Pad"]

  public enum Mode: String, Sendable, Codable {
    /// A given value.
    case constant
    /// Mirrored, the edge itself not repeated.
    case reflect
    /// The edge repeated.
    case edge
    /// From the other end.
    case wrap
  }

  public var mode: Mode
  public var value: Float
  /// Elements added before every axis of the input; negative: removed.
  public var before: [Int]
  /// Elements added behind every axis of the input; negative: removed.
  public var after: [Int]

  public init(mode: Mode = .constant, value: Float = 0, before: [Int], after: [Int]) {
    self.mode = mode
    self.value = value
    self.before = before
    self.after = after
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0)
    let rank = data.type.rank
    let name = try node.string("mode") ?? "constant"
    guard let mode = Mode(rawValue: name) else { throw node.invalid("mode", "'\(name)' is not known") }
    guard let pads = try node.ints("pads", orInput: 1) else {
      throw .missingInput(1, node: node.name, type: node.type)
    }
    let axes = try node.constantInput(3)?.asInts ?? Array(0..<rank)
    guard pads.count == 2 * axes.count else {
      throw node.invalid("pads", "must have two entries for each of the \(axes.count) axes: \(pads)")
    }
    var (before, after) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
    for (index, axis) in axes.enumerated() {
      let axis = try node.resolvedAxis(axis, rank: rank, attribute: "axes")
      before[axis] = pads[index]
      after[axis] = pads[index + axes.count]
    }
    let attribute = try node.float("value")
    let input = try node.constantInput(2)?.asFloats.first
    let op = Pad(mode: mode, value: attribute ?? input ?? 0, before: before, after: after)
    return try builder.add(op, [data.value], outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    guard mode != .wrap else { throw builder.noForm("mode 'wrap' came with opset 19") }
    var inputs = builder.inputs() + [builder.constant(before + after, "pads")]
    if mode == .constant { inputs.append(builder.scalar(value, "value")) }
    builder.write(Self.name, inputs, attributes: ["mode": .string(mode.rawValue)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    let shape = inputs[0].shape
    let bound = -GraphBuilder.elementLimit...GraphBuilder.elementLimit
    guard before.count == shape.count, after.count == shape.count,
      (before + after).allSatisfy(bound.contains)
    else { throw .attribute("pads", problem: "do not fit \(inputs[0]): \(before), \(after)") }
    var result: Shape = []
    for (axis, extent) in shape.enumerated() {
      let kept = extent + min(before[axis], 0) + min(after[axis], 0)
      let added = max(before[axis], 0) + max(after[axis], 0)
      guard kept >= 0, kept > 0 || added == 0 || mode == .constant else {
        throw .attribute("pads", problem: "leave nothing of axis \(axis) of \(inputs[0])")
      }
      result.append(kept + added)
    }
    return [TensorType(inputs[0].element, result)]
  }

  /// For every position of the padded axis the input's index, or nil where the value stands.
  func table(axis: Int, extent: Int) -> [Int?] {
    let first = -min(before[axis], 0)
    let kept = extent - first + min(after[axis], 0)
    return (-max(before[axis], 0)..<kept + max(after[axis], 0)).map { place in
      source(of: place, kept).map { $0 + first }
    }
  }

  private func source(of place: Int, _ extent: Int) -> Int? {
    if place >= 0, place < extent { return place }
    switch mode {
    case .constant: return nil
    case .edge: return place < 0 ? 0 : extent - 1
    case .wrap: return (place % extent + extent) % extent
    case .reflect:
      guard extent > 1 else { return 0 }
      let period = 2 * (extent - 1)
      let phase = (place % period + period) % period
      return min(phase, period - phase)
    }
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let shape = inputs[0].shape
    let tables = shape.indices.map { table(axis: $0, extent: shape[$0]) }
    let strides = shape.rowMajorStrides
    var offsets: [Int?] = [0]
    for (table, stride) in zip(tables, strides) {
      offsets = offsets.flatMap { offset in
        table.map { index in index.flatMap { index in offset.map { $0 + index * stride } } }
      }
    }
    return [inputs[0].gathered(offsets, shape: tables.map(\.count), fill: Double(value))]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    guard inputs[0].rank > 1 else { return .barrier(reason: "its output has no channel axis") }
    if before[1] == 0, after[1] == 0 { return .passThrough }
    guard mode == .constant, before[1] >= 0, after[1] >= 0 else {
      return .barrier(reason: "Pad repeats or removes channels")
    }
    return .padded(before: before[1], after: after[1])
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }
}
