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

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    throw .noKernel(node: node.name, type: Self.name, reason: "no kernel compares with every index")
  }
}
