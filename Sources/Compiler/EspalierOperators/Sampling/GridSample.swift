public import EspalierGraph

/// Samples a feature map at the places that a grid names.
///
/// Inputs: `x` `[N, C, spatial…]` and `grid` `[N, outputs…, axes]`, whose last axis names the place in x, y (and z)
/// order; −1 and 1 are the borders of the map. A place that is no number gives 0.
///
/// Source: ONNX `GridSample`, opset 22 (volumes and the names `linear` and `cubic` from 20 on).
public struct GridSample: LowerableOperator {
  public enum Mode: String, Sendable, Codable { case nearest, linear, cubic }

  /// What is read outside of the map.
  public enum Padding: String, Sendable, Codable { case zeros, border, reflection }

  public static let name = "GridSample"
  public static let onnxNames = ["GridSample"]

  public var mode: Mode
  public var padding: Padding
  /// Whether −1 and 1 are the centers of the outermost elements, not their outer edges.
  public var alignsCorners: Bool

  public init(mode: Mode = .linear, padding: Padding = .zeros, alignsCorners: Bool = false) {
    self.mode = mode
    self.padding = padding
    self.alignsCorners = alignsCorners
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let name = try node.string("mode") ?? "linear"
    let names = ["bilinear": "linear", "bicubic": "cubic"]
    guard let mode = Mode(rawValue: names[name] ?? name) else {
      throw node.invalid("mode", "must be linear, nearest or cubic, but is '\(name)'")
    }
    let paddingName = try node.string("padding_mode") ?? "zeros"
    guard let padding = Padding(rawValue: paddingName) else {
      throw node.invalid("padding_mode", "must be zeros, border or reflection, but is '\(paddingName)'")
    }
    let op = GridSample(
      mode: mode, padding: padding, alignsCorners: try node.int("align_corners") ?? 0 != 0)
    let inputs = [try node.requiredInput(0).value, try node.requiredInput(1).value]
    return try builder.add(op, inputs, outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    guard builder.inputTypes[0].rank == 4 else { throw builder.noForm("volumes came with opset 20") }
    let names: [Mode: String] = [.linear: "bilinear", .cubic: "bicubic", .nearest: "nearest"]
    builder.write(
      Self.name,
      attributes: [
        "mode": .string(names[mode] ?? ""), "padding_mode": .string(padding.rawValue),
        "align_corners": .flag(alignsCorners),
      ])
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2 else { throw .inputCount(expected: "2", found: inputs.count) }
    let (x, grid) = (inputs[0], inputs[1])
    for (index, input) in inputs.enumerated() where !input.element.isFloating {
      throw .element(input: index, expected: "floats", found: input)
    }
    guard x.rank == 4 || x.rank == 5 else { throw .rank(input: 0, expected: "4 or 5", found: x) }
    guard !x.shape.contains(0) else {
      throw .attribute("mode", problem: "\(mode.rawValue) finds nothing in \(x)")
    }
    guard mode != .cubic || x.rank == 4 else {
      throw .attribute("mode", problem: "cubic takes two spatial axes, but the input is \(x)")
    }
    guard grid.rank == x.rank else { throw .rank(input: 1, expected: "\(x.rank)", found: grid) }
    for (axis, extent) in [(0, x.shape[0]), (x.rank - 1, x.rank - 2)] where grid.shape[axis] != extent {
      throw .extent(input: 1, axis: axis, expected: extent, found: grid)
    }
    return [TensorType(x.element, Array(x.shape[..<2]) + grid.shape[1..<x.rank - 1])]
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let (x, grid) = (inputs[0], inputs[1])
    let spatial = Array(x.shape.dropFirst(2))
    let outputs = Array(grid.shape[1..<grid.shape.count - 1])
    let (channels, count, places) = (x.shape[1], spatial.elementCount, outputs.elementCount)
    var result = [Float](repeating: 0, count: x.shape[0] * channels * places)
    for image in 0..<x.shape[0] {
      for place in 0..<places {
        let start = (image * places + place) * spatial.count
        let named = grid.floats[start..<start + spatial.count].reversed()
        let found = zip(named, spatial).map { taps(at: position($0, extent: $1), extent: $1) }
        for channel in 0..<channels {
          let map = (image * channels + channel) * count
          let sum = weightedSum(x.floats, from: map, spatial: spatial, found)
          result[(image * channels + channel) * places + place] = Float(sum)
        }
      }
    }
    return [Tensor(shape: Array(x.shape[..<2]) + outputs, element: x.type.element, floats: result)]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .coupled(axes: [1, nil]) }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "GridSample computes its weights from the frame")
  }
}
