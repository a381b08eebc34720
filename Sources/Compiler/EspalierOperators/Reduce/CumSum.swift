public import EspalierGraph

/// `y[i] = x[0] + … + x[i]` along an axis.
///
/// Lowers to one addition per index of the axis.
///
/// Source: ONNX `CumSum`, opsets 11 and 14.
public struct CumSum: LowerableOperator {
  public static let name = "CumSum"
  public static let onnxNames = ["CumSum"]
  /// Longer axes are left to the reference: every index costs a kernel call.
  static let longestLoweredAxis = 1024

  /// Not negative.
  public let axis: Int
  /// Whether x[i] itself is left out of y[i].
  public let isExclusive: Bool
  /// Whether the sum runs from the axis' end.
  public let isReversed: Bool

  public init(axis: Int, isExclusive: Bool = false, isReversed: Bool = false) {
    self.axis = axis
    self.isExclusive = isExclusive
    self.isReversed = isReversed
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    let given = try node.requiredConstant(1).asInts.first ?? 0
    let axis = try node.resolvedAxis(given, rank: input.type.rank)
    let op = CumSum(
      axis: axis, isExclusive: try node.int("exclusive") ?? 0 != 0,
      isReversed: try node.int("reverse") ?? 0 != 0)
    return try builder.add(op, [input.value], outputNames: node.outputNames)
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].shape.indices.contains(axis) else {
      throw .rank(input: 0, expected: "above \(axis)", found: inputs[0])
    }
    guard inputs[0].element != .bool else {
      throw .element(input: 0, expected: "numbers", found: inputs[0])
    }
    return inputs
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let x = inputs[0]
    let (kept, along) = x.shape.reductionOffsets([axis])
    let order = isReversed ? along.reversed() : along
    switch x.storage {
    case .floats(let elements):
      let sums = runningSums(elements, kept, order, zero: 0) { $0 + $1 }
      return [Tensor(shape: x.shape, element: x.type.element, floats: sums)]
    case .integers(let elements):
      let element = x.type.element
      let sums = runningSums(elements, kept, order, zero: 0) { element.wrapped($0 &+ $1) }
      return [Tensor(shape: x.shape, element: element, integers: sums)]
    }
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    axis == 1 ? .barrier(reason: "\(Self.name) sums over the channels") : .passThrough
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "running sums need more than 8 bits")
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let type = lowering.graph.type(of: node.inputs[0])
    guard type.shape[axis] <= Self.longestLoweredAxis,
      type.element.isFloating || type.element == .int32 || type.element == .int64
    else {
      throw .noKernel(
        node: node.name, type: Self.name,
        reason: "\(type) is too long, or wraps around as floats do not")
    }
    let (source, target) = (lowering.view(of: node.inputs[0]), lowering.allocate(node.outputs[0]))
    let indices = isReversed ? Array((0..<type.shape[axis]).reversed()) : Array(0..<type.shape[axis])
    for (step, index) in indices.enumerated() {
      let sum = target.sliced(axis: axis, start: index, count: 1)
      let added = isExclusive ? (step == 0 ? nil : indices[step - 1]) : index
      let addend = added.map { source.sliced(axis: axis, start: $0, count: 1) }
      guard let addend else {
        lowering.fill(sum, with: 0)
        continue
      }
      if step == 0 {
        try lowering.copy(from: addend, to: sum)
      } else {
        let previous = target.sliced(axis: axis, start: indices[step - 1], count: 1)
        try lowering.binary(Binary.Kind.add.kernelCode ?? 0, previous, addend, to: sum)
      }
    }
  }

  private func runningSums<Number>(
    _ elements: [Number], _ starts: [Int], _ order: [Int], zero: Number,
    add: (Number, Number) -> Number
  ) -> [Number] {
    var result = elements
    for start in starts {
      var sum = zero
      for offset in order {
        if isExclusive { result[start + offset] = sum }
        sum = add(sum, elements[start + offset])
        if !isExclusive { result[start + offset] = sum }
      }
    }
    return result
  }
}
