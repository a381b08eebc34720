public import EspalierGraph

/// Convolution or matrix product of quantized tensors, exact in int32 up to the one rounding of each output.
///
///     sum = Σ (x - zx) sx (w sw[m]) + bias[m] + (r - zr) sr
///     y   = quantized(activation(sum))
///
/// Inputs: `x` `[N, C, spatial…]` or `[N, C]`, `w` `[M, C / groups, kernel…]` or `[M, C]` of `int8`, then, where
/// the flags say so, `bias` `[M]` in float32 and the residual `r` of the output's shape. Where `sum` is nil the
/// output is float32 and the activation at most a clamp.
///
/// Source: ONNX `QLinearConv` opset 10, `QLinearMatMul` opset 21 (with constant B); activation and residual are
/// what passes fuse into it.
public struct QuantizedConv: PaddingByteOperator {
  public static let name = "QuantizedConv"
  public static let onnxNames: [String] = []

  public var strides: [Int]
  public var dilations: [Int]
  public var pads: [Int]
  public var groups: Int
  public var input: Quantization
  public var inputElement: ElementType
  /// One per output channel.
  public var weightScales: [Float]
  /// How the sum is quantized before the activation; nil for a float32 output.
  public var sum: Quantization?
  public var activation: ElementFunction
  /// How the output is quantized: `sum` unless a table of the activation stands between.
  public var output: Quantization?
  public var outputElement: ElementType
  public var residual: Quantization?
  public var hasBias: Bool

  public init(
    strides: [Int] = [], dilations: [Int] = [], pads: [Int] = [], groups: Int = 1, input: Quantization,
    inputElement: ElementType = .uint8, weightScales: [Float], sum: Quantization?,
    activation: ElementFunction = .identity,
    output: Quantization? = nil, outputElement: ElementType = .uint8, residual: Quantization? = nil,
    hasBias: Bool = false
  ) {
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
    self.groups = groups
    self.input = input
    self.inputElement = inputElement
    self.weightScales = weightScales
    self.sum = sum
    self.activation = activation
    self.output = output ?? sum
    self.outputElement = sum == nil ? .float32 : outputElement
    self.residual = residual
    self.hasBias = hasBias
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    throw node.invalid("operator", "is made by the compiler only")
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    throw .quantized(Self.name, node: node.name)
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let expected = 2 + (hasBias ? 1 : 0) + (residual == nil ? 0 : 1)
    guard inputs.count == expected else { throw .inputCount(expected: "\(expected)", found: inputs.count) }
    let (x, w) = (inputs[0], inputs[1])
    guard x.element == inputElement, x.element == .uint8 || x.element == .int8 else {
      throw .element(input: 0, expected: inputElement.rawValue, found: x)
    }
    guard w.element == .int8 else { throw .element(input: 1, expected: "int8", found: w) }
    guard x.rank >= 2 else { throw .rank(input: 0, expected: "at least 2", found: x) }
    guard w.rank == x.rank else { throw .rank(input: 1, expected: "\(x.rank)", found: w) }
    guard groups >= 1, w.shape[0] % groups == 0, x.shape[1] == w.shape[1] * groups else {
      throw .attribute("groups", problem: "is \(groups), which does not fit \(x) and \(w)")
    }
    guard weightScales.count == w.shape[0] else {
      throw .attribute("weightScales", problem: "are \(weightScales.count) for \(w.shape[0]) channels")
    }
    if hasBias, inputs[2].shape != [w.shape[0]] {
      throw .attribute("bias", problem: "is \(inputs[2]) for \(w.shape[0]) channels")
    }
    let spatial = x.rank == 2 ? [] : try window(w).outputExtents(of: Array(x.shape.dropFirst(2)))
    let output = TensorType(outputElement, [x.shape[0], w.shape[0]] + spatial)
    if residual != nil, inputs[expected - 1].shape != output.shape {
      throw .broadcast(inputs[expected - 1], output)
    }
    return [output]
  }

  func window(_ weights: TensorType) -> Window {
    Window(kernel: Array(weights.shape.dropFirst(2)), strides: strides, dilations: dilations, pads: pads)
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .mixed(groups: groups, weightOutputAxis: 0)
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }

  var residualIndex: Int? { residual == nil ? nil : (hasBias ? 3 : 2) }

  func isDepthwise(_ inputs: [TensorType]) -> Bool {
    groups > 1 && groups == inputs[0].shape[1] && inputs[1].shape[0] == groups && inputs[0].rank == 4
  }
}
