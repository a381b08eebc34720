public import EspalierGraph

/// Transposed convolution: `y = f(xᵀ∗ w + bias)`; every input element adds a window of weights to the output.
///
/// Output index `i · stride + k · dilation − pad` takes input index `i` times tap `k`.
///
/// Inputs: `x` `[N, C, spatial…]`, `w` `[C, M / groups, kernel…]` and, where `hasBias`, `bias` `[M]`. ONNX does
/// not know the activation: passes add it.
///
/// Source: ONNX `ConvTranspose`, opset 22.
public struct ConvTranspose: LowerableOperator {
  public static let name = "ConvTranspose"
  public static let onnxNames = ["ConvTranspose"]

  public var strides: [Int]
  public var dilations: [Int]
  /// What is cut off before each spatial axis, then behind each.
  public var pads: [Int]
  /// Elements more at the end of each spatial axis.
  public var outputPadding: [Int]
  public var groups: Int
  /// What the sum passes through last.
  public var activation: ElementFunction
  public var hasBias: Bool

  public init(
    strides: [Int] = [1, 1], dilations: [Int] = [1, 1], pads: [Int] = [0, 0, 0, 0],
    outputPadding: [Int] = [0, 0], groups: Int = 1, activation: ElementFunction = .identity,
    hasBias: Bool = false
  ) {
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
    self.outputPadding = outputPadding
    self.groups = groups
    self.activation = activation
    self.hasBias = hasBias
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let expected = hasBias ? 3 : 2
    guard inputs.count == expected else {
      throw .inputCount(expected: "\(expected)", found: inputs.count)
    }
    let (x, w) = (inputs[0], inputs[1])
    guard x.element.isFloating else { throw .element(input: 0, expected: "floats", found: x) }
    guard x.rank >= 3 else { throw .rank(input: 0, expected: "at least 3", found: x) }
    guard w.rank == x.rank else { throw .rank(input: 1, expected: "\(x.rank)", found: w) }
    guard groups >= 1, x.shape[1] % groups == 0 else {
      throw .attribute("group", problem: "is \(groups), which does not divide \(x.shape[1]) channels")
    }
    guard w.shape[0] == x.shape[1] else {
      throw .extent(input: 1, axis: 0, expected: x.shape[1], found: w)
    }
    let (channels, overflow) = w.shape[1].multipliedReportingOverflow(by: groups)
    guard !overflow, !hasBias || inputs[2].shape == [channels] else {
      throw .attribute("group", problem: "is \(groups), which does not fit the bias \(inputs[expected - 1])")
    }
    return [TensorType(x.element, [x.shape[0], channels] + (try outputExtents(x, w)))]
  }

  private func outputExtents(_ x: TensorType, _ w: TensorType) throws(ShapeError) -> [Int] {
    let window = window(w)
    try window.validate(rank: x.rank - 2)
    try Window.check(outputPadding, "output_padding", count: x.rank - 2, range: 0...Window.limit)
    var extents: [Int] = []
    for axis in 0..<window.rank {
      let reach = strides[axis] * (x.shape[axis + 2] - 1) + window.span(axis) + outputPadding[axis]
      let extent = reach - window.before(axis) - window.behind(axis)
      guard extent > 0 else {
        throw .attribute("pads", problem: "cut off all \(reach) elements along spatial axis \(axis)")
      }
      extents.append(extent)
    }
    return extents
  }

  // MARK: - Reference

  /// The adjoint of a convolution: outputs and inputs change places, sums are taken in double precision.
  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    guard let type = try? inferOutputs(inputs.map(\.type))[0] else {
      preconditionFailure("evaluate is called with inputs that inferOutputs accepts")
    }
    let (x, w) = (inputs[0].floats, inputs[1].floats)
    let (spatial, made) = (Array(inputs[0].shape.dropFirst(2)), Array(type.shape.dropFirst(2)))
    let segments = window(inputs[1].type).segments(input: made, output: spatial)
    let (inputPlane, outputPlane) = (spatial.elementCount, made.elementCount)
    let channels = inputs[0].shape[1] / groups
    let outputs = inputs[1].shape[1]
    let step = strides[strides.count - 1]

    var result: [Float] = []
    for n in 0..<type.shape[0] {
      for m in 0..<type.shape[1] {
        let bias = hasBias ? inputs[2].floats[m] : 0
        var sums = [Double](repeating: Double(bias), count: outputPlane)
        for c in m / outputs * channels..<(m / outputs + 1) * channels {
          let plane = (n * inputs[0].shape[1] + c) * inputPlane
          for (tap, rows) in segments.enumerated() {
            let weight = Double(w[(c * outputs + m % outputs) * segments.count + tap])
            for row in rows {
              for i in 0..<row.count {
                sums[row.input + i * step] += weight * Double(x[plane + row.output + i])
              }
            }
          }
        }
        result += sums.map { activation.apply(Float($0)) }
      }
    }
    return [Tensor(shape: type.shape, element: type.element, floats: result)]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    groups == inputs[0].shape[1] && inputs[1].shape[1] == 1
      ? .passThrough : .mixed(groups: groups, weightOutputAxis: 1)
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }

  // MARK: - What passes ask

  /// The window that an input element spreads over the output.
  ///
  /// - Parameter weights: Input 1.
  public func window(_ weights: TensorType) -> Window {
    Window(
      kernel: Array(weights.shape.dropFirst(2)), strides: strides, dilations: dilations, pads: pads)
  }

  /// The same operator with another function behind it.
  public func withActivation(_ activation: ElementFunction) -> ConvTranspose {
    var other = self
    other.activation = activation
    return other
  }
}
