public import EspalierGraph
internal import EspalierKernels

/// The `count` largest elements along an axis in falling order, or the smallest in rising order, and their positions.
///
/// Of equal elements the one with the lower index comes first; a NaN stands behind every number. ONNX leaves the
/// order open where `sorted` is 0: it is the same.
///
/// Source: ONNX `TopK`, opset 24 (`k` an attribute before 10, `largest` from 11 on).
public struct TopK: LowerableOperator {
  public static let name = "TopK"
  public static let onnxNames = ["TopK"]

  /// Counted from the front.
  public var axis: Int
  public var count: Int
  public var largest: Bool

  public init(axis: Int, count: Int, largest: Bool = true) {
    self.axis = axis
    self.count = count
    self.largest = largest
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    let given = node.opset < 10 ? try node.int("k") : try node.requiredConstant(1).asInts.first
    guard let count = given else { throw node.invalid("k", "must be one number") }
    let axis = try node.resolvedAxis(try node.int("axis") ?? -1, rank: input.type.rank)
    let op = TopK(axis: axis, count: count, largest: try node.int("largest") ?? 1 != 0)
    return try builder.add(op, [input.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let inputs = builder.inputs() + [builder.constant([count], "k")]
    builder.write(Self.name, inputs, attributes: ["axis": .number(axis), "largest": .flag(largest)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].shape.indices.contains(axis) else {
      throw .rank(input: 0, expected: "above \(axis)", found: inputs[0])
    }
    guard count >= 0, count <= inputs[0].shape[axis] else {
      throw .attribute("k", problem: "must lie in 0...\(inputs[0].shape[axis]), but is \(count)")
    }
    var shape = inputs[0].shape
    shape[axis] = count
    return [TensorType(inputs[0].element, shape), TensorType(.int64, shape)]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let x = inputs[0]
    let (length, step) = (x.shape[axis], x.shape.rowMajorStrides[axis])
    var shape = x.shape
    shape[axis] = count
    let isBefore = order(of: x)
    var offsets = [Int?](repeating: nil, count: shape.elementCount)
    var positions = [Int64](repeating: 0, count: shape.elementCount)
    let (from, to) = (x.shape.reductionOffsets([axis]).kept, shape.reductionOffsets([axis]).kept)
    for (source, target) in zip(from, to) {
      let best = (0..<length).sorted { isBefore(source + $0 * step, source + $1 * step) }.prefix(count)
      for (rank, position) in best.enumerated() {
        offsets[target + rank * step] = source + position * step
        positions[target + rank * step] = Int64(position)
      }
    }
    return [x.gathered(offsets, shape: shape), Tensor(shape: shape, integers: positions)]
  }

  /// Whether one element, by its place in the tensor, comes before another of its row.
  private func order(of x: Tensor) -> (Int, Int) -> Bool {
    switch x.storage {
    case .floats(let elements):
      { first, second in
        let (a, b) = (elements[first], elements[second])
        if a.isNaN || b.isNaN { return a.isNaN == b.isNaN ? first < second : b.isNaN }
        return a == b ? first < second : largest ? a > b : a < b
      }
    case .integers(let elements):
      { first, second in
        let (a, b) = (elements[first], elements[second])
        return a == b ? first < second : IntegerArithmetic(x.type.element).isLess(a, b) != largest
      }
    }
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    axis == 1 ? .barrier(reason: "TopK chooses among the channels") : .passThrough
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "TopK gives positions, which have no scale")
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  /// One call of topk_f32, which puts positions behind values; both outputs are windows onto what it writes.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    let shape = lowering.graph.type(of: node.outputs[0]).shape
    let count = shape.elementCount
    let both = lowering.newBuffer(shape: [2 * count])
    let values = View(both.buffer, base: both.base, shape: shape, strides: shape.rowMajorStrides)
    var positions = values
    positions.base += count
    lowering.define(node.outputs[0], as: values)
    lowering.define(node.outputs[1], as: positions)
    guard count > 0 else { return }
    let others = [values.dropping(axis: axis), source.dropping(axis: axis)]
    guard let axes = try lowering.mergedAxes(others) else { return }
    var parameters = TopKParameters()
    parameters.extent = sixAxes(axes.extent, fill: 1)
    parameters.output_stride = sixAxes(axes.strides[0], fill: 0)
    parameters.input_stride = sixAxes(axes.strides[1], fill: 0)
    parameters.length = Int32(source.shape[axis])
    parameters.input_length_stride = Int32(source.strides[axis])
    parameters.count = Int32(self.count)
    parameters.output_count_stride = Int32(values.strides[axis])
    parameters.output_index_stride = Int32(count)
    parameters.input_base = source.offsetFromLowest
    parameters.largest = largest ? 1 : 0
    lowering.emit(parameters, [source.atLowest, values])
  }
}
