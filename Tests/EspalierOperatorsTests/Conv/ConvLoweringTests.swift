import CEspalierKernels
import EspalierGraph
import EspalierOperators
import Testing

@Suite("Conv through the kernels") struct ConvLoweringTests {
  /// Everything that decides how a convolution is lowered.
  struct Shape2D: CustomTestStringConvertible {
    var channels: Int
    var outputs: Int
    var size: (h: Int, w: Int)
    var kernel: (h: Int, w: Int)
    var conv: Conv

    var testDescription: String {
      "\(channels) to \(outputs) channels, \(size) by \(kernel), \(conv)"
    }

    /// A convolution drawn at random: channels around the 16 lanes of a panel, odd sizes, every attribute.
    static func random(_ generator: inout SeededGenerator) -> Shape2D {
      func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
      let groups = [1, 1, 1, 2, 3, 8].randomElement(using: &generator) ?? 1
      let perGroup = [1, 2, 3, 5, 8, 17].randomElement(using: &generator) ?? 1
      let outputsPerGroup = [1, 2, 7, 16, 17, 33].randomElement(using: &generator) ?? 1
      var conv = Conv(
        strides: [pick(1...3), pick(1...3)], dilations: [pick(1...2), pick(1...2)],
        pads: (0..<4).map { _ in pick(0...2) }, groups: groups, hasBias: pick(0...1) == 0,
        hasResidual: pick(0...2) == 0)
      conv.activation =
        [.identity, .relu, ElementFunction(.clip, alpha: 0, beta: 6), ElementFunction(.silu, alpha: 1)]
        .randomElement(using: &generator) ?? .identity
      return Shape2D(
        channels: groups * perGroup, outputs: groups * outputsPerGroup, size: (pick(5...9), pick(5...11)),
        kernel: (pick(1...3), pick(1...3)), conv: conv)
    }

    static let drawn: [Shape2D] = {
      var generator = SeededGenerator(seed: 20_261_121)
      return (0..<60).map { _ in random(&generator) }
    }()

    /// Depthwise ones, all kernels that have a path of their own.
    static let depthwise: [Shape2D] = [1, 7, 8, 16, 33].flatMap { channels in
      [(3, 1), (3, 2), (5, 1), (5, 2), (2, 3)].map { kernel, stride in
        Shape2D(
          channels: channels, outputs: channels, size: (9, 10), kernel: (kernel, kernel),
          conv: Conv(
            strides: [stride, stride], pads: [1, 2, 1, 2], groups: channels, activation: .relu,
            hasBias: true, hasResidual: stride == 2))
      }
    }

    /// 3x3 ones that Winograd's algorithm takes: whole tiles and cut ones, pads from 0 to 2.
    static let winograd: [Shape2D] = [(16, 16), (17, 33), (48, 20)].flatMap { channels, outputs in
      [[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 2, 2]].map { pads in
        Shape2D(
          channels: channels, outputs: outputs, size: (18, 21), kernel: (3, 3),
          conv: Conv(pads: pads, activation: .relu, hasBias: true, hasResidual: pads[0] == 1))
      }
    }

    func node(seed: UInt64) throws -> OperatorCase {
      var generator = SeededGenerator(seed: seed)
      var inputs = [
        generator.tensor([2, channels, size.h, size.w]),
        generator.tensor([outputs, channels / conv.groups, kernel.h, kernel.w]),
      ]
      if conv.hasBias { inputs.append(generator.tensor([outputs])) }
      var plain = conv
      plain.hasResidual = false
      let output = try plain.inferOutputs(inputs.map(\.type))[0]
      if conv.hasResidual { inputs.append(generator.tensor(output.shape)) }
      return OperatorCase(conv, inputs, constants: conv.hasBias ? [1, 2] : [1])
    }
  }

  @Test(arguments: Shape2D.drawn + Shape2D.depthwise)
  func `agrees with the definition`(shape: Shape2D) throws {
    try shape.node(seed: 3).expectKernelsAgree(tolerance: 1e-5)
  }

  /// Winograd's sums are of other products, and larger ones: about a digit is lost.
  @Test(arguments: Shape2D.winograd)
  func `agrees with the definition by Winograd's algorithm`(shape: Shape2D) throws {
    let node = try shape.node(seed: 4)
    #expect(try LoweredExecutor(node.graph()).families.contains(2))
    try node.expectKernelsAgree(tolerance: 1e-4)
  }

  @Test func `reads the halo that the producing convolution leaves`() throws {
    var generator = SeededGenerator(seed: 5)
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 3, 8, 7]))
    let first = generator.tensor([9, 3, 3, 3])
    let second = generator.tensor([4, 9, 3, 2])
    let a = try graph.append(
      Conv(pads: [1, 1, 1, 1]), name: "a", inputs: [x, graph.appendConstant(name: "w1", first)])
    let b = try graph.append(
      Conv(strides: [2, 2], dilations: [2, 1], pads: [2, 0, 1, 1]), name: "b",
      inputs: [a[0], graph.appendConstant(name: "w2", second)])
    graph.appendOutput(b[0], name: "y")
    let frame = [generator.tensor([1, 3, 8, 7])]
    var executor = try LoweredExecutor(graph)
    // The input is copied once into an image; between the convolutions nothing moves.
    #expect(executor.families.filter { $0 == 7 }.count == 2)
    expectClose(try executor.run(frame)[0], try evaluate(graph, frame)[0])
  }

  @Test func `a 1x1 convolution of an image without halo is one row of pixels`() throws {
    var generator = SeededGenerator(seed: 6)
    let node = OperatorCase(
      Conv(), [generator.tensor([2, 8, 4, 5]), generator.tensor([16, 8, 1, 1])], constants: [1])
    var lowering = Lowering(try node.graph())
    try lowering.lowerAll()
    let call = try #require(lowering.calls.first { $0.family == 1 })
    #expect(call.parameters[..<3] == [1, 1, 40])
  }

  @Test func `the first layer reads a row of the window at once`() throws {
    var generator = SeededGenerator(seed: 7)
    let node = OperatorCase(
      Conv(strides: [2, 2], pads: [3, 3, 3, 3]),
      [generator.tensor([1, 3, 16, 16]), generator.tensor([4, 3, 7, 7])], constants: [1])
    var lowering = Lowering(try node.graph())
    try lowering.lowerAll()
    let call = try #require(lowering.calls.first { $0.family == 1 })
    // run_count and run_length
    #expect(call.parameters[15...16] == [7, 21])
    try node.expectKernelsAgree()
  }
}
