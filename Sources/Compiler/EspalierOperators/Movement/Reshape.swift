public import EspalierGraph

/// The same elements, row by row, under another shape.
///
/// Source: ONNX `Reshape`, opset 25 (`allowzero` from 14 on); until opset 4 the shape is an attribute.
public struct Reshape: RearrangingOperator, MovingOperator {
  public static let name = "Reshape"
  public static let onnxNames = ["Reshape"]

  /// The extents; 0 copies the input's extent (unless `allowsZero`), one −1 takes what is left.
  public var shape: [Int]
  public var allowsZero: Bool

  public init(shape: [Int], allowsZero: Bool = false) {
    self.shape = shape
    self.allowsZero = allowsZero
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0)
    guard let shape = try node.ints("shape", orInput: 1) else {
      throw .missingInput(1, node: node.name, type: node.type)
    }
    let op = Reshape(shape: shape, allowsZero: try node.int("allowzero") == 1)
    return try builder.add(op, [data.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(
      Self.name, builder.inputs() + [builder.constant(shape, "shape")],
      attributes: allowsZero ? ["allowzero": .flag(true)] : [:])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    return [TensorType(inputs[0].element, try resolvedShape(for: inputs[0]))]
  }

  private func resolvedShape(for input: TensorType) throws(ShapeError) -> Shape {
    var result = shape
    var open: Int?
    for (axis, extent) in shape.enumerated() {
      if extent == -1 {
        guard open == nil else { throw .attribute("shape", problem: "has more than one -1: \(shape)") }
        open = axis
        result[axis] = 1
      } else if extent == 0, !allowsZero {
        guard axis < input.rank else {
          throw .attribute("shape", problem: "copies axis \(axis), which \(input) does not have")
        }
        result[axis] = input.shape[axis]
      }
    }
    let wanted = "cannot give \(input) the shape \(shape)"
    guard let known = checkedElementCount(result) else { throw .attribute("shape", problem: wanted) }
    if let open {
      guard known > 0, input.elementCount % known == 0 else { throw .attribute("shape", problem: wanted) }
      result[open] = input.elementCount / known
    } else if known != input.elementCount {
      throw .attribute("shape", problem: wanted)
    }
    return result
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    try reshapedOutput(inputs)
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { reshapingChannelRule(inputs) }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func input(seenAs output: View, shape: Shape) -> View? { output.reshaped(to: shape) }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    try lowering.reshape(node)
  }
}

// MARK: - Shared by Reshape, Flatten, Squeeze and Unsqueeze

extension Operator {
  /// The reference of every operator that only renames the axes of its input.
  func reshapedOutput(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    do { return [inputs[0].reshaped(to: try inferOutputs([inputs[0].type])[0].shape)] } catch {
      throw .invalid(error.description)
    }
  }

  /// Channels stay where the first two axes stay; they turn into runs of features where [N, C, …] becomes
  /// [N, features].
  func reshapingChannelRule(_ inputs: [TensorType]) -> ChannelRule {
    let source = inputs[0].shape
    guard let target = try? inferOutputs(inputs)[0].shape, source.count >= 2, target.count >= 2,
      source[0] == target[0]
    else { return .barrier(reason: "\(name) moves the channel axis") }
    if source[1] == target[1] { return .passThrough }
    if target.count == 2 { return .expanded(by: source[2...].reduce(1, *)) }
    return .barrier(reason: "\(name) regroups channels")
  }
}

extension Lowering {
  /// Lets the node's output be its input under another shape; one copy where the strides do not allow that.
  mutating func reshape(_ node: Node) throws(LoweringError) {
    let shape = graph.type(of: node.outputs[0]).shape
    let source = stored(node.inputs[0])
    if let view = source.reshaped(to: shape) { return define(node.outputs[0], as: view) }
    let target = allocate(node.outputs[0])
    try copy(from: source, reshapedTo: target)
  }

  /// Copies elements in row-major order between views of different shapes.
  ///
  /// - Precondition: Both have the same number of elements.
  mutating func copy(from source: View, reshapedTo target: View) throws(LoweringError) {
    if let source = source.reshaped(to: target.shape) { return try copy(from: source, to: target) }
    if let target = target.reshaped(to: source.shape) { return try copy(from: source, to: target) }
    let common = source.shape.commonRefinement(with: target.shape)
    if let common, let a = source.reshaped(to: common), let b = target.reshaped(to: common) {
      return try copy(from: a, to: b)
    }
    let count = [source.shape.elementCount]
    let flat = newBuffer(shape: count)
    guard let rows = flat.reshaped(to: source.shape), let columns = flat.reshaped(to: target.shape) else {
      preconditionFailure("a row-major buffer has every shape")
    }
    try copy(from: source, to: rows)
    try copy(from: columns, to: target)
  }
}

extension Shape {
  /// The coarsest shape that both shapes can be split into, or nil where their cuts do not nest.
  ///
  /// [2, 6] and [4, 3] have [2, 2, 3]; [2, 3] and [3, 2] have none.
  func commonRefinement(with other: Shape) -> Shape? {
    var (a, b) = (filter { $0 != 1 }, other.filter { $0 != 1 })
    var result: Shape = []
    while let left = a.last, let right = b.last {
      let small = Swift.min(left, right)
      guard small > 0, left % small == 0, right % small == 0 else { return nil }
      result.append(small)
      a.removeLast()
      b.removeLast()
      if left > small { a.append(left / small) }
      if right > small { b.append(right / small) }
    }
    return a.isEmpty && b.isEmpty ? result.reversed() : nil
  }
}
