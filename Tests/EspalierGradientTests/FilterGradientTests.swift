import EspalierGradient
import EspalierGraph
import EspalierOperators
import EspalierPasses
import Testing

@Suite("Gradients of filters") struct FilterGradientTests {
  /// `y = V relu(W x)`: two hidden channels of one pixel, whose gates' derivatives can be written down.
  private static func twoFilters() throws -> Graph {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 2, 1, 1]))
    let w = graph.appendConstant(name: "w", Tensor(shape: [2, 2, 1, 1], floats: [1, 2, -1, 3]))
    let hidden = try graph.append(Conv(activation: .relu), name: "hidden", inputs: [x, w])[0]
    let v = graph.appendConstant(name: "v", Tensor(shape: [3, 2, 1, 1], floats: [1, 0, 2, -1, 0.5, 1]))
    let scores = try graph.append(Conv(), name: "scores", inputs: [hidden, v])[0]
    graph.appendOutput(try graph.append(Flatten(), name: "flat", inputs: [scores])[0], name: "y")
    return graph
  }

  /// By hand: a = relu(W x) = [5, 5] for x = [1, 2]; z = V a = [5, 5, 7.5]; ∂z/∂gate = a_c V[:, c].
  private static let slopes: [[Double]] = [[5, 10, 2.5], [0, -5, 5]]

  private static var probabilities: [Double] {
    let powers: [Double] = [5, 5, 7.5].map { exponential($0 - 7.5) }
    return powers.map { $0 / powers.reduce(0, +) }
  }

  /// The exponential function by its series.
  private static func exponential(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    for n in 1..<60 {
      term *= x / Double(n)
      sum += term
    }
    return sum
  }

  private func scores(
    _ criterion: FilterGradients.Criterion, labels: [Int]? = nil
  ) throws -> [Double] {
    let graph = try Self.twoFilters()
    let map = ChannelMap(graph)
    let found = try FilterGradients(graph, map).scores(
      criterion, frames: TrainingFrames([[1, 2]]), labels: labels)
    return map.groups[0].units.map { found[$0] ?? .nan }
  }

  @Test func `are by Taylor those of the cross-entropy`() throws {
    let p = Self.probabilities
    for (label, labels) in [(1, [1]), (2, nil)] as [(Int, [Int]?)] {
      let found = try scores(.taylor, labels: labels)
      for (c, slope) in Self.slopes.enumerated() {
        let expected = abs((0..<3).reduce(0) { $0 + slope[$1] * (p[$1] - ($1 == label ? 1 : 0)) })
        #expect(abs(found[c] - expected) < 1e-4)
      }
    }
  }

  @Test func `are by Fisher half the squares`() throws {
    let p = Self.probabilities
    let found = try scores(.fisher, labels: [0])
    for (c, slope) in Self.slopes.enumerated() {
      let g = (0..<3).reduce(0) { $0 + slope[$1] * (p[$1] - ($1 == 0 ? 1 : 0)) }
      #expect(abs(found[c] - g * g / 2) < 1e-3 * max(g * g, 1))
    }
  }

  @Test func `are by Gauss and Newton half the variance under the network's own answer`() throws {
    let p = Self.probabilities
    let found = try scores(.gaussNewton(directions: 3))
    for (c, slope) in Self.slopes.enumerated() {
      let mean = (0..<3).reduce(0) { $0 + p[$1] * slope[$1] }
      let square = (0..<3).reduce(0) { $0 + p[$1] * slope[$1] * slope[$1] }
      #expect(abs(found[c] - (square - mean * mean) / 2) < 1e-3)
    }
  }

  /// 4,000 frames of 2 random directions each: the standard error is about 1 %.
  @Test func `are with random directions the same in the mean`() throws {
    let graph = try Self.twoFilters()
    let map = ChannelMap(graph)
    let frames = TrainingFrames([[Float]](repeating: [1, 2], count: 4000))
    let exact = try scores(.gaussNewton(directions: 3))
    let found = try FilterGradients(graph, map).scores(.gaussNewton(directions: 2), frames: frames)
    for (unit, expected) in zip(map.groups[0].units, exact) {
      #expect(abs((found[unit] ?? .nan) - expected) < 0.06 * expected)
    }
  }

  /// What the gate takes away when it closes by a small step: the loss of the network with the unit's channels scaled.
  @Test func `of residual networks are those of gates on all layers that make a channel`() throws {
    let graph = try SmallNetworks.classifier()
    let map = ChannelMap(graph)
    let frame = SmallNetworks.frames(1, seed: 4)[0]
    let found = try FilterGradients(graph, map).scores(.taylor, frames: TrainingFrames([frame]), labels: [3])
    let shared = try #require(map.groups.first { $0.layers.count > 1 })
    let alone = try #require(map.groups.first { $0.layers.count == 1 })
    for unit in [shared.units[0], shared.units[5], alone.units[1]] {
      let expected = try slope(step: 0.004) { try Self.loss(graph, map, unit, gate: 1 + $0, frame) }
      #expect(abs((found[unit] ?? .nan) - abs(expected)) < 2e-3 * max(abs(expected), 0.1), "unit \(unit)")
    }
  }

  /// The cross-entropy of class 3 with the filters (and biases) of a unit scaled; activations that are not linear in
  /// their scale are avoided by the choice of units.
  private static func loss(_ graph: Graph, _ map: ChannelMap, _ unit: Int, gate: Float, _ frame: [Float])
    throws
    -> Double
  {
    var scaled = graph
    for id in map.makers[unit] ?? [] {
      let node = try #require(graph.node(id))
      let channels = try #require(map.units[node.outputs[0]])
      for input in 1...2 {
        let tensor = try #require(graph.constant(of: node.inputs[input]))
        let size = tensor.count / channels.count
        let elements = tensor.floats.enumerated().map { channels[$0 / size] == unit ? $1 * gate : $1 }
        scaled.replaceConstant(node.inputs[input], with: Tensor(shape: tensor.shape, floats: elements))
      }
    }
    let z = try Interpreter.run(scaled, inputs: [Tensor(shape: [1, 3, 8, 8], floats: frame)])[0]
    let softmax = Softmax(.log, axis: 1).evaluate([z])[0].floats
    return -Double(softmax[3])
  }

  @Test func `are the same whatever the number of threads`() throws {
    let graph = try SmallNetworks.classifier()
    let (map, frames) = (ChannelMap(graph), TrainingFrames(SmallNetworks.frames(21)))
    let scorer = try FilterGradients(graph, map)
    let one = try scorer.scores(.gaussNewton(directions: 2), frames: frames, threads: 1, seed: 7)
    let three = try scorer.scores(.gaussNewton(directions: 2), frames: frames, threads: 3, seed: 7)
    #expect(one == three && one.count == map.makers.count)
    #expect(try scorer.scores(.gaussNewton(directions: 2), frames: frames, seed: 8) != one)
  }

  @Test func `count by Gauss and Newton what counts of the outputs`() throws {
    var graph = try Self.twoFilters()
    graph = graph.observing([graph.nodes[1].outputs[0]])
    let map = ChannelMap(graph)
    let second = OutputPart.Lattice(output: 0, first: 1, stride: 1, count: 1, step: 1)
    let scorer = try FilterGradients(graph, map, parts: [OutputPart(places: 1, elements: second)])
    let found = try scorer.scores(
      .gaussNewton(directions: 3), frames: TrainingFrames([[1, 2], [2, 4]]), labels: nil)
    // The second output is 5 and 10: of its deviations' squares, 12.5, two frames have one each in the mean. Slopes
    // are 10 and 20 of one filter, -5 and -10 of the other.
    let expected: [Double] = [20, 5]
    for (unit, score) in zip(map.groups[0].units, expected) {
      let own = found[unit] ?? .nan
      #expect(abs(own - score) < 1e-3 * score)
    }
  }

  @Test func `need scores of classes for Taylor and Fisher`() throws {
    var graph = try Self.twoFilters()
    graph = graph.observing([graph.nodes[1].outputs[0]])
    let scorer = try FilterGradients(graph, ChannelMap(graph))
    #expect(throws: GradientError.notClasses(output: "scores")) {
      try scorer.scores(.taylor, frames: TrainingFrames([[1, 2]]))
    }
    // Without classes the curvature is 1: half the squares of all slopes.
    let unit = ChannelMap(graph).groups[0].units[0]
    let frames = TrainingFrames([[Float]](repeating: [1, 2], count: 2000))
    let found = try scorer.scores(.gaussNewton(directions: 2), frames: frames)[unit] ?? .nan
    let expected = Self.slopes[0].reduce(0) { $0 + $1 * $1 } / 2
    #expect(abs(found - expected) < 0.1 * expected)
  }
}
