public import EspalierGraph

/// The inputs one after another along `axis`.
///
/// Source: ONNX `Concat`, opset 13.
public struct Concat: ConcatenatingOperator, MovingOperator {
  public static let name = "Concat"
  public static let onnxNames = ["Concat"]

  /// Counted from the front.
  public var axis: Int

  public init(axis: Int) { self.axis = axis }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let inputs = node.presentInputs
    let first = try node.requiredInput(0)
    guard inputs.count > 1 else { return inputs }
    guard let axis = try node.int("axis") else { throw node.invalid("axis", "is missing") }
    let op = Concat(axis: try node.resolvedAxis(axis, rank: first.type.rank))
    return try builder.add(op, inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, attributes: ["axis": .number(axis)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard let first = inputs.first else { throw .inputCount(expected: "1 or more", found: 0) }
    guard axis >= 0, axis < first.rank else {
      throw .attribute("axis", problem: "must lie in 0..<\(first.rank), but is \(axis)")
    }
    var extent = 0
    for (index, input) in inputs.enumerated() {
      guard input.rank == first.rank else {
        throw .rank(input: index, expected: "\(first.rank)", found: input)
      }
      guard input.element == first.element else {
        throw .element(input: index, expected: first.element.rawValue, found: input)
      }
      for other in first.shape.indices where other != axis && input.shape[other] != first.shape[other] {
        throw .extent(input: index, axis: other, expected: first.shape[other], found: input)
      }
      extent += input.shape[axis]
    }
    return [TensorType(first.element, first.shape.replacing(axis: axis, with: extent))]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let shape = inputs[0].shape
    let outer = shape[..<axis].reduce(1, *)
    let total = inputs.reduce(0) { $0 + $1.shape[axis] }
    let result = shape.replacing(axis: axis, with: total)
    switch inputs[0].storage {
    case .floats:
      let parts = inputs.map { $0.floats[...] }
      return [
        Tensor(shape: result, element: inputs[0].type.element, floats: interleaved(parts, blocks: outer))
      ]
    case .integers:
      let parts = inputs.map { $0.integers[...] }
      return [
        Tensor(shape: result, element: inputs[0].type.element, integers: interleaved(parts, blocks: outer))
      ]
    }
  }

  /// Block 0 of every part, block 1 of every part, …
  private func interleaved<Element>(_ parts: [ArraySlice<Element>], blocks: Int) -> [Element] {
    var elements: [Element] = []
    elements.reserveCapacity(parts.reduce(0) { $0 + $1.count })
    for block in 0..<blocks {
      for part in parts {
        let length = part.count / blocks
        elements += part[block * length..<(block + 1) * length]
      }
    }
    return elements
  }

  /// Along other axes than the channels' every input gives a part of each channel.
  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    axis == 1 || inputs[0].rank < 2 ? .concatenated(axis: axis) : .coupled(axes: inputs.map { _ in 1 })
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .shared }

  public func concatenationAxis(_ inputs: [TensorType]) -> Int { axis }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  /// Copies only those inputs that were not written in place.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let output = lowering.allocate(node.outputs[0])
    var start = 0
    for input in node.inputs {
      let extent = lowering.graph.type(of: input).shape[axis]
      let slot = output.sliced(axis: axis, start: start, count: extent)
      let source = lowering.stored(input, as: node.outputs[0])
      if !source.isSame(as: slot) { try lowering.copy(from: source, to: slot) }
      start += extent
    }
  }
}
