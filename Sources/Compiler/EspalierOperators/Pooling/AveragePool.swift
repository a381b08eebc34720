public import EspalierGraph

/// The mean of the elements under a window.
///
/// Input: `x` `[N, C, spatial…]`.
///
/// Source: ONNX `AveragePool`, opset 22.
public struct AveragePool: LowerableOperator {
  public static let name = "AveragePool"
  public static let onnxNames = ["AveragePool"]

  public var kernel: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  /// Padding before each spatial axis, then behind each.
  public var pads: [Int]
  /// Whether the last window may reach beyond the padded input.
  public var roundsUp: Bool
  /// Whether the mean counts taps on padding as zeros; what lies beyond the padding never counts.
  public var countsPadding: Bool

  public init(
    kernel: [Int], strides: [Int], dilations: [Int] = [1, 1], pads: [Int] = [0, 0, 0, 0],
    roundsUp: Bool = false, countsPadding: Bool = false
  ) {
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
    self.roundsUp = roundsUp
    self.countsPadding = countsPadding
  }

  public var window: Window {
    Window(kernel: kernel, strides: strides, dilations: dilations, pads: pads)
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let window = try node.poolingWindow()
    let pool = AveragePool(
      kernel: window.kernel, strides: window.strides, dilations: window.dilations, pads: window.pads,
      roundsUp: try node.int("ceil_mode") ?? 0 != 0,
      countsPadding: try node.int("count_include_pad") ?? 0 != 0)
    return try builder.add(pool, [node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    guard dilations.allSatisfy({ $0 == 1 }) else {
      throw builder.noForm("dilations \(dilations) came with opset 19")
    }
    builder.write(
      Self.name,
      attributes: window.poolingAttributes.merging([
        "ceil_mode": .flag(roundsUp), "count_include_pad": .flag(countsPadding),
      ]) { $1 })
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let output = try window.pooled(inputs, roundsUp: roundsUp)
    guard output.element.isFloating else {
      throw .element(input: 0, expected: "floats", found: inputs[0])
    }
    return [output]
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let plane = window.plane(of: inputs[0].type, roundsUp: roundsUp)
    let x = inputs[0].floats
    let counts = divisors(of: inputs[0].shape, plane)
    var result: [Float] = []
    for channel in 0..<plane.channels {
      var sums = [Double](repeating: 0, count: plane.outputCount)
      for row in plane.segments.joined() {
        for i in 0..<row.count {
          sums[row.output + i] += Double(x[channel * plane.inputCount + row.input + i * plane.step])
        }
      }
      result += zip(sums, counts).map { $1 == 0 ? 0 : Float($0 / Double($1)) }
    }
    return [Tensor(shape: plane.shape, element: inputs[0].type.element, floats: result)]
  }

  /// What the sum of each output element is divided by.
  func divisors(of shape: Shape, _ plane: PooledPlane) -> [Int] {
    countsPadding ? tapsOnPaddedInput(shape, plane) : tapsOnInput(plane)
  }

  private func tapsOnInput(_ plane: PooledPlane) -> [Int] {
    var counts = [Int](repeating: 0, count: plane.outputCount)
    for row in plane.segments.joined() {
      for i in 0..<row.count { counts[row.output + i] += 1 }
    }
    return counts
  }

  /// As over an input that really has the padding.
  private func tapsOnPaddedInput(_ shape: Shape, _ plane: PooledPlane) -> [Int] {
    var unpadded = window
    unpadded.pads = pads.map { _ in 0 }
    let padded = (0..<window.rank).map { shape[$0 + 2] + window.before($0) + window.behind($0) }
    var counted = plane
    counted.segments = unpadded.segments(input: padded, output: Array(plane.shape.dropFirst(2)))
    return tapsOnInput(counted)
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    .featureMap(inputs[0])
  }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    try lowering.pool(
      node, window, mode: countsPadding ? .averagePadded : .average)
  }
}
