public import EspalierGraph

/// Channels become blocks of pixels: `[N, C, H, W]` to `[N, C / b², H b, W b]`.
///
/// Source: ONNX `DepthToSpace`, opset 13. DCR takes the block's position from the outer part of the
/// channel number, CRD from the inner.
public struct DepthToSpace: ViewingOperator, MovingOperator {
  public static let name = "DepthToSpace"
  public static let onnxNames = ["DepthToSpace"]

  public enum Mode: String, Sendable, Codable {
    case depthColumnRow = "DCR"
    case columnRowDepth = "CRD"
  }

  public var blockSize: Int
  public var mode: Mode

  public init(blockSize: Int, mode: Mode = .depthColumnRow) {
    self.blockSize = blockSize
    self.mode = mode
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0).value
    guard let blockSize = try node.int("blocksize") else { throw node.invalid("blocksize", "is missing") }
    let name = try node.string("mode") ?? "DCR"
    guard let mode = Mode(rawValue: name) else { throw node.invalid("mode", "'\(name)' is not known") }
    let op = DepthToSpace(blockSize: blockSize, mode: mode)
    return try builder.add(op, [data], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(
      Self.name, attributes: ["blocksize": .number(blockSize), "mode": .string(mode.rawValue)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    let shape = inputs[0].shape
    guard shape.count == 4 else { throw .rank(input: 0, expected: "4", found: inputs[0]) }
    guard blockSize > 0, blockSize <= 1 << 15, shape[1] % (blockSize * blockSize) == 0 else {
      throw .attribute("blocksize", problem: "\(blockSize) does not divide the channels of \(inputs[0])")
    }
    return [
      TensorType(
        inputs[0].element,
        [shape[0], shape[1] / blockSize / blockSize, shape[2] * blockSize, shape[3] * blockSize])
    ]
  }

  /// The channel axis split in three, and the order [N, C / b², H, b, W, b] of the six axes.
  private func steps(_ shape: Shape) -> (split: Shape, permutation: [Int]) {
    let channels = shape[1] / blockSize / blockSize
    return switch mode {
    case .depthColumnRow:
      ([shape[0], blockSize, blockSize, channels, shape[2], shape[3]], [0, 3, 4, 1, 5, 2])
    case .columnRowDepth:
      ([shape[0], channels, blockSize, blockSize, shape[2], shape[3]], [0, 1, 4, 2, 5, 3])
    }
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let (shape, b) = (inputs[0].shape, blockSize)
    let (split, permutation) = steps(shape)
    let strides = split.rowMajorStrides
    let moved = inputs[0].walked(
      shape: permutation.map { split[$0] }, strides: permutation.map { strides[$0] })
    return [moved.reshaped(to: [shape[0], shape[1] / b / b, shape[2] * b, shape[3] * b])]
  }

  /// All b² channels that make one output channel stand or fall together.
  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    let area = blockSize * blockSize
    let channels = inputs[0].shape[1] / area
    return .merged(
      (0..<channels).map { channel in
        (0..<area).map { mode == .depthColumnRow ? $0 * channels + channel : channel * area + $0 }
      })
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.stored(node.inputs[0])
    let (split, permutation) = steps(source.shape)
    let moved = source.splitting(axis: 1, into: Array(split[1...3])).transposed(permutation)
    let output = lowering.allocate(node.outputs[0])
    let target = output.splitting(axis: 3, into: [source.shape[3], blockSize])
      .splitting(axis: 2, into: [source.shape[2], blockSize])
    try lowering.copy(from: moved, to: target)
  }
}

/// Blocks of pixels become channels: `[N, C, H, W]` to `[N, C b², H / b, W / b]`, the block's position being
/// the outer part of the channel number.
///
/// Source: ONNX `SpaceToDepth`, opset 13.
public struct SpaceToDepth: ViewingOperator, MovingOperator {
  public static let name = "SpaceToDepth"
  public static let onnxNames = ["SpaceToDepth"]

  public var blockSize: Int

  public init(blockSize: Int) { self.blockSize = blockSize }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0).value
    guard let blockSize = try node.int("blocksize") else { throw node.invalid("blocksize", "is missing") }
    return try builder.add(SpaceToDepth(blockSize: blockSize), [data], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name, attributes: ["blocksize": .number(blockSize)])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    let (shape, b) = (inputs[0].shape, blockSize)
    guard shape.count == 4 else { throw .rank(input: 0, expected: "4", found: inputs[0]) }
    guard b > 0, b <= 1 << 15, shape[2] % b == 0, shape[3] % b == 0 else {
      throw .attribute("blocksize", problem: "\(b) does not divide the pixels of \(inputs[0])")
    }
    return [TensorType(inputs[0].element, [shape[0], shape[1] * b * b, shape[2] / b, shape[3] / b])]
  }

  /// From [N, C, H / b, b, W / b, b] to [N, b, b, C, H / b, W / b].
  private static let permutation = [0, 3, 5, 1, 2, 4]

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let (shape, b) = (inputs[0].shape, blockSize)
    let split = [shape[0], shape[1], shape[2] / b, b, shape[3] / b, b]
    let strides = split.rowMajorStrides
    let moved = inputs[0].walked(
      shape: Self.permutation.map { split[$0] }, strides: Self.permutation.map { strides[$0] })
    return [moved.reshaped(to: [shape[0], shape[1] * b * b, shape[2] / b, shape[3] / b])]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    let channels = inputs[0].shape[1]
    return .selected([(0..<channels * blockSize * blockSize).map { $0 % channels }])
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.stored(node.inputs[0])
    let (shape, b) = (source.shape, blockSize)
    let moved = source.splitting(axis: 3, into: [shape[3] / b, b])
      .splitting(axis: 2, into: [shape[2] / b, b]).transposed(Self.permutation)
    let output = lowering.allocate(node.outputs[0])
    try lowering.copy(from: moved, to: output.splitting(axis: 1, into: [b, b, shape[1]]))
  }
}
