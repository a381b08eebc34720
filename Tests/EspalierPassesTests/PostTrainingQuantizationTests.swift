import EspalierGraph
import EspalierObserve
import EspalierOperators
import EspalierPasses
import Testing

@Suite("Quantizing a network by frames") struct PostTrainingQuantizationTests {
  private static let network = """
    input %x : float32[1, 3, 8, 8]
    %w = constant float32[8, 3, 3, 3] random 1
    %c = constant float32[8] random 2
    %t = \(Text.conv("x", "w", "c", pad: 1, activation: "silu", hasBias: true))
    %v = constant float32[8, 1, 3, 3] random 3
    %d = \(Text.conv("t", "v", pad: 1, groups: 8, activation: "relu"))
    %u = constant float32[6, 8, 1, 1] random 4
    %y = \(Text.conv("d", "u"))
    output %y
    """

  /// Runs graphs by the definition of their operators.
  private static let engine: @Sendable (Graph) throws -> Observer.Execute = { graph in
    { inputs in
      let tensors = zip(graph.inputs, inputs).map {
        Tensor(shape: graph.type(of: $0).shape, floats: $1)
      }
      return try Interpreter.run(graph, inputs: tensors).map(\.asFloats)
    }
  }

  private static func frames(_ graph: Graph, _ count: Int, scale: Float = 2, seed: UInt64 = 40) -> FrameGroup
  {
    let type = graph.type(of: graph.inputs[0])
    let stack = (0..<count).map { frame in
      [Tensor.random(type, seed: seed + UInt64(frame)).floats.map { $0 * scale }]
    }
    return FrameGroup(name: "noise", frames: stack.indices.map { "\($0)" }) { stack[$0] }
  }

  private func quantize(
    _ graph: Graph, _ groups: [FrameGroup]? = nil,
    _ change: (inout PostTrainingQuantization.Options) -> Void = { _ in }
  ) throws -> PostTrainingQuantization {
    var options = PostTrainingQuantization.Options()
    change(&options)
    return try PostTrainingQuantization(
      of: graph, groups: groups ?? [Self.frames(graph, 6)], options: options, engine: Self.engine)
  }

  /// The same network with one of its constants changed.
  private func network(_ name: String, _ change: (inout [Float]) -> Void) throws -> Graph {
    let original = try graph(Self.network)
    var result = Graph()
    var values: [ValueID: ValueID] = [:]
    for input in original.inputs {
      values[input] = result.appendInput(name: original[input].name, type: original.type(of: input))
    }
    for node in original.nodes {
      for input in node.inputs where values[input] == nil {
        guard let constant = original.constant(of: input) else { continue }
        var floats = constant.floats
        if original[input].name == name { change(&floats) }
        values[input] = result.appendConstant(
          name: original[input].name, Tensor(shape: constant.shape, floats: floats))
      }
      let outputs = try result.append(node.op, name: node.name, inputs: node.inputs.compactMap { values[$0] })
      for (old, new) in zip(node.outputs, outputs) { values[old] = new }
    }
    for output in original.outputs { if let value = values[output] { result.appendOutput(value, name: "y") } }
    return result
  }

  /// Three layers of 8 bits, each with noise of less than a thousandth of its signal's power. Divergence looks
  /// at the distribution alone, and cuts more off.
  @Test(arguments: [RangeMethod.meanSquaredError, .minMax, .percentile(0.9999), .divergence])
  func `gives nearly the same outputs, on other frames too`(method: RangeMethod) throws {
    let graph = try graph(Self.network)
    let result = try quantize(graph) { $0.method = method }
    try Verifier.verify(result.graph)
    #expect(result.graph.nodes.filter { $0.op is QuantizedConv }.count == 3)
    #expect(result.errors.count == 1)
    let bound = method == .divergence ? 0.015 : 0.003
    #expect(result.errors[0].noise < bound)
    let (float, quantized) = (try Self.engine(graph), try Self.engine(result.graph))
    let others = Self.frames(graph, 3, seed: 900)
    for frame in others.frames.indices {
      let (y, x) = (try float(others.elements(frame))[0], try quantized(others.elements(frame))[0])
      let noise = zip(x, y).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      #expect(noise < 1.6 * Float(bound) * y.reduce(Float(0)) { $0 + $1 * $1 })
    }
  }

