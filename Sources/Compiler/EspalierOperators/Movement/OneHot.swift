public import EspalierGraph

/// A new axis of `depth` elements: the "on" value at the index that the input holds, "off" elsewhere.
///
/// Inputs: indices, and the vector [off, on]. An index outside −depth..<depth gives "off" everywhere.
///
/// Source: ONNX `OneHot`, opset 11.
public struct OneHot: LowerableOperator {
  public static let name = "OneHot"
  public static let onnxNames = ["OneHot"]

  /// Counted from the front of the output.
  public var axis: Int
  public var depth: Int

  public init(axis: Int, depth: Int) {
    self.axis = axis
    self.depth = depth
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (indices, values) = (try node.requiredInput(0), try node.requiredInput(2))
    guard let depth = try node.requiredConstant(1).asInts.first else {
      throw node.invalid("depth", "must be one number")
    }
    let axis = try node.resolvedAxis(try node.int("axis") ?? -1, rank: indices.type.rank + 1)
    return try builder.add(
      OneHot(axis: axis, depth: depth), [indices.value, values.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let inputs = builder.inputs()
    let depth = builder.constant(Tensor(shape: [], integers: [Int64(depth)]), "depth")
    builder.write(Self.name, [inputs[0], depth, inputs[1]], attributes: ["axis": .number(axis)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2 else { throw .inputCount(expected: "2", found: inputs.count) }
    guard inputs[1].shape == [2] else { throw .rank(input: 1, expected: "1, two elements", found: inputs[1]) }
    guard axis >= 0, axis <= inputs[0].rank, depth >= 0 else {
      throw .attribute("axis", problem: "or depth do not fit \(inputs[0]): \(axis), \(depth)")
    }
    var shape = inputs[0].shape
    shape.insert(depth, at: axis)
    return [TensorType(inputs[1].element, shape)]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let indices = inputs[0].asInts
    var shape = inputs[0].shape
    let strides = shape.rowMajorStrides
    shape.insert(depth, at: axis)
    var choices: [Int?] = []
    forEachIndex(of: shape) { index, _ in
      var place = index
      let candidate = place.remove(at: axis)
      let chosen = indices[zip(place, strides).reduce(0) { $0 + $1.0 * $1.1 }]
      choices.append((chosen < 0 ? chosen + depth : chosen) == candidate ? 1 : 0)
    }
    return [inputs[1].gathered(choices, shape: shape)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "OneHot reads indices")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "OneHot reads indices")
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  /// Compares every index with every place along the axis, counted from the front and from the end.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let target = lowering.allocate(node.outputs[0])
    var indices = lowering.view(of: node.inputs[0])
    if lowering.graph.type(of: node.inputs[0]).element.isFloating {
      let whole = lowering.newBuffer(shape: indices.shape)
      try lowering.unary(ElementFunction(.truncate), from: indices, to: whole)
      indices = whole
    }
    indices.shape.insert(1, at: axis)
    indices.strides.insert(0, at: axis)
    let (front, end) = (lowering.newBuffer(shape: target.shape), lowering.newBuffer(shape: target.shape))
    for (buffer, first) in [(front, 0), (end, -depth)] {
      let places = lowering.weights.append(floats: (first..<first + depth).map(Float.init))
      var shape = Shape(repeating: 1, count: target.rank)
      shape[axis] = depth
      let along = View(.weights, base: places.base, shape: shape, strides: shape.map { $0 == 1 ? 0 : 1 })
      try lowering.binary(.equal, indices, along, to: buffer)
    }
    try lowering.binary(.or, front, end, to: front)
    let (off, on) = (value(0, node, &lowering), value(1, node, &lowering))
    try lowering.select(where: front, on, otherwise: off, to: target)
  }

  /// The "off" or the "on" value; a known one is put among the weights on its own, where kernels can read it.
  private func value(_ index: Int, _ node: Node, _ lowering: inout Lowering) -> View {
    if let known = lowering.graph.constant(of: node.inputs[1]) {
      return lowering.scalar(known.asFloats[index])
    }
    return lowering.view(of: node.inputs[1]).sliced(axis: 0, start: index, count: 1)
  }
}
