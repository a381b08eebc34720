public import EspalierGraph
internal import EspalierKernels

/// One number from the elements along some axes, for every index along the others.
///
/// No axes at all leave the shape as it is: ReduceSumSquare then squares every element.
///
/// Source: ONNX `ReduceSum` (opsets 1, 13), `ReduceMean`, … (opsets 1, 11, 13, 18, 20).
public struct Reduce: LowerableOperator {
  /// The cases stand in the order of `espalier_reduction`: their position is its number.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case sum, mean, max, min, product, l1, l2, logSum, logSumExp, sumSquare
  }

  public static let name = "Reduce"
  public static var onnxNames: [String] { kinds.keys.sorted() }

  public let kind: Kind
  /// In 0..<rank, ascending.
  public let axes: [Int]
  /// Whether the reduced axes stay, with extent 1.
  public let keepsAxes: Bool

  public init(_ kind: Kind, axes: [Int], keepsAxes: Bool = true) {
    self.kind = kind
    self.axes = axes.sorted()
    self.keepsAxes = keepsAxes
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    let input = inputs[0]
    guard axes.allSatisfy(input.shape.indices.contains), Set(axes).count == axes.count else {
      throw .attribute("axes", problem: "is \(axes), but the input is \(input)")
    }
    if input.element == .bool, kind != .max, kind != .min {
      throw .element(input: 0, expected: "numbers", found: input)
    }
    return [TensorType(input.element, input.shape.reduced(axes, keepsAxes: keepsAxes))]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .reducing(axes, keepsAxes: keepsAxes)
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    switch kind {
    case .sum, .mean: .requantized
    case .max, .min: .passThrough
    default: .float(reason: "8 bits are too few for \(kind.rawValue)")
    }
  }
}

extension ChannelRule {
  /// The rule of an operator that makes one number from the elements along `axes`.
  static func reducing(_ axes: [Int], keepsAxes: Bool) -> ChannelRule {
    if axes.contains(1) { return .barrier(reason: "it reduces over the channels") }
    return axes.contains(0) && !keepsAxes ? .barrier(reason: "it moves the channel axis") : .passThrough
  }
}

extension [Int] {
  /// The shape without `axes`, or with extent 1 there.
  func reduced(_ axes: [Int], keepsAxes: Bool) -> Shape {
    indices.compactMap { axes.contains($0) ? (keepsAxes ? 1 : nil) : self[$0] }
  }
}

// MARK: - Import

extension Reduce {
  private static let kinds: [String: Kind] = [
    "ReduceSum": .sum, "ReduceMean": .mean, "ReduceMax": .max, "ReduceMin": .min, "ReduceProd": .product,
    "ReduceL1": .l1, "ReduceL2": .l2, "ReduceLogSum": .logSum, "ReduceLogSumExp": .logSumExp,
    "ReduceSumSquare": .sumSquare,
  ]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    guard let kind = kinds[node.type] else { throw node.invalid("axes", "has no reduction") }
    let axes = try axes(of: node, rank: input.type.rank)
    let keepsAxes = try node.int("keepdims") ?? 1 != 0
    return try builder.add(
      Reduce(kind, axes: axes, keepsAxes: keepsAxes), [input.value], outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    guard let name = Self.kinds.first(where: { $0.value == kind })?.key else {
      throw builder.noForm("\(kind.rawValue) has no operator")
    }
    let rank = builder.inputTypes[0].rank
    // Of the two that have a name of their own the one that every tool knows.
    if kind == .mean, keepsAxes, rank >= 3, axes == Array(2..<rank) {
      return builder.write("GlobalAveragePool")
    }
    guard !axes.isEmpty else { return exportOfSingleElements(into: &builder) }
    if kind == .sum {
      return builder.write(
        name, builder.inputs() + [builder.constant(axes, "axes")], attributes: ["keepdims": .flag(keepsAxes)])
    }
    builder.write(name, attributes: ["axes": .list(axes), "keepdims": .flag(keepsAxes)])
  }

