public import EspalierGraph

/// The index of the highest or lowest element along an axis; the first of equals, or the last.
///
/// A NaN never counts; where there is nothing else, the index is 0. At run time the index is a float.
///
/// Source: ONNX `ArgMax`, `ArgMin`, opsets 1, 11, 12 (`select_last_index`), 13.
public struct ArgReduce: LowerableOperator {
  public enum Kind: String, Sendable, Codable { case max, min }

  public static let name = "ArgReduce"
  public static let onnxNames = ["ArgMax", "ArgMin"]

  public let kind: Kind
  /// Not negative.
  public let axis: Int
  /// Whether the axis stays, with extent 1.
  public let keepsAxis: Bool
  /// Whether the last of equal elements counts.
  public let selectsLast: Bool

  public init(_ kind: Kind, axis: Int, keepsAxis: Bool = true, selectsLast: Bool = false) {
    self.kind = kind
    self.axis = axis
    self.keepsAxis = keepsAxis
    self.selectsLast = selectsLast
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    let axis = try node.resolvedAxis(try node.int("axis") ?? 0, rank: input.type.rank)
    let op = ArgReduce(
      node.type == "ArgMax" ? .max : .min, axis: axis, keepsAxis: try node.int("keepdims") ?? 1 != 0,
      selectsLast: try node.int("select_last_index") ?? 0 != 0)
    return try builder.add(op, [input.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(
      kind == .max ? "ArgMax" : "ArgMin",
      attributes: [
        "axis": .number(axis), "keepdims": .flag(keepsAxis), "select_last_index": .flag(selectsLast),
      ])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    let shape = inputs[0].shape
    guard shape.indices.contains(axis) else {
      throw .rank(input: 0, expected: "above \(axis)", found: inputs[0])
    }
    guard shape[axis] > 0 else {
      throw .attribute("axis", problem: "is \(axis), along which \(inputs[0]) has no elements")
    }
    return [TensorType(.int64, shape.reduced([axis], keepsAxes: keepsAxis))]
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let x = inputs[0]
    let (kept, along) = x.shape.reductionOffsets([axis])
    let shape = x.shape.reduced([axis], keepsAxes: keepsAxis)
    let result: [Int] =
      switch x.storage {
      case .floats(let elements):
        kept.map { start in index(in: along.map { elements[start + $0] }, by: <) }
      case .integers(let elements):
        kept.map { start in
          index(in: along.map { elements[start + $0] }, by: IntegerArithmetic(x.type.element).isLess)
        }
      }
    return [Tensor(shape: shape, integers: result.map(Int64.init))]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .reducing([axis], keepsAxes: keepsAxis)
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "indices have no scale")
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let (source, target) = (lowering.view(of: node.inputs[0]), lowering.allocate(node.outputs[0]))
    // espalier_reduction_arg_max, arg_min, then both again for the last of equals.
    let reduction: Int32 = 10 + (kind == .max ? 0 : 1) + (selectsLast ? 2 : 0)
    try lowering.reduce(reduction, source, axes: [axis], keepsAxes: keepsAxis, to: target)
  }

  /// The position of the row's extremum.
  private func index<Number: Equatable>(in row: [Number], by isLess: (Number, Number) -> Bool) -> Int {
    var best: Int?
    for position in row.indices where row[position] == row[position] {
      guard let old = best.map({ row[$0] }) else {
        best = position
        continue
      }
      let isBetter = kind == .max ? isLess(old, row[position]) : isLess(row[position], old)
      if isBetter || (selectsLast && row[position] == old) { best = position }
    }
    return best ?? 0
  }
}
