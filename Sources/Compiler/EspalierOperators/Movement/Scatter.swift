public import EspalierGraph

/// How an update meets what stands in its place.
public enum ScatterReduction: String, Sendable, Codable {
  /// The update replaces it; of several the last.
  case none
  case add, mul, max, min

  func callAsFunction(_ a: Float, _ b: Float) -> Float {
    switch self {
    case .none: b
    case .add: a + b
    case .mul: a * b
    case .max: a.isNaN || b.isNaN ? .nan : Swift.max(a, b)
    case .min: a.isNaN || b.isNaN ? .nan : Swift.min(a, b)
    }
  }

  func callAsFunction(_ a: Int64, _ b: Int64) -> Int64 {
    switch self {
    case .none: b
    case .add: a &+ b
    case .mul: a &* b
    case .max: Swift.max(a, b)
    case .min: Swift.min(a, b)
    }
  }

  static func imported(_ node: ImportedNode) throws(ImportError) -> ScatterReduction {
    let name = try node.string("reduction") ?? "none"
    guard let reduction = ScatterReduction(rawValue: name) else {
      throw node.invalid("reduction", "'\(name)' is not known")
    }
    return reduction
  }
}

/// The data with single elements replaced: along `axis` the index stands for the position.
///
/// Inputs: data and updates, and between them the indices where they are not known at import.
///
/// Source: ONNX `ScatterElements`, opset 18, and its predecessor `Scatter`, opset 9.
public struct ScatterElements: LowerableOperator {
  public static let name = "ScatterElements"
  public static let onnxNames = ["ScatterElements", "Scatter"]

  /// Counted from the front.
  public var axis: Int
  public var reduction: ScatterReduction
  public var table: Gather.Table?

  public init(axis: Int, reduction: ScatterReduction = .none, table: Gather.Table? = nil) {
    self.axis = axis
    self.reduction = reduction
    self.table = table
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (data, indices) = (try node.requiredInput(0), try node.requiredInput(1))
    let updates = try node.requiredInput(2).value
    let op = ScatterElements(
      axis: try node.resolvedAxis(try node.int("axis") ?? 0, rank: data.type.rank),
      reduction: try .imported(node),
      table: indices.constant.map { Gather.Table(shape: $0.shape, indices: $0.asInts) })
    let inputs = op.table == nil ? [data.value, indices.value, updates] : [data.value, updates]
    return try builder.add(op, inputs, outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    var attributes = try reduction.exported(builder)
    attributes["axis"] = .number(axis)
    builder.write(Self.name, builder.inputs(inserting: table), attributes: attributes)
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let expected = table == nil ? 3 : 2
    guard inputs.count == expected else { throw .inputCount(expected: "\(expected)", found: inputs.count) }
    let (data, updates) = (inputs[0], inputs[expected - 1])
    let shape = table?.shape ?? inputs[1].shape
    guard data.shape.indices.contains(axis), shape.count == data.rank, updates.shape == shape,
      table.map({ $0.indices.count == shape.elementCount }) ?? true,
      shape.indices.allSatisfy({ $0 == axis || shape[$0] <= data.shape[$0] })
    else { throw .attribute("indices", problem: "of shape \(shape) do not fit \(data) and \(updates)") }
    guard updates.element == data.element else {
      throw .element(input: expected - 1, expected: data.element.rawValue, found: updates)
    }
    return [data]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let shape = table?.shape ?? inputs[1].shape
    let blocks = try BlockTable(
      elementsOf: inputs[0].shape, axis: axis, indices: table?.indices ?? inputs[1].asInts, shape: shape)
    return [blocks.scattered(inputs[inputs.count - 1], over: inputs[0], reduction)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "ScatterElements writes single elements")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    reduction == .none ? .shared : .float(reason: "ScatterElements adds up in place")
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let shape = lowering.graph.type(of: node.inputs[0]).shape
    let blocks = table.flatMap {
      try? BlockTable(elementsOf: shape, axis: axis, indices: $0.indices, shape: $0.shape)
    }
    try lowering.scatter(blocks, reduction, node)
  }
}

/// The data with slices replaced that the rows of the indices name.
///
/// Inputs: data and updates, and between them the indices where they are not known at import.
///
/// Source: ONNX `ScatterND`, opset 18.
public struct ScatterND: LowerableOperator {
  public static let name = "ScatterND"
  public static let onnxNames = ["ScatterND"]

  public var reduction: ScatterReduction
  public var table: Gather.Table?

  public init(reduction: ScatterReduction = .none, table: Gather.Table? = nil) {
    self.reduction = reduction
    self.table = table
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (data, indices) = (try node.requiredInput(0).value, try node.requiredInput(1))
    let updates = try node.requiredInput(2).value
    let op = ScatterND(
      reduction: try .imported(node),
      table: indices.constant.map { Gather.Table(shape: $0.shape, indices: $0.asInts) })
    let inputs = op.table == nil ? [data, indices.value, updates] : [data, updates]
    return try builder.add(op, inputs, outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    builder.write(
      Self.name, builder.inputs(inserting: table), attributes: try reduction.exported(builder))
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let expected = table == nil ? 3 : 2
    guard inputs.count == expected else { throw .inputCount(expected: "\(expected)", found: inputs.count) }
    let (data, updates) = (inputs[0], inputs[expected - 1])
    let shape = table?.shape ?? inputs[1].shape
    guard let depth = shape.last, depth <= data.rank,
      table.map({ $0.indices.count == shape.elementCount }) ?? true,
      updates.shape == shape.dropLast() + data.shape[depth...]
    else { throw .attribute("indices", problem: "of shape \(shape) do not fit \(data) and \(updates)") }
    guard updates.element == data.element else {
      throw .element(input: expected - 1, expected: data.element.rawValue, found: updates)
    }
    return [data]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let blocks = try BlockTable(
      blocksOf: inputs[0].shape, batchAxes: 0, indices: table?.indices ?? inputs[1].asInts,
      shape: table?.shape ?? inputs[1].shape)
    return [blocks.scattered(inputs[inputs.count - 1], over: inputs[0], reduction)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "ScatterND writes single slices")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    reduction == .none ? .shared : .float(reason: "ScatterND adds up in place")
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let shape = lowering.graph.type(of: node.inputs[0]).shape
    let blocks = table.flatMap {
      try? BlockTable(blocksOf: shape, batchAxes: 0, indices: $0.indices, shape: $0.shape)
    }
    try lowering.scatter(blocks, reduction, node)
  }
}
