public import EspalierGraph
public import EspalierOperators

/// A network of one layer, with weights drawn at random, to time its kernels on.
public enum LayerGraph {
  /// Weights of so many bytes do not stay in a core's own cache from one layer to the next.
  private static let coldBytes = 2 << 20
  private static let copyLimit = 6

  /// How often a layer stands in its network, with weights of its own, so that they come from where they come from
  /// in a large network: those that fit into a core's own cache several times must not find themselves there.
  public static func copies(_ shape: LayerShape) -> Int {
    let weights = shape.multiplyAdds / shape.pixels * (shape.precision == .float32 ? 4 : 1)
    guard weights > coldBytes / 32 else { return 1 }
    return min(copyLimit, max(1, (coldBytes + weights - 1) / weights))
  }

  /// Copies of the layer, all of one input; each output is an output.
  public static func make(_ shape: LayerShape) throws(ShapeError) -> Graph {
    var graph = Graph()
    var noise = UniformNoise()
    let extents = zip([shape.height, shape.width], zip(shape.strides, zip(shape.kernel, shape.dilations)))
      .map { output, window in
        let (stride, (kernel, dilation)) = window
        let needed = (output - 1) * stride + (kernel - 1) * dilation + 1
        // Padded as convolutions mostly are.
        return max(1, needed - (kernel - 1) * dilation)
      }
    let pads = zip(shape.kernel, shape.dilations).map { ($0 - 1) * $1 }
    let input = graph.appendInput(
      name: "input", type: TensorType(.float32, [shape.batch, shape.inputChannels] + extents))
    let before = pads.map { $0 / 2 }
    let layer = Layer(shape: shape, pads: before + zip(pads, before).map { $0 - $1 })
    let source = try layer.input(input, in: &graph)
    for copy in 0..<copies(shape) {
      let output = try layer.append(to: &graph, source, &noise, name: "layer\(copy)")
      graph.appendOutput(output, name: "output\(copy)")
    }
    return graph
  }

  private struct Layer {
    let shape: LayerShape
    let pads: [Int]
    private static let activations = Quantization(scale: 0.03, zeroPoint: 128)

    func input(_ value: ValueID, in graph: inout Graph) throws(ShapeError) -> ValueID {
      guard shape.precision == .bytes else { return value }
      return try graph.append(QuantizeLinear(Self.activations), name: "bytes", inputs: [value])[0]
    }

    func append(
      to graph: inout Graph, _ input: ValueID, _ noise: inout UniformNoise, name: String
    ) throws(ShapeError) -> ValueID {
      let filters = [shape.outputChannels, shape.inputChannels / shape.groups] + shape.kernel
      let count = filters.reduce(1, *)
      let bias = graph.appendConstant(
        name: "bias", Tensor(shape: [filters[0]], floats: (0..<filters[0]).map { _ in noise.next() }))
      let weights: Tensor =
        shape.precision == .float32
        ? Tensor(shape: filters, floats: (0..<count).map { _ in noise.next() })
        : Tensor(shape: filters, element: .int8, integers: (0..<count).map { _ in noise.nextByte() })
      let inputs = [input, graph.appendConstant(name: "weights", weights), bias]
      return try graph.append(operation, name: name, inputs: inputs)[0]
    }

    private var operation: any Operator {
      guard shape.precision == .bytes else {
        return Conv(
          strides: shape.strides, dilations: shape.dilations, pads: pads, groups: shape.groups,
          activation: .relu, hasBias: true)
      }
      return QuantizedConv(
        strides: shape.strides, dilations: shape.dilations, pads: pads, groups: shape.groups,
        input: Self.activations,
        weightScales: [Float](repeating: 0.001, count: shape.outputChannels), sum: Self.activations,
        activation: .relu, hasBias: true)
    }
  }
}

/// Numbers between -1 and 1, always the same.
///
/// Source: Vigna's SplitMix64.
private struct UniformNoise {
  private var state: UInt64 = 1

  mutating func next() -> Float { Float(Int64(bitPattern: bits()) >> 40) * 0x1p-23 }

  /// -63…63: pairs of products fit into 16 bits, as in weights that the quantizer makes for every processor.
  mutating func nextByte() -> Int64 { Int64(bits() >> 33) % 127 - 63 }

  private mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
