public import EspalierGraph

/// Convolution whose taps are moved by offsets that the frame computes: `y = Σ w · m · x(tap + offset) + bias`.
///
/// Inputs: `x` `[N, C, H, W]`, `w` `[M, C / groups, KH, KW]`, `offset` `[N, offsetGroups · KH · KW · 2, OH, OW]` (y, then
/// x, of each tap), then, where the flags say so, `bias` `[M]` and `mask` `[N, offsetGroups · KH · KW, OH, OW]`. Between
/// pixels x is interpolated linearly, outside it is 0.
///
/// Source: ONNX `DeformConv`, opset 22; Zhu et al. 2019, equation 1.
public struct DeformConv: LowerableOperator {
  public static let name = "DeformConv"
  public static let onnxNames = ["DeformConv"]

  public var strides: [Int]
  public var dilations: [Int]
  /// Zeros at the top, left, bottom and right.
  public var pads: [Int]
  public var groups: Int
  /// Neighboring input channels of one of these groups have the same offsets.
  public var offsetGroups: Int
  public var hasBias: Bool
  public var hasMask: Bool

  public init(
    strides: [Int] = [1, 1], dilations: [Int] = [1, 1], pads: [Int] = [0, 0, 0, 0], groups: Int = 1,
    offsetGroups: Int = 1, hasBias: Bool = false, hasMask: Bool = false
  ) {
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
    self.groups = groups
    self.offsetGroups = offsetGroups
    self.hasBias = hasBias
    self.hasMask = hasMask
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let weights = try node.requiredInput(1)
    let kernel = Array(weights.type.shape.dropFirst(2))
    if let named = try node.ints("kernel_shape"), named != kernel {
      throw node.invalid("kernel_shape", "is \(named), but the weights are \(weights.type)")
    }
    let window = try node.window(kernel: kernel, over: try node.spatialExtents(ofInput: 0))
    let op = DeformConv(
      strides: window.strides, dilations: window.dilations, pads: window.pads,
      groups: try node.int("group") ?? 1, offsetGroups: try node.int("offset_group") ?? 1,
      hasBias: node.input(3) != nil, hasMask: node.input(4) != nil)
    let inputs = [
      try node.requiredInput(0).value, weights.value, try node.requiredInput(2).value,
    ]
    let optional = [node.input(3), node.input(4)].compactMap { $0?.value }
    return try builder.add(op, inputs + optional, outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    throw builder.noForm("DeformConv came with opset 19")
  }

  // MARK: - Output types

  func window(_ weights: Shape) -> Window {
    Window(kernel: Array(weights.dropFirst(2)), strides: strides, dilations: dilations, pads: pads)
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let expected = 3 + (hasBias ? 1 : 0) + (hasMask ? 1 : 0)
    guard inputs.count == expected else { throw .inputCount(expected: "\(expected)", found: inputs.count) }
    let (x, w) = (inputs[0], inputs[1])
    for index in 0..<2 where inputs[index].rank != 4 {
      throw .rank(input: index, expected: "4", found: inputs[index])
    }
    for (index, input) in inputs.enumerated() where !input.element.isFloating {
      throw .element(input: index, expected: "floats", found: input)
    }
    guard groups >= 1, w.shape[0] % groups == 0, x.shape[1] % groups == 0 else {
      throw .attribute(
        "group", problem: "is \(groups), which divides not both \(x.shape[1]) and \(w.shape[0]) channels")
    }
    guard w.shape[1] == x.shape[1] / groups else {
      throw .extent(input: 1, axis: 1, expected: x.shape[1] / groups, found: w)
    }
    guard offsetGroups >= 1, x.shape[1] % offsetGroups == 0 else {
      throw .attribute(
        "offset_group", problem: "is \(offsetGroups), which does not divide \(x.shape[1]) channels")
    }
    let spatial = try window(w.shape).outputExtents(of: Array(x.shape[2...]))
    let taps = offsetGroups * w.shape[2] * w.shape[3]
    try require(inputs[2], input: 2, [x.shape[0], 2 * taps] + spatial)
    if hasBias { try require(inputs[3], input: 3, [w.shape[0]]) }
    if hasMask { try require(inputs[expected - 1], input: expected - 1, [x.shape[0], taps] + spatial) }
    return [TensorType(x.element, [x.shape[0], w.shape[0]] + spatial)]
  }

  private func require(_ found: TensorType, input: Int, _ shape: Shape) throws(ShapeError) {
    guard found.rank == shape.count else {
      throw .rank(input: input, expected: "\(shape.count)", found: found)
    }
    for axis in shape.indices where found.shape[axis] != shape[axis] {
      throw .extent(input: input, axis: axis, expected: shape[axis], found: found)
    }
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    guard let type = try? inferOutputs(inputs.map(\.type))[0] else {
      preconditionFailure("evaluate is called with inputs that inferOutputs accepts")
    }
    let columns = columns(inputs, type.shape)
    let (weights, bias) = (inputs[1].floats, hasBias ? inputs[3].floats : nil)
    let (channels, outputs) = (inputs[0].shape[1], type.shape[1])
    let (taps, places) = (inputs[1].shape[2] * inputs[1].shape[3], type.shape[2] * type.shape[3])
    let depth = channels / groups * taps
    var result: [Float] = []
    for image in 0..<type.shape[0] {
      for output in 0..<outputs {
        let group = output / (outputs / groups)
        for place in 0..<places {
          var sum = Double(bias?[output] ?? 0)
          for k in 0..<depth {
            let column = (image * channels * taps + group * depth + k) * places + place
            sum += Double(weights[output * depth + k]) * columns[column]
          }
          result.append(Float(sum))
        }
      }
    }
    return [Tensor(shape: type.shape, element: type.element, floats: result)]
  }

  /// `[N, C, KH · KW, OH · OW]`: what each tap reads, masked.
  private func columns(_ inputs: [Tensor], _ output: Shape) -> [Double] {
    let (x, offsets) = (inputs[0], inputs[2].floats)
    let mask = hasMask ? inputs[inputs.count - 1].floats : nil
    let (channels, spatial, kernel) = (x.shape[1], Array(x.shape[2...]), Array(inputs[1].shape[2...]))
    let places = output[2] * output[3]
    let sampler = GridSample()
    var result: [Double] = []
    for part in 0..<x.shape[0] * channels {
      let group = part % channels / (channels / offsetGroups)
      forEachIndex(of: kernel) { tap, number in
        let first = ((part / channels * offsetGroups + group) * kernel.elementCount + number) * places
        forEachIndex(of: [output[2], output[3]]) { place, at in
          let taps = (0..<2).map { axis in
            let fixed = place[axis] * strides[axis] + tap[axis] * dilations[axis] - pads[axis]
            let moved = offsets[2 * first + axis * places + at] + Float(fixed)
            return sampler.taps(at: moved, extent: spatial[axis])
          }
          let value = sampler.weightedSum(
            x.floats, from: part * spatial.elementCount, spatial: spatial, taps)
          result.append(value * Double(mask?[first + at] ?? 1))
        }
      }
    }
    return result
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "DeformConv reads places that other channels name")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "DeformConv computes its weights from the frame")
  }
}
