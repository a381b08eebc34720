public import EspalierGraph

/// Every `step`-th index of some axes, from `start` up to but not including `end`.
///
/// Source: ONNX `Slice`, opset 13; attributes until 9, inputs (with steps) from 10 on.
public struct Slice: ViewingOperator, MovingOperator {
  public static let name = "Slice"
  public static let onnxNames = ["Slice"]

  /// The range of one axis as ONNX gives it: negative values count from the end, those out of range are
  /// moved to the nearest bound.
  public struct AxisRange: Sendable, Codable, Equatable {
    public var axis: Int
    public var start: Int
    public var end: Int
    public var step: Int

    public init(axis: Int, start: Int, end: Int, step: Int = 1) {
      self.axis = axis
      self.start = start
      self.end = end
      self.step = step
    }

    /// First index, number of indices and distance between them along an axis of `extent`.
    ///
    /// - Precondition: `step` is not 0.
    public func resolved(extent: Int) -> (start: Int, count: Int, step: Int) {
      guard extent > 0 else { return (0, 0, 1) }
      let first = start < 0 ? start + extent : start
      let last = end < 0 ? end + extent : end
      let bound = step > 0 ? 0...extent : -1...(extent - 1)
      let from = min(max(first, max(bound.lowerBound, 0)), bound.upperBound)
      let to = min(max(last, bound.lowerBound), bound.upperBound)
      let distance = step > 0 ? to - from : from - to
      guard distance > 0 else { return (0, 0, 1) }
      let count = (distance - 1) / Int(clamping: step.magnitude) + 1
      return (from, count, count == 1 ? 1 : step)
    }
  }

  public var ranges: [AxisRange]

  public init(_ ranges: [AxisRange]) { self.ranges = ranges }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0)
    guard let starts = try node.ints("starts", orInput: 1) else {
      throw .missingInput(1, node: node.name, type: node.type)
    }
    guard let ends = try node.ints("ends", orInput: 2) else {
      throw .missingInput(2, node: node.name, type: node.type)
    }
    let axes = try node.ints("axes", orInput: 3) ?? Array(starts.indices)
    let steps = try node.constantInput(4)?.asInts ?? starts.map { _ in 1 }
    guard starts.count == ends.count, starts.count == axes.count, starts.count == steps.count else {
      throw node.invalid("axes", "must have as many entries as starts, ends and steps: \(axes)")
    }
    let ranges = starts.indices.map {
      AxisRange(axis: axes[$0], start: starts[$0], end: ends[$0], step: steps[$0])
    }
    return try builder.add(Slice(ranges), [data.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let inputs =
      builder.inputs() + [
        builder.constant(ranges.map(\.start), "starts"), builder.constant(ranges.map(\.end), "ends"),
        builder.constant(ranges.map(\.axis), "axes"), builder.constant(ranges.map(\.step), "steps"),
      ]
    builder.write(Self.name, inputs)
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    var shape = inputs[0].shape
    var seen = Set<Int>()
    for range in ranges {
      let axis = try shape.checkedAxis(range.axis, attribute: "axes")
      guard seen.insert(axis).inserted else {
        throw .attribute("axes", problem: "name axis \(axis) twice")
      }
      guard range.step != 0 else { throw .attribute("steps", problem: "must not be 0") }
      shape[axis] = range.resolved(extent: inputs[0].shape[axis]).count
    }
    return [TensorType(inputs[0].element, shape)]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    var (shape, strides, base) = (inputs[0].shape, inputs[0].shape.rowMajorStrides, 0)
    for range in ranges {
      let axis = range.axis < 0 ? range.axis + shape.count : range.axis
      let (start, count, step) = range.resolved(extent: shape[axis])
      base += start * strides[axis]
      shape[axis] = count
      strides[axis] *= step
    }
    return [inputs[0].walked(base: base, shape: shape, strides: strides)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    let (shape, rank) = (inputs[0].shape, inputs[0].rank)
    guard rank >= 2, let range = ranges.first(where: { ($0.axis + rank) % rank == 1 }) else {
      return .passThrough
    }
    let (start, count, step) = range.resolved(extent: shape[1])
    return .selected([(0..<count).map { start + $0 * step }])
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    var view = lowering.stored(node.inputs[0])
    for range in ranges {
      let axis = range.axis < 0 ? range.axis + view.rank : range.axis
      let (start, count, step) = range.resolved(extent: view.shape[axis])
      view = view.sliced(axis: axis, start: start, count: count, step: step)
    }
    lowering.define(node.outputs[0], as: view)
  }
}