  /// What segmentation networks are made of beside convolutions.
  @Test func `takes slopes, batch normalization, transposed convolution and linear resizing to 8 bits`()
    throws
  {
    let graph = try graph(
      """
      input %x : float32[1, 3, 8, 8]
      %w = constant float32[8, 3, 3, 3] random 1
      %a = \(Text.conv("x", "w", pad: 1))
      %b = \(Text.maxPool("a", kernel: 2))
      %up = Resize(%b) {mode = "linear", coordinates = "align_corners", nearest = "floor", \
      cubicCoefficient = -0.75, excludesOutside = false, antialiases = false, extrapolationValue = 0, \
      axes = [{axis = 2, extent = 8, scale = 2, length = 8, start = 0, end = 1}, \
      {axis = 3, extent = 8, scale = 2, length = 8, start = 0, end = 1}]}
      %t = \(Text.concat("a", "up", axis: 1))
      %gamma = constant float32[16] random 2
      %beta = constant float32[16] random 3
      %mean = constant float32[16] random 4
      %one = constant float32[16] [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
      %n = BatchNormalization(%t, %gamma, %beta, %mean, %one) {epsilon = 0.00001}
      %slope = constant float32[16, 1, 1] random 5
      %p = \(Text.binary("prelu", "n", "slope"))
      %v = constant float32[16, 6, 2, 2] random 6
      %d = \(Text.transposedConv("p", "v"))
      %u = constant float32[2, 6, 1, 1] random 7
      %y = \(Text.conv("d", "u"))
      output %y
      """)
    let result = try quantize(graph)
    #expect(
      result.graph.nodes.map { $0.op.name } == [
        "QuantizeLinear", "QuantizedConv", "MaxPool", "QuantizedResize", "Concat", "QuantizedAffine",
        "QuantizedConv", "DepthToSpace", "QuantizedConv",
      ])
    #expect(result.plan.reasons.isEmpty)
    #expect(result.errors[0].noise < 0.004)
  }

  @Test func `gives the same network each time`() throws {
    let graph = try graph(Self.network)
    let (first, second) = (try quantize(graph), try quantize(graph))
    #expect(first.graph.text() == second.graph.text())
  }

  @Test func `leaves no output channel's mean off`() throws {
    let graph = try graph(Self.network)
    let result = try quantize(graph)
    let (float, quantized) = (try Self.engine(graph), try Self.engine(result.graph))
    let frames = Self.frames(graph, 6)
    var (shift, size) = ([Float](repeating: 0, count: 6), Float(0))
    for frame in frames.frames.indices {
      let (x, y) = (try quantized(frames.elements(frame))[0], try float(frames.elements(frame))[0])
      for index in x.indices {
        shift[index / 64] += (x[index] - y[index]) / Float(64 * frames.frames.count)
        size = max(size, abs(y[index]))
      }
    }
    #expect(shift.allSatisfy { abs($0) < 1e-4 * size }, "\(shift) of \(size)")
  }

  @Test func `reports the error of every group`() throws {
    let graph = try graph(Self.network)
    let result = try quantize(
      graph, [Self.frames(graph, 3, scale: 0.1), Self.frames(graph, 5, scale: 3, seed: 70)])
    #expect(result.errors.map(\.frames) == [3, 5])
    #expect(result.errors[1].outputs[0].cosine > 0.99)
    // Both share their scales: the group that is 30 times dimmer has less of the steps.
    #expect(result.errors[0].noise > result.errors[1].noise)
  }

  @Test func `keeps nodes in float32 by their names or their outputs'`() throws {
    let graph = try graph(Self.network)
    for name in [graph.nodes[1].name, "d"] {
      let result = try quantize(graph) { $0.keptFloat = [name] }
      #expect(result.graph.nodes.filter { $0.op is QuantizedConv }.count == 2)
      #expect(result.plan.reasons.contains { $0.reason == "kept by --keep-float" })
    }
    #expect(throws: QuantizationError.unknownNodes(["none"])) {
      try quantize(graph) { $0.keptFloat = ["d", "none"] }
    }
  }

  @Test func `gives layers back to float32 until outputs bear the noise`() throws {
    let graph = try graph(Self.network)
    let all = try quantize(graph)
    let bar = all.errors[0].noise * 0.9
    let result = try quantize(graph) { $0.noiseLimit = bar }
    let left = result.graph.nodes.filter { $0.op is QuantizedConv }.count
    #expect(left == 2)
    #expect(result.plan.reasons.contains { $0.reason.hasPrefix("sensitive: ") })
    #expect(result.errors[0].noise < all.errors[0].noise)
  }

  /// At most 2,047 steps to each side, of a scale that multiplies them without rounding.
  @Test func `rounds the weights of layers in float32 to steps that a pack stores`() throws {
    let graph = try graph(Self.network)
    let result = try quantize(graph) { $0.fasterInFloat = ["d"] }
    let node = try #require(result.graph.nodes.first { $0.op is Conv })
    let weights = try #require(result.graph.constant(of: node.inputs[1])).floats
    let original = try #require(result.source.constant(of: layer("d", result.source).inputs[1])).floats
    let product = try #require(result.products.first { $0.value.weights.type.element == .int16 }?.value)
    for (index, weight) in weights.enumerated() {
      let scale = product.scales[index / 9]
      let step = (weight / scale).rounded()
      #expect(abs(step) <= 2_047 && step * scale == weight)
    }
    let noise = zip(weights, original).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(noise < 1e-6 * original.reduce(0) { $0 + $1 * $1 })
    #expect(throws: Never.self) { try Verifier.verify(result.graph) }
  }

  private func layer(_ output: String, _ graph: Graph) throws -> Node {
    try #require(graph.nodes.first { graph[$0.outputs[0]].name == output })
  }

  @Test func `leaves the weights of layers alone that the user keeps in float32`() throws {
    let graph = try graph(Self.network)
    let result = try quantize(graph) { $0.keptFloat = ["y"] }
    #expect(result.products.values.allSatisfy { $0.weights.type.element == .int8 })
    let (kept, original) = (try layer("y", result.graph), try layer("y", result.source))
    #expect(result.graph.constant(of: kept.inputs[1]) == result.source.constant(of: original.inputs[1]))
  }

  /// What the first layer looks at is a thousandth of what its input holds.
  @Test func `gives exactly the layer back that 8 bits disturb`() throws {
    let graph = try graph(
      """
      input %x : float32[1, 2, 6, 6]
      %k = constant float32[2, 2, 1, 1] [0, 1, 0, -2]
      %a = \(Text.conv("x", "k"))
      %w = constant float32[4, 2, 3, 3] random 1
      %b = \(Text.conv("a", "w", pad: 1, activation: "relu"))
      %v = constant float32[3, 4, 1, 1] random 2
      %y = \(Text.conv("b", "v"))
      output %y
      """)
    let noise = Self.frames(graph, 4)
    let lopsided = FrameGroup(name: "lopsided", frames: noise.frames) { frame in
      noise.elements(frame).map { $0.enumerated().map { $0 < 36 ? 1_000 * $1 : $1 } }
    }
    let result = try quantize(graph, [lopsided]) { $0.noiseLimit = 0.01 }
    let kept = result.plan.reasons.filter { $0.reason.hasPrefix("sensitive: ") }
    #expect(kept.map(\.node) == [graph.nodes[0].name])
    #expect(result.errors[0].noise <= 0.01)
    let all = try quantize(graph, [lopsided])
    #expect(all.errors[0].noise > 0.1)
  }

  @Test(arguments: [Float.nan, .infinity]) func `refuses weights that are no numbers`(weight: Float) throws {
    let broken = try network("v") { $0[5] = weight }
    #expect(throws: QuantizationError.notFinite(constant: "v", node: broken.nodes[1].name)) {
      try quantize(broken)
    }
  }

  @Test func `a filter of zeros gives its bias`() throws {
    let zeroed = try network("u") { weights in for index in 0..<8 { weights[index] = 0 } }
    let result = try quantize(zeroed)
    let outputs = try Self.engine(result.graph)(Self.frames(zeroed, 1).elements(0))[0]
    #expect(outputs[..<64].allSatisfy { $0 == 0 })
    #expect(outputs[64...].contains { abs($0) > 0.1 })
  }

  @Test(arguments: [Float(0), 0.75, -3]) func `takes frames that are constant`(number: Float) throws {
    let graph = try graph(Self.network)
    let flat = [Float](repeating: number, count: 192)
    let result = try quantize(graph, [FrameGroup(name: "flat", frames: ["0"]) { _ in [flat] }])
    #expect(result.errors[0].noise < 0.01)
    let outputs = try Self.engine(result.graph)([flat])[0]
    #expect(outputs.allSatisfy { $0.isFinite })
  }

  @Test func `takes a layer that gives one number only`() throws {
    // No input reaches the rectifier's other side: the second layer reads zeros.
    let silent = try network("c") { bias in for index in bias.indices { bias[index] = -1e4 } }
    let result = try quantize(silent)
    let outputs = try Self.engine(result.graph)(Self.frames(silent, 1).elements(0))[0]
    #expect(outputs.allSatisfy { $0.isFinite })
  }
}
