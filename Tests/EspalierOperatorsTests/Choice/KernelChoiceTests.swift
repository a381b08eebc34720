import CEspalierKernels
import EspalierGraph
import EspalierKernels
import EspalierOperators
import Testing

@Suite("Choosing kernels") struct KernelChoiceTests {
  private static let layer = LayerShape(
    .float32, height: 56, width: 28, inputChannels: 64, outputChannels: 128, kernel: [3, 3])

  @Test func `names a layer's shape in one line, and reads it back`() throws {
    #expect(Self.layer.description == "f32 1x56x28 64-128 k3x3 s1x1 d1x1 g1")
    let bytes = LayerShape(
      .bytes, batch: 2, height: 7, width: 9, inputChannels: 24, outputChannels: 12, kernel: [5, 3],
      strides: [2, 1], dilations: [1, 4], groups: 12)
    for shape in [Self.layer, bytes] { #expect(LayerShape(shape.description) == shape) }
  }

  @Test(arguments: [
    "", "f32", "f16 1x56x28 64-128 k3x3 s1x1 d1x1 g1", "f32 1x56 64-128 k3x3 s1x1 d1x1 g1",
    "f32 1x56x28 64-128 k3x3 s1x1 d1x1", "f32 1x56x28 64-128 3x3 s1x1 d1x1 g1",
    "f32 0x56x28 64-128 k3x3 s1x1 d1x1 g1", "f32 1x56x28 64-128 k3x3 s1x1 d1x1 g3",
    "f32 1x56x28 64-128 k3x3 s1x1 d1x1 g99999999999999999999", "f32 1x56x28 64-128 k3x3 s1x1 d1x1 g0",
    "f32 1x56x28 64-128 k3x3 s1x1 d1x1 g1 more",
  ])
  func `takes no other text for a shape`(text: String) { #expect(LayerShape(text) == nil) }

  @Test func `offers every kernel that computes a layer, the favorite among them`() {
    var strided = Self.layer
    strided.strides = [2, 2]
    var depthwise = Self.layer
    (depthwise.inputChannels, depthwise.outputChannels, depthwise.groups) = (32, 32, 32)
    #expect(Self.layer.candidates.contains(.winograd(tile: 2)))
    #expect(strided.candidates == [.gemm(panelsInner: true), .gemm(panelsInner: false)])
    #expect(depthwise.candidates == [.depthwise])
    for shape in [Self.layer, strided, depthwise].flatMap({ [$0, $0.computed(in: .bytes)] }) {
      #expect(shape.candidates.contains(shape.favorite), "\(shape)")
      for choice in shape.candidates { #expect(KernelChoice(choice.description) == choice) }
    }
  }

  @Test func `keeps what differs from the favorites, as text too`() {
    var strided = Self.layer
    strided.strides = [2, 2]
    let choices = KernelChoices([
      Self.layer: .gemm(panelsInner: false), strided: strided.favorite,
      Self.layer.computed(in: .bytes): .depthwise,
    ])
    #expect(choices.description == "gemm-outer f32 1x56x28 64-128 k3x3 s1x1 d1x1 g1")
    let read = KernelChoices(choices.description + "\nwinograd-9 x\n\nnonsense")
    #expect(read[Self.layer] == .gemm(panelsInner: false))
    #expect(read[strided] == strided.favorite)
  }

  @Test func `gives a layer its favorite where it cannot have what was chosen`() {
    let choices = KernelChoices([Self.layer: .depthwise])
    #expect(choices[Self.layer] == Self.layer.favorite)
  }

  @Test func `is what lowering follows`() throws {
    var graph = Graph()
    let input = graph.appendInput(name: "x", type: TensorType(.float32, [1, 64, 56, 28]))
    let weights = graph.appendConstant(
      name: "w", Tensor(shape: [128, 64, 3, 3], floats: [Float](repeating: 0.5, count: 128 * 64 * 9)))
    let output = try graph.append(Conv(pads: [1, 1, 1, 1]), name: "conv", inputs: [input, weights])
    graph.appendOutput(output[0], name: "y")
    #expect(graph.layerShape(of: graph.nodes[0]) == Self.layer)
    func families(_ choices: KernelChoices) throws -> [UInt16] {
      var lowering = Lowering(graph, choices: choices)
      try lowering.lowerAll()
      return lowering.calls.map(\.family)
    }
    #expect(try families(KernelChoices()).contains(ConvWinogradParameters.family))
    let gemm = try families(KernelChoices([Self.layer: .gemm(panelsInner: true)]))
    #expect(gemm.contains(ConvGemmParameters.family))
    #expect(!gemm.contains(ConvWinogradParameters.family))
  }

  /// With 116 channels, filters of the largest weights leave the bits that Winograd's scaled sums have.
  @Test(arguments: [(115, true), (116, false)])
  func `gives bytes Winograd's algorithm only where their sums are proved to fit`(
    channels: Int, fits: Bool
  ) throws {
    var graph = Graph()
    let input = graph.appendInput(name: "x", type: TensorType(.float32, [1, channels, 6, 6]))
    let quantize = QuantizeLinear(scales: [0.5], zeroPoints: [3], element: .uint8)
    let bytes = try graph.append(quantize, name: "q", inputs: [input])[0]
    let shape = [16, channels, 3, 3]
    let weights = Tensor(
      shape: shape, element: .int8, integers: [Int64](repeating: 127, count: shape.elementCount))
    let conv = QuantizedConv(
      strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1],
      input: Quantization(scale: 0.5, zeroPoint: 3), inputElement: .uint8,
      weightScales: [Float](repeating: 0.01, count: 16), sum: Quantization(scale: 9, zeroPoint: 120))
    let operands = [bytes, graph.appendConstant(name: "w", weights)]
    graph.appendOutput(try graph.append(conv, name: "y", inputs: operands)[0], name: "y")
    let layer = try #require(graph.layerShape(of: graph.nodes[1]))
    #expect(layer.candidates.contains(.winograd(tile: 4)))
    var lowering = Lowering(graph, choices: KernelChoices([layer: .winograd(tile: 4)]))
    try lowering.lowerAll()
    #expect(lowering.calls.contains { $0.family == ByteConvWinogradParameters.family } == fits)
    #expect(lowering.calls.contains { $0.family == ByteConvGemmParameters.family } != fits)
  }
}
