public import EspalierGraph

/// Puts elements back where a MaxPool found them; everything else is 0.
///
/// Inputs: `x` and `indices`, both `[N, C, spatial…]`. An index counts the elements of the tensor that the
/// window makes of `x`'s shape; where `outputShape` is larger, that tensor lies in its low corner.
///
/// Source: ONNX `MaxUnpool`, opset 22.
public struct MaxUnpool: LowerableOperator {
  public static let name = "MaxUnpool"
  public static let onnxNames = ["MaxUnpool"]

  public var kernel: [Int]
  public var strides: [Int]
  /// Padding of the MaxPool before each spatial axis, then behind each.
  public var pads: [Int]
  /// All extents of the output; nil for what the window makes.
  public var outputShape: [Int]?

  public init(
    kernel: [Int], strides: [Int], pads: [Int] = [0, 0, 0, 0], outputShape: [Int]? = nil
  ) {
    self.kernel = kernel
    self.strides = strides
    self.pads = pads
    self.outputShape = outputShape
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let window = try node.poolingWindow()
    let operation = MaxUnpool(
      kernel: window.kernel, strides: window.strides, pads: window.pads,
      outputShape: try node.constantInput(2)?.asInts)
    let inputs = [try node.requiredInput(0).value, try node.requiredInput(1).value]
    return try builder.add(operation, inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let window = Window(
      kernel: kernel, strides: strides, dilations: kernel.map { _ in 1 }, pads: pads)
    let shape = outputShape.map { [builder.constant($0, "output_shape")] } ?? []
    builder.write(Self.name, builder.inputs() + shape, attributes: window.poolingAttributes)
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2 else { throw .inputCount(expected: "2", found: inputs.count) }
    guard inputs[0].rank >= 3 else { throw .rank(input: 0, expected: "at least 3", found: inputs[0]) }
    guard inputs[1].shape == inputs[0].shape else { throw .broadcast(inputs[1], inputs[0]) }
    guard inputs[0].element.isFloating, !inputs[1].element.isFloating else {
      throw .element(input: 1, expected: "integers", found: inputs[1])
    }
    let made = try unpooled(inputs[0].shape)
    guard let outputShape else { return [TensorType(inputs[0].element, made)] }
    guard outputShape.count == made.count, zip(outputShape, made).allSatisfy({ $0 >= $1 }) else {
      throw .attribute("output_shape", problem: "is \(outputShape), but must be at least \(made)")
    }
    return [TensorType(inputs[0].element, outputShape)]
  }

  /// What the window makes of `shape`.
  private func unpooled(_ shape: Shape) throws(ShapeError) -> Shape {
    let window = Window(kernel: kernel, strides: strides, dilations: kernel.map { _ in 1 }, pads: pads)
    try window.validate(rank: shape.count - 2)
    var made = Array(shape[..<2])
    for axis in 0..<window.rank {
      let reach = (shape[axis + 2] - 1) * strides[axis] + kernel[axis]
      let extent = reach - window.before(axis) - window.behind(axis)
      guard extent > 0 else {
        throw .attribute("pads", problem: "cut off all \(reach) elements along spatial axis \(axis)")
      }
      made.append(extent)
    }
    return made
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    guard let made = try? unpooled(inputs[0].shape) else {
      preconditionFailure("evaluate is called with inputs that inferOutputs accepts")
    }
    let shape = outputShape ?? made
    let strides = shape.rowMajorStrides
    var result = [Float](repeating: 0, count: shape.elementCount)
    for (element, index) in zip(inputs[0].floats, inputs[1].asInts) {
      guard index >= 0, index < made.elementCount else {
        throw .indexOutOfRange(index, limit: made.elementCount)
      }
      var (rest, position) = (index, 0)
      for axis in made.indices.reversed() {
        position += rest % made[axis] * strides[axis]
        rest /= made[axis]
      }
      result[position] = element
    }
    return [Tensor(shape: shape, element: inputs[0].type.element, floats: result)]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "its indices count the elements of all channels")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    throw .noKernel(
      node: node.name, type: Self.name, reason: "where its elements go is computed from the frame")
  }
}
