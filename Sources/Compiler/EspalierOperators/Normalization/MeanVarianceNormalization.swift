public import EspalierGraph

/// `y = (x − mean) / √(variance + ε)`, with statistics over some axes.
///
/// ONNX adds 1e-9 to the standard deviation; here ε = 1e-18 is added to the variance, which gives the same
/// where the deviation is 0 and differs by less than a rounding wherever it is above 1e-2.
///
/// Source: ONNX `MeanVarianceNormalization`, opset 13.
public struct MeanVarianceNormalization: LowerableOperator {
  public static let name = "MeanVarianceNormalization"
  public static let onnxNames = ["MeanVarianceNormalization"]

  /// In 0..<rank, ascending.
  public var axes: [Int]
  public var epsilon: Float

  public init(axes: [Int] = [0, 2, 3], epsilon: Float = 1e-18) {
    self.axes = axes
    self.epsilon = epsilon
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    var axes: Set<Int> = []
    let given = try node.ints("axes") ?? [0, 2, 3]
    for axis in given {
      guard let resolved = input.type.shape.axis(axis) else {
        throw node.invalid("axes", "is \(given), but the input is \(input.type)")
      }
      axes.insert(resolved)
    }
    return try builder.add(
      MeanVarianceNormalization(axes: axes.sorted()), [input.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let attributes: [String: AttributeValue] = ["axes": .list(axes)]
    // ONNX's own operator has one ε, too small for what passes recognize in other models.
    if epsilon <= 1e-18 { return builder.write(Self.name, attributes: attributes) }
    let x = builder.inputs()[0]
    let mean = builder.step("ReduceMean", [x], attributes: attributes)
    let centered = builder.step("Sub", [x, mean])
    let squares = builder.step("Mul", [centered, centered])
    let variance = builder.step("ReduceMean", [squares], attributes: attributes)
    let shifted = builder.step("Add", [variance, builder.scalar(epsilon, "epsilon")])
    builder.write("Div", [centered, builder.step("Sqrt", [shifted])])
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].element.isFloating else {
      throw .element(input: 0, expected: "floats", found: inputs[0])
    }
    guard axes.allSatisfy(inputs[0].shape.indices.contains), Set(axes).count == axes.count else {
      throw .attribute("axes", problem: "is \(axes), but the input is \(inputs[0])")
    }
    return inputs
  }

  private func groups(_ rank: Int) -> NormalizedGroups {
    NormalizedGroups(
      kind: .meanVariance, kept: (0..<rank).filter { !axes.contains($0) }, reduced: axes,
      epsilon: epsilon)
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let elements = groups(inputs[0].shape.count).normalize(inputs[0]).elements
    return [
      Tensor(shape: inputs[0].shape, element: inputs[0].type.element, floats: elements.map { Float($0) })
    ]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    axes.contains(1) ? .barrier(reason: "it normalizes over the channels") : .passThrough
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "its statistics need more than 8 bits")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    try lowering.normalize(
      groups(source.rank), source, scale: nil, bias: nil, to: lowering.allocate(node.outputs[0]))
  }
}
