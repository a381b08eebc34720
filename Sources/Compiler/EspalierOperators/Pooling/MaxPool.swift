public import EspalierGraph

/// The largest element under a window; padding never wins, a NaN does.
///
/// Inputs: `x` `[N, C, spatial…]`. Outputs: the maxima and, where wanted, where they stood: the index into
/// `x`'s elements row by row, or, with `storage_order` 1, with the spatial axes of each channel column by
/// column.
///
/// Source: ONNX `MaxPool`, opset 22.
public struct MaxPool: ByteOperator {
  public static let name = "MaxPool"
  public static let onnxNames = ["MaxPool"]

  public var kernel: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  /// Padding before each spatial axis, then behind each.
  public var pads: [Int]
  /// Whether the last window may reach beyond the padded input.
  public var roundsUp: Bool
  public var givesIndices: Bool
  /// Whether indices count column by column.
  public var countsColumns: Bool

  public init(
    kernel: [Int], strides: [Int], dilations: [Int] = [1, 1], pads: [Int] = [0, 0, 0, 0],
    roundsUp: Bool = false, givesIndices: Bool = false, countsColumns: Bool = false
  ) {
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
    self.roundsUp = roundsUp
    self.givesIndices = givesIndices
    self.countsColumns = countsColumns
  }

  public var window: Window {
    Window(kernel: kernel, strides: strides, dilations: dilations, pads: pads)
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let window = try node.poolingWindow()
    let pool = MaxPool(
      kernel: window.kernel, strides: window.strides, dilations: window.dilations, pads: window.pads,
      roundsUp: try node.int("ceil_mode") ?? 0 != 0, givesIndices: node.isRead(output: 1),
      countsColumns: try node.int("storage_order") ?? 0 != 0)
    return try builder.add(pool, [node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(
      Self.name,
      attributes: window.poolingAttributes.merging([
        "dilations": .list(dilations), "ceil_mode": .flag(roundsUp), "storage_order": .flag(countsColumns),
      ]) { $1 })
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let output = try window.pooled(inputs, roundsUp: roundsUp)
    return givesIndices ? [output, TensorType(.int64, output.shape)] : [output]
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let input = inputs[0]
    let plane = window.plane(of: input.type, roundsUp: roundsUp)
    let values = input.asFloats
    var winners: [Int?] = []
    for channel in 0..<plane.channels {
      let start = channel * plane.inputCount
      var best = [Int?](repeating: nil, count: plane.outputCount)
      for rows in plane.segments {
        for row in rows {
          for i in 0..<row.count {
            let candidate = start + row.input + i * plane.step
            let wins = best[row.output + i].map { loses(values[$0], to: values[candidate]) } ?? true
            if wins { best[row.output + i] = candidate }
          }
        }
      }
      winners += best
    }
    let output = input.gathered(winners, shape: plane.shape, fill: lowest(input.type.element))
    guard givesIndices else { return [output] }
    let indices = winners.map { Int64($0.map { counted($0, input.shape) } ?? 0) }
    return [output, Tensor(shape: plane.shape, integers: indices)]
  }

  private func loses(_ best: Float, to candidate: Float) -> Bool {
    !best.isNaN && !(candidate <= best)
  }

  /// What a window without any element gives.
  private func lowest(_ element: ElementType) -> Double {
    element.isFloating ? -.infinity : element == .int8 ? -128 : 0
  }

  /// The number of an element, by `storage_order`.
  private func counted(_ position: Int, _ shape: Shape) -> Int {
    guard countsColumns else { return position }
    let spatial = Array(shape.dropFirst(2))
    let plane = spatial.elementCount
    var (rest, index, step) = (position % plane, 0, plane)
    for axis in spatial.indices.reversed() {
      step /= spatial[axis]
      index += rest % spatial[axis] * step
      rest /= spatial[axis]
    }
    return position / plane * plane + index
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    givesIndices ? .barrier(reason: "its indices count the elements of all channels") : .passThrough
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    .featureMap(inputs[0])
  }

  public func writesBytes(_ inputs: [Bool]) -> Bool { inputs[0] && !givesIndices && kernel.count == 2 }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    if lowering.storedAsBytes.contains(node.outputs[0]) {
      return try lowering.poolBytes(node, window, mode: .max)
    }
    guard !givesIndices else {
      throw .noKernel(node: node.name, type: Self.name, reason: "its Indices output is wanted")
    }
    try lowering.pool(node, window, mode: .max)
  }
}