  /// What a reduction of every element on its own amounts to.
  private func exportOfSingleElements(into builder: inout ExportBuilder) {
    switch kind {
    case .sum, .mean, .max, .min, .product, .logSumExp: builder.write("Identity")
    case .l1, .l2: builder.write("Abs")
    case .logSum: builder.write("Log")
    case .sumSquare: builder.write("Mul", builder.inputs() + builder.inputs())
    }
  }

  /// The axes from the attribute (before opset 18; ReduceSum before 13) or from input 1; all where none are
  /// given, unless `noop_with_empty_axes` is set.
  private static func axes(of node: ImportedNode, rank: Int) throws(ImportError) -> [Int] {
    let given = try node.ints("axes", orInput: 1) ?? []
    if given.isEmpty {
      return try node.int("noop_with_empty_axes") ?? 0 != 0 ? [] : [Int](0..<rank)
    }
    var axes: Set<Int> = []
    for axis in given {
      guard axes.insert(try node.resolvedAxis(axis, rank: rank, attribute: "axes")).inserted else {
        throw node.invalid("axes", "names axis \(axis) twice")
      }
    }
    return axes.sorted()
  }
}

// MARK: - Lowering

extension Reduce {
  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let element = lowering.graph.type(of: node.inputs[0]).element
    guard isExact(element) else {
      throw .noKernel(
        node: node.name, type: Self.name,
        reason: "it computes in floats, which do not do \(kind.rawValue) as \(element.rawValue) does")
    }
    let (source, target) = (lowering.view(of: node.inputs[0]), lowering.allocate(node.outputs[0]))
    if axes.contains(where: { source.shape[$0] == 0 }) {
      lowering.fill(target, with: Float(valueOfNothing))
    } else {
      let code = Int32(Kind.allCases.firstIndex(of: kind) ?? 0)
      try lowering.reduce(code, source, axes: axes, keepsAxes: keepsAxes, to: target)
    }
  }

  /// Whether float32 gives what integers of moderate size give.
  private func isExact(_ element: ElementType) -> Bool {
    if element.isFloating { return true }
    switch kind {
    case .max, .min: return true
    case .sum, .product, .l1, .sumSquare: return element == .int32 || element == .int64
    default: return false
    }
  }
}

extension Lowering {
  /// `target = reduction(source)` over `axes`.
  ///
  /// - Parameter reduction: The number of an `espalier_reduction` (see espalier_parameters.h).
  /// - Precondition: No reduced axis is empty.
  mutating func reduce(
    _ reduction: Int32, _ source: View, axes: [Int], keepsAxes: Bool, to target: View
  ) throws(LoweringError) {
    let keptAxes = source.shape.indices.filter { !axes.contains($0) }
    let keptTarget = keepsAxes ? target.picking(keptAxes) : target
    guard let kept = try mergedAxes([keptTarget, source.picking(keptAxes)]),
      let reduced = try mergedAxes([source.picking(axes)])
    else { return }
    var parameters = ReduceParameters()
    parameters.kept = sixAxes(kept.extent, fill: 1)
    parameters.kept_output_stride = sixAxes(kept.strides[0], fill: 0)
    parameters.kept_input_stride = sixAxes(kept.strides[1], fill: 0)
    parameters.reduced = sixAxes(reduced.extent, fill: 1)
    parameters.reduced_stride = sixAxes(reduced.strides[0], fill: 0)
    parameters.input_base = source.offsetFromLowest
    parameters.output_base = target.offsetFromLowest
    parameters.reduction = reduction
    emit(parameters, [source.atLowest, target.atLowest])
  }
}

extension View {
  /// The view at index 0 of every other axis.
  func picking(_ axes: [Int]) -> View {
    View(buffer, base: base, shape: axes.map { shape[$0] }, strides: axes.map { strides[$0] })
  }
}
