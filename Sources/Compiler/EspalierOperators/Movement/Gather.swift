public import EspalierGraph

/// `y[outer, i…, inner] = x[outer, index[i…], inner]` along one axis.
///
/// Indices known at import are part of the operator; others are input 1.
///
/// Source: ONNX `Gather`, opset 13; negative indices (11 on) count from the end.
public struct Gather: ViewingOperator {
  public static let name = "Gather"
  public static let onnxNames = ["Gather"]

  /// Indices known at compile time.
  public struct Table: Sendable, Codable, Equatable {
    /// Rank 0 drops the axis.
    public var shape: Shape
    public var indices: [Int]

    public init(shape: Shape, indices: [Int]) {
      self.shape = shape
      self.indices = indices
    }
  }

  /// Counted from the front.
  public var axis: Int
  public var table: Table?

  public init(axis: Int, table: Table? = nil) {
    self.axis = axis
    self.table = table
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (data, indices) = (try node.requiredInput(0), try node.requiredInput(1))
    let axis = try node.resolvedAxis(try node.int("axis") ?? 0, rank: data.type.rank)
    guard let constant = indices.constant else {
      return try builder.add(
        Gather(axis: axis), [data.value, indices.value], outputNames: node.outputNames)
    }
    let op = Gather(axis: axis, table: Table(shape: constant.shape, indices: constant.asInts))
    return try builder.add(op, [data.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let inputs = builder.inputs(inserting: table)
    builder.write(Self.name, inputs, attributes: ["axis": .number(axis)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let expected = table == nil ? 2 : 1
    guard inputs.count == expected else { throw .inputCount(expected: "\(expected)", found: inputs.count) }
    guard axis >= 0, axis < inputs[0].rank else {
      throw .attribute("axis", problem: "must lie in 0..<\(inputs[0].rank), but is \(axis)")
    }
    let extent = inputs[0].shape[axis]
    if let table {
      guard table.shape.elementCount == table.indices.count,
        table.indices.allSatisfy({ $0 >= -extent && $0 < extent })
      else { throw .attribute("indices", problem: "must lie in \(-extent)..<\(extent)") }
    } else if inputs[1].element.isFloating {
      throw .element(input: 1, expected: "integers", found: inputs[1])
    }
    var shape = inputs[0].shape
    shape.replaceSubrange(axis...axis, with: table?.shape ?? inputs[1].shape)
    return [TensorType(inputs[0].element, shape)]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let extent = inputs[0].shape[axis]
    let indices = try checkedIndices(table?.indices ?? inputs[1].asInts, extent: extent)
    var shape = inputs[0].shape
    shape.replaceSubrange(axis...axis, with: table?.shape ?? inputs[1].shape)
    return [inputs[0].gathered(axis: axis, table: indices).reshaped(to: shape)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    guard let table else { return .barrier(reason: "Gather reads its indices from a tensor") }
    if axis > 1 { return .passThrough }
    guard axis == 1, table.shape.count == 1 else {
      return .barrier(reason: "Gather moves the channel axis")
    }
    return .selected([table.indices.map { $0 < 0 ? $0 + inputs[0].shape[1] : $0 }])
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  /// A window where the indices are evenly spaced, otherwise one call that copies. Of indices that come from the
  /// frame those outside give 0.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    guard let table else {
      let indices = lowering.view(of: node.inputs[1])
      let inside = source.dropping(axis: axis)
      let none = [Int](repeating: 0, count: indices.rank)
      return try lowering.take(
        node, axis: axis, strides: inside.strides.inserting(none, at: axis),
        indexStrides: [Int](repeating: 0, count: inside.rank).inserting(indices.strides, at: axis))
    }
    let extent = source.shape[axis]
    let indices = table.indices.map { $0 < 0 ? $0 + extent : $0 }
    if let (start, step) = arithmeticProgression(indices) {
      let window = source.sliced(axis: axis, start: start, count: indices.count, step: step)
      return lowering.define(node.outputs[0], as: window.splitting(axis: axis, into: table.shape))
    }
    let output = lowering.allocate(node.outputs[0])
    let flat = source.shape.replacing(axis: axis, with: indices.count)
    if let target = output.reshaped(to: flat) {
      return try lowering.gather(axis: axis, table: indices, from: source, to: target)
    }
    let target = lowering.newBuffer(shape: flat)
    try lowering.gather(axis: axis, table: indices, from: source, to: target)
    try lowering.copy(from: target, reshapedTo: output)
  }
}

/// Indices counted from the front.
///
/// - Throws: `EvaluationError.indexOutOfRange`.
func checkedIndices(_ indices: [Int], extent: Int) throws(EvaluationError) -> [Int] {
  var result = indices
  for (position, index) in indices.enumerated() {
    guard index >= -extent, index < extent else { throw .indexOutOfRange(index, limit: extent) }
    if index < 0 { result[position] = index + extent }
  }
  return result
}

/// First element and constant difference of a list, or nil where its differences vary.
func arithmeticProgression(_ indices: [Int]) -> (start: Int, step: Int)? {
  guard let first = indices.first else { return (0, 1) }
  let step = indices.count > 1 ? indices[1] - first : 1
  return indices.enumerated().allSatisfy { $1 == first + $0 * step } ? (first, step) : nil
}
