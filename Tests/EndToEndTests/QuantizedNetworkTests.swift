import EspalierGraph
import EspalierObserve
import EspalierOperators
import EspalierPasses
import EspalierPlan
import EspalierRuntime
import Testing

/// A network of everything that has 8-bit kernels, quantized from random frames.
@Suite("A quantized network") struct QuantizedNetworkTests {
  private static let identity = "{kind = \"identity\", alpha = 0, beta = 0}"

  private static func function(_ kind: String) -> String {
    let (alpha, beta) = ["clip": (0, 1.5), "leakyRelu": (0.1, 0)][kind] ?? (1, 0)
    return "{kind = \"\(kind)\", alpha = \(alpha), beta = \(beta)}"
  }

  private static func conv(
    _ inputs: String, stride: Int = 1, pad: Int = 0, groups: Int = 1, _ activation: String = "identity",
    residual: Bool = false
  ) -> String {
    """
    Conv(\(inputs)) {strides = [\(stride), \(stride)], dilations = [1, 1], \
    pads = [\(pad), \(pad), \(pad), \(pad)], groups = \(groups), activation = \(function(activation)), \
    hasBias = true, hasResidual = \(residual)}
    """
  }

  /// Odd channel counts, a residual, a gate, a branch that shrinks and grows again, a classifier.
  private static let text = """
    input %x : float32[1, 3, 21, 18]
    %w1 = constant float32[13, 3, 3, 3] random 1
    %b1 = constant float32[13] random 2
    %w2 = constant float32[13, 1, 3, 3] random 3
    %w3 = constant float32[13, 13, 1, 1] random 4
    %w4 = constant float32[13, 1, 5, 5] random 5
    %w5 = constant float32[18, 26, 3, 3] random 6
    %b5 = constant float32[18] random 7
    %w6 = constant float32[18, 18, 1, 1] random 8
    %w7 = constant float32[7, 18] random 9
    %b7 = constant float32[7] random 10
    %a = \(conv("%x, %w1, %b1", stride: 2, pad: 1, "relu"))
    %d = \(conv("%a, %w2, %b1", pad: 1, groups: 13, "clip"))
    %p = \(conv("%d, %w3, %b1", "silu"))
    %r = \(conv("%p, %w3, %b1, %a", "relu", residual: true))
    %m = MaxPool(%r) {kernel = [2, 2], strides = [2, 2], dilations = [1, 1], pads = [0, 0, 0, 0], \
    roundsUp = true, givesIndices = false, countsColumns = false}
    %v = \(conv("%m, %w4, %b1", stride: 1, pad: 2, groups: 13, "leakyRelu"))
    %u = Resize(%v) {mode = "nearest", coordinates = "asymmetric", nearest = "floor", cubicCoefficient = -0.75, \
    excludesOutside = false, antialiases = false, extrapolationValue = 0, \
    axes = [{axis = 2, extent = 11, scale = 1.8333334, length = 11, start = 0, end = 1}, \
    {axis = 3, extent = 9, scale = 1.8, length = 9, start = 0, end = 1}]}
    %c = Concat(%r, %u) {axis = 1}
    %e = \(conv("%c, %w5, %b5", pad: 1, "hardSwish"))
    %g = Reduce(%e) {kind = "mean", axes = [2, 3], keepsAxes = true}
    %h = \(conv("%g, %w6, %b5", "sigmoid"))
    %s = Binary(%e, %h) {kind = "multiply", activation = \(identity)}
    %t = Binary(%s, %e) {kind = "add", activation = \(identity)}
    %q = AveragePool(%t) {kernel = [3, 3], strides = [2, 2], dilations = [1, 1], pads = [1, 1, 1, 1], \
    roundsUp = false, countsPadding = true}
    %k = Reduce(%q) {kind = "mean", axes = [2, 3], keepsAxes = true}
    %f = Reshape(%k) {shape = [1, 18], allowsZero = false}
    %y = Gemm(%f, %w7, %b7) {alpha = 1, beta = 1, transposesA = false, transposesB = true, hasAddend = true, \
    activation = \(identity)}
    output %y
    """

  private let frames = (0..<6).map { Tensor.random(TensorType(.float32, [1, 3, 21, 18]), seed: 50 + $0) }

  private func quantized() throws -> PostTrainingQuantization {
    let operators = Dictionary(
      uniqueKeysWithValues: OperatorRegistry.operators.map { ($0.name, $0 as any Operator.Type) })
    let graph = try Graph(text: Self.text, operators: operators)
    let frames = frames
    let group = FrameGroup(name: "noise", frames: frames.indices.map { "\($0)" }) { [frames[$0].floats] }
    return try PostTrainingQuantization(
      of: graph, groups: [group], options: .init(),
      engine: { graph in
        let model = try model(graph)
        return { inputs in
          var session = try Session(model)
          return try session.run(inputs)
        }
      })
  }

  private func model(_ graph: Graph, _ choices: KernelChoices = .init()) throws -> Model {
    try Model(bytes: try PlanWriter.bytes(of: try Pipeline.lower(graph, choices: choices)))
  }

  @Test func `computes every layer in 8 bits`() throws {
    let network = try quantized()
    #expect(network.plan.reasons.isEmpty)
    let families = try Pipeline.lower(network.graph).calls.map(\.family)
    #expect(families.allSatisfy { $0 >= 17 }, "only kernels for bytes")
    #expect(Set(families).isSuperset(of: [17, 18, 19, 20, 24, 26]))
  }

  @Test(arguments: InstructionSet.allCases)
  func `gives the bits of the reference on every instruction set and number of threads`(
    limit: InstructionSet
  ) throws {
    let graph = try quantized().graph
    let model = try model(graph)
    for threads in 1...4 {
      var session = try Session(model, threads: threads, limit: limit)
      for frame in frames {
        let expected = try Interpreter.run(graph, inputs: [frame])[0].floats
        let found = try session.run([frame.floats])[0]
        #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(threads) threads")
      }
    }
  }

  @Test(arguments: InstructionSet.allCases, [4, 2])
  func `gives the bits of the reference by Winograd's algorithm`(limit: InstructionSet, tile: Int) throws {
    let graph = try quantized().graph
    let choices = KernelChoices.winograd(tile: tile, in: graph)
    #expect(try Pipeline.lower(graph, choices: choices).calls.contains { $0.family == 27 })
    let model = try model(graph, choices)
    for threads in 1...4 {
      var session = try Session(model, threads: threads, limit: limit)
      for frame in frames {
        let expected = try Interpreter.run(graph, inputs: [frame])[0].floats
        let found = try session.run([frame.floats])[0]
        #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(threads) threads")
      }
    }
  }

  @Test func `stays close to what float32 computes`() throws {
    let network = try quantized()
    var exact = try Session(try model(network.source))
    var rounded = try Session(try model(network.graph))
    for frame in frames {
      let difference = Difference(try rounded.run([frame.floats])[0], try exact.run([frame.floats])[0])
      #expect(difference.cosine > 0.99)
    }
  }
}
