public import EspalierGraph

/// Cuts a tensor into consecutive parts along `axis`.
///
/// Source: ONNX `Split`, opset 18; sizes are an attribute until 12 and an input from 13 on, `num_outputs`
/// came with 18.
public struct Split: ViewingOperator, MovingOperator {
  public static let name = "Split"
  public static let onnxNames = ["Split"]

  /// Counted from the front.
  public var axis: Int
  /// The parts' extents along `axis`; parts of size 0 are allowed.
  public var sizes: [Int]

  public init(axis: Int, sizes: [Int]) {
    self.axis = axis
    self.sizes = sizes
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0)
    let axis = try node.resolvedAxis(try node.int("axis") ?? 0, rank: data.type.rank)
    let sizes: [Int]
    if let given = try node.ints("split", orInput: 1) {
      sizes = given
    } else {
      sizes = try evenSizes(of: data.type.shape[axis], node)
    }
    return try builder.add(
      Split(axis: axis, sizes: sizes), [data.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(
      Self.name, builder.inputs() + [builder.constant(sizes, "split")], attributes: ["axis": .number(axis)])
  }

  /// Parts of one size; from opset 18 on the last one may be smaller.
  private static func evenSizes(of extent: Int, _ node: ImportedNode) throws(ImportError) -> [Int] {
    let count = try node.int("num_outputs") ?? node.outputNames.count
    guard (1...max(extent, node.outputNames.count)).contains(count) else {
      throw node.invalid("num_outputs", "cannot be \(count) for an extent of \(extent)")
    }
    guard node.opset >= 18 || extent % count == 0 else {
      throw node.invalid("split", "is missing, and \(extent) does not divide into \(count) equal parts")
    }
    let size = (extent + count - 1) / count
    return [Int](repeating: size, count: count - 1) + [extent - size * (count - 1)]
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard axis >= 0, axis < inputs[0].rank else {
      throw .attribute("axis", problem: "must lie in 0..<\(inputs[0].rank), but is \(axis)")
    }
    var left = inputs[0].shape[axis]
    for size in sizes {
      guard size >= 0, size <= left else { throw unfitting(inputs[0]) }
      left -= size
    }
    guard left == 0 else { throw unfitting(inputs[0]) }
    return sizes.map { TensorType(inputs[0].element, inputs[0].shape.replacing(axis: axis, with: $0)) }
  }

  private func unfitting(_ input: TensorType) -> ShapeError {
    .attribute("split", problem: "must add up to axis \(axis) of \(input), but is \(sizes)")
  }

  private var starts: [Int] {
    sizes.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }.dropLast()
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let (shape, strides) = (inputs[0].shape, inputs[0].shape.rowMajorStrides)
    return zip(starts, sizes).map { start, size in
      inputs[0].walked(
        base: start * strides[axis], shape: shape.replacing(axis: axis, with: size), strides: strides)
    }
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    guard axis == 1 else { return .passThrough }
    return .selected(zip(starts, sizes).map { Array($0..<$0 + $1) })
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.stored(node.inputs[0])
    for (output, (start, size)) in zip(node.outputs, zip(starts, sizes)) {
      lowering.define(output, as: source.sliced(axis: axis, start: start, count: size))
    }
  }
}
