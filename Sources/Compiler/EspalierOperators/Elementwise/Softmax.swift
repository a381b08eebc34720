public import EspalierGraph
internal import EspalierKernels
internal import Foundation

/// Softmax, LogSoftmax or Hardmax along an axis.
///
/// Source: ONNX `Softmax`, `LogSoftmax`, `Hardmax`, opset 13 (one axis) and opset 1 (all axes from `axis` on
/// are one).
public struct Softmax: LowerableOperator {
  /// The cases stand in the order of `espalier_softmax_mode`: their position is its number.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// `exp(x) / sum exp(x)`
    case plain
    /// `x − log sum exp(x)`
    case log
    /// 1 at the first maximum, 0 elsewhere.
    case hard
  }

  public static let name = "Softmax"
  public static let onnxNames = ["Softmax", "LogSoftmax", "Hardmax"]

  public let kind: Kind
  /// Not negative.
  public let axis: Int
  /// Whether `axis` and all axes behind it are normalized together, as if they were one.
  public let flattens: Bool

  public init(_ kind: Kind = .plain, axis: Int, flattens: Bool = false) {
    self.kind = kind
    self.axis = axis
    self.flattens = flattens
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    let shape = input.type.shape
    let axis = try node.resolvedAxis(
      try node.int("axis") ?? (node.opset < 13 ? 1 : -1), rank: shape.count)
    let kind: Kind = node.type == "Softmax" ? .plain : node.type == "LogSoftmax" ? .log : .hard
    let flattens = node.opset < 13 && shape[(axis + 1)...].contains { $0 != 1 }
    return try builder.add(
      Softmax(kind, axis: axis, flattens: flattens), [input.value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let name = kind == .plain ? "Softmax" : kind == .log ? "LogSoftmax" : "Hardmax"
    guard flattens else { return builder.write(name, attributes: ["axis": .number(axis)]) }
    let shape = builder.constant(builder.inputTypes[0].shape, "shape")
    let flat = builder.step("Flatten", attributes: ["axis": .number(axis)])
    builder.write("Reshape", [builder.step(name, [flat], attributes: ["axis": .number(1)]), shape])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].shape.indices.contains(axis) else {
      throw .rank(input: 0, expected: "above \(axis)", found: inputs[0])
    }
    guard inputs[0].element.isFloating else {
      throw .element(input: 0, expected: "floats", found: inputs[0])
    }
    return inputs
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let x = inputs[0]
    let (outer, length, inner) = split(x.shape)
    var elements = x.floats
    for start in 0..<outer * inner {
      let first = start / inner * length * inner + start % inner
      let row = stride(from: first, to: first + length * inner, by: inner)
      for (position, value) in zip(row, normalized(row.map { elements[$0] })) {
        elements[position] = value
      }
    }
    return [Tensor(shape: x.shape, element: x.type.element, floats: elements)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    axis == 1 || (flattens && axis < 1)
      ? .barrier(reason: "\(Self.name) normalizes over the channels") : .passThrough
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    switch kind {
    case .plain: .fixed(scale: 1 / 256, zeroPoint: 0)
    case .log: .float(reason: "logarithms of small probabilities need more than 8 bits")
    case .hard: .float(reason: "8 bits make equals of what differs")
    }
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }
}

extension Softmax {
  /// Extents before, along and behind the normalized axes.
  func split(_ shape: Shape) -> (outer: Int, length: Int, inner: Int) {
    flattens
      ? (shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *), 1)
      : (shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *))
  }

  private func normalized(_ row: [Float]) -> [Float] {
    guard let highest = row.max() else { return [] }
    if kind == .hard {
      let first = row.firstIndex(of: highest)
      return row.indices.map { $0 == first ? 1 : 0 }
    }
    let powers = row.map { exp(Double($0) - Double(highest)) }
    let sum = powers.reduce(0, +)
    return kind == .plain
      ? powers.map { Float($0 / sum) }
      : row.map { Float(Double($0) - Double(highest) - Foundation.log(sum)) }
  }
}

// MARK: - Lowering

extension Softmax {
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let (source, target) = (lowering.view(of: node.inputs[0]), lowering.allocate(node.outputs[0]))
    guard source.shape.elementCount > 0 else { return }
    guard flattens else {
      return try normalize(source, target, axis: axis, &lowering)
    }
    let (outer, length, _) = split(source.shape)
    let flat = [outer, length]
    if let from = source.reshaped(to: flat), let to = target.reshaped(to: flat) {
      return try normalize(from, to, axis: 1, &lowering)
    }
    // Row-major copies: the axes that are one here do not run on into each other in an image.
    let (rows, normalizedRows) = (lowering.newBuffer(shape: flat), lowering.newBuffer(shape: flat))
    try lowering.copy(from: source, to: rows.rowMajor(source.shape))
    try normalize(rows, normalizedRows, axis: 1, &lowering)
    try lowering.copy(from: normalizedRows.rowMajor(source.shape), to: target)
  }

  private func normalize(
    _ source: View, _ target: View, axis: Int, _ lowering: inout Lowering
  ) throws(LoweringError) {
    let outer = source.shape.indices.filter { $0 != axis }
    guard let axes = try lowering.mergedAxes([target.picking(outer), source.picking(outer)]) else { return }
    var parameters = SoftmaxParameters()
    parameters.extent = sixAxes(axes.extent, fill: 1)
    parameters.input_stride = sixAxes(axes.strides[1], fill: 0)
    parameters.output_stride = sixAxes(axes.strides[0], fill: 0)
    parameters.length = Int32(source.shape[axis])
    parameters.input_length_stride = Int32(source.strides[axis])
    parameters.output_length_stride = Int32(target.strides[axis])
    parameters.input_base = source.offsetFromLowest
    parameters.output_base = target.offsetFromLowest
    parameters.mode = Int32(Kind.allCases.firstIndex(of: kind) ?? 0)
    lowering.emit(parameters, [source.atLowest, target.atLowest])
  }
}

extension View {
  /// A row-major view read under another shape.
  ///
  /// - Precondition: `isRowMajor`, and both shapes have the same number of elements.
  func rowMajor(_ shape: Shape) -> View {
    View(buffer, base: base, shape: shape, strides: shape.rowMajorStrides)
  }
}
