public import EspalierGraph

/// Running sums or products along an axis: `y[i] = x[0] + … + x[i]` or `x[0] · … · x[i]`.
///
/// Lowers to one addition or multiplication per index of the axis.
///
/// Source: ONNX `CumSum`, opsets 11 and 14, and `CumProd`, opset 26.
public struct Cumulation: LowerableOperator {
  public enum Kind: String, Sendable, Codable {
    case sum, product

    fileprivate var step: Binary.Kind { self == .sum ? .add : .multiply }
    /// What a sum or product of nothing is.
    fileprivate var neutral: Float { self == .sum ? 0 : 1 }
  }

  public static let name = "Cumulation"
  public static let onnxNames = ["CumSum", "CumProd"]
  /// Longer axes are left to the reference: every index costs a kernel call.
  static let longestLoweredAxis = 1024

  public let kind: Kind
  /// Not negative.
  public let axis: Int
  /// Whether x[i] itself is left out of y[i].
  public let isExclusive: Bool
  /// Whether it runs from the axis' end.
  public let isReversed: Bool

  public init(_ kind: Kind = .sum, axis: Int, isExclusive: Bool = false, isReversed: Bool = false) {
    self.kind = kind
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
    let op = Cumulation(
      node.type == "CumProd" ? .product : .sum, axis: axis, isExclusive: try node.int("exclusive") ?? 0 != 0,
      isReversed: try node.int("reverse") ?? 0 != 0)
    return try builder.add(op, [input.value], outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    guard kind == .sum else { throw builder.noForm("CumProd came with opset 26") }
    let along = builder.constant(Tensor(shape: [], integers: [Int64(axis)]), "axis")
    builder.write(
      "CumSum", builder.inputs() + [along],
      attributes: ["exclusive": .flag(isExclusive), "reverse": .flag(isReversed)])
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
      let results = running(elements, kept, order, from: kind.neutral) { kind.step.apply($0, $1) }
      return [Tensor(shape: x.shape, element: x.type.element, floats: results)]
    case .integers(let elements):
      let element = x.type.element
      let results = running(elements, kept, order, from: Int64(kind.neutral)) {
        element.wrapped(kind == .sum ? $0 &+ $1 : $0 &* $1)
      }
      return [Tensor(shape: x.shape, element: element, integers: results)]
    }
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    axis == 1 ? .barrier(reason: "a running \(kind.rawValue) over the channels") : .passThrough
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "running sums and products need more than 8 bits")
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
      let result = target.sliced(axis: axis, start: index, count: 1)
      let added = isExclusive ? (step == 0 ? nil : indices[step - 1]) : index
      let addend = added.map { source.sliced(axis: axis, start: $0, count: 1) }
      guard let addend else {
        lowering.fill(result, with: kind.neutral)
        continue
      }
      if step == 0 {
        try lowering.copy(from: addend, to: result)
      } else {
        let previous = target.sliced(axis: axis, start: indices[step - 1], count: 1)
        try lowering.binary(kind.step, previous, addend, to: result)
      }
    }
  }

  private func running<Number>(
    _ elements: [Number], _ starts: [Int], _ order: [Int], from neutral: Number,
    step: (Number, Number) -> Number
  ) -> [Number] {
    var result = elements
    for start in starts {
      var total = neutral
      for offset in order {
        if isExclusive { result[start + offset] = total }
        total = step(total, elements[start + offset])
        if !isExclusive { result[start + offset] = total }
      }
    }
    return result
  }
}
