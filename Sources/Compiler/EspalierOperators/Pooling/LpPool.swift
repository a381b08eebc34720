public import EspalierGraph
internal import Foundation

/// The p-norm of the elements under a window: `(Σ |x|^p)^(1/p)`; padding counts as zeros.
///
/// Input: `x` `[N, C, spatial…]`.
///
/// Source: ONNX `LpPool`, opset 22.
public struct LpPool: LowerableOperator {
  public static let name = "LpPool"
  public static let onnxNames = ["LpPool", "GlobalLpPool"]

  public var p: Int
  public var kernel: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  /// Padding before each spatial axis, then behind each.
  public var pads: [Int]
  /// Whether the last window may reach beyond the padded input.
  public var roundsUp: Bool

  public init(
    p: Int = 2, kernel: [Int], strides: [Int], dilations: [Int] = [1, 1], pads: [Int] = [0, 0, 0, 0],
    roundsUp: Bool = false
  ) {
    self.p = p
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
    self.roundsUp = roundsUp
  }

  public var window: Window {
    Window(kernel: kernel, strides: strides, dilations: dilations, pads: pads)
  }

  // MARK: - Import

  /// A global pooling has a window as large as its input.
  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let window: Window
    if node.type == "GlobalLpPool" {
      let spatial = try node.spatialExtents(ofInput: 0)
      let ones = spatial.map { _ in 1 }
      window = Window(kernel: spatial, strides: ones, dilations: ones, pads: (ones + ones).map { _ in 0 })
    } else {
      window = try node.poolingWindow()
    }
    let pool = LpPool(
      p: try node.int("p") ?? 2, kernel: window.kernel, strides: window.strides,
      dilations: window.dilations, pads: window.pads,
      roundsUp: try node.int("ceil_mode") ?? 0 != 0)
    return try builder.add(pool, [node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    guard dilations.allSatisfy({ $0 == 1 }), !roundsUp else {
      throw builder.noForm("dilations and ceil_mode came with opset 18")
    }
    builder.write(Self.name, attributes: window.poolingAttributes.merging(["p": .number(p)]) { $1 })
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard (1...Window.limit).contains(p) else {
      throw .attribute("p", problem: "must be positive, but is \(p)")
    }
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
    var result: [Float] = []
    for channel in 0..<plane.channels {
      var sums = [Double](repeating: 0, count: plane.outputCount)
      for row in plane.segments.joined() {
        for i in 0..<row.count {
          let element = Double(x[channel * plane.inputCount + row.input + i * plane.step])
          sums[row.output + i] += pow(element.magnitude, Double(p))
        }
      }
      result += sums.map { Float(pow($0, 1 / Double(p))) }
    }
    return [Tensor(shape: plane.shape, element: inputs[0].type.element, floats: result)]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "powers need more range than integers of 8 bits have")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    .featureMap(inputs[0])
  }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    try lowering.pool(node, window, mode: .lp, p: Float(p))
  }
}
