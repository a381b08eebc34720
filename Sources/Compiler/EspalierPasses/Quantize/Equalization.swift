internal import EspalierGraph
internal import EspalierObserve
internal import EspalierOperators

/// Scales channels so that those of one tensor use its 8 bits alike.
///
/// ## Before
///     t = Conv(x, W, b)                   (then rectifiers, sums, pools, concatenations)
///     y = Conv(t, V, c)
/// ## After
///     t' = Conv(x, k W, k b) = k t        k: one factor per channel, at least 1
///     y  = Conv(t', V / k, c)
///
/// Equal up to float32 rounding. Channels behind a Clip stay as they are: its bound would move. How much channels
/// are evened out is chosen by the error that rounding `t'` and `V / k` is expected to cause, for all tensors that
/// are bound together; never fully, for frames to come may show more of a channel than those seen.
///
/// Source: Nagel et al. 2019, section 4.1; the exponent as in Xiao et al. 2023, equation 4.
struct Equalization {
  /// What was seen of one tensor, channel by channel.
  struct Channels {
    var least: [Float]
    var largest: [Float]
    var meanSquares: [Double]
  }

  let graph: Graph
  let channels: [ValueID: Channels]
  private let classes: ChannelClasses
  /// Per class the largest share of a tensor's range that any of its channels uses.
  private var shares: [Int: Float] = [:]
  /// Exponents that are tried, in quarters.
  private static let exponents = [0, 1, 2, 3]
  /// Channels that hardly move count as if they used so much of the range.
  private static let leastShare: Float = 1 / 512

  init(_ graph: Graph, _ channels: [ValueID: Channels]) {
    (self.graph, self.channels, classes) = (graph, channels, ChannelClasses(graph))
    for (value, own) in channels {
      let highs = zip(own.least, own.largest).map { max(abs($0), abs($1)) }
      guard let range = highs.max(), range > 0 else { continue }
      for (place, high) in zip(classes.classes(of: value, channels: highs.count), highs) {
        if let place { shares[place] = max(shares[place] ?? 0, high / range) }
      }
    }
  }

  /// The tensors whose channels matter.
  static func values(of graph: Graph) -> [ValueID] {
    (graph.inputs + graph.nodes.flatMap(\.outputs)).filter {
      graph.type(of: $0).element == .float32 && graph.type(of: $0).rank >= 2
    }
  }

  /// The network with its channels scaled.
  func equalized() -> Graph {
    let factors = chosenFactors()
    var result = graph
    for node in graph.nodes where graph.hasConstantWeights(node) {
      let inputs = factors(node.inputs[0], graph), outputs = factors(node.outputs[0], graph)
      guard inputs.contains(where: { $0 != 1 }) || outputs.contains(where: { $0 != 1 }) else { continue }
      guard let weights = graph.constant(of: node.inputs[1]) else { continue }
      result.setConstant(scaled(weights, node, inputs, outputs), input: 1, of: node.id)
      guard let bias = biasIndex(node), let addend = graph.constant(of: node.inputs[bias]) else { continue }
      let moved = addend.floats.enumerated().map { $1 * outputs[$0] }
      result.setConstant(Tensor(shape: addend.shape, floats: moved), input: bias, of: node.id)
    }
    return result
  }
}

// MARK: - Scaling

extension Equalization {
  private func biasIndex(_ node: Node) -> Int? {
    if let conv = node.op as? Conv { return conv.hasBias ? 2 : nil }
    return (node.op as? Gemm)?.hasAddend == true ? 2 : nil
  }

  /// The output channel and the input channel of a weight, by its place.
  private func places(_ weights: Shape, _ node: Node) -> (_ index: Int) -> (output: Int, input: Int) {
    if let gemm = node.op as? Gemm {
      let columns = weights[1]
      return gemm.transposesB ? { ($0 / columns, $0 % columns) } : { ($0 % columns, $0 / columns) }
    }
    let size = weights.dropFirst().reduce(1, *)
    let taps = weights.dropFirst(2).reduce(1, *)
    let perGroup = weights[0] / ((node.op as? Conv)?.groups ?? 1)
    return { index in
      let output = index / size
      return (output, output / perGroup * weights[1] + index % size / taps)
    }
  }

  private func scaled(_ weights: Tensor, _ node: Node, _ inputs: [Float], _ outputs: [Float]) -> Tensor {
    let place = places(weights.shape, node)
    let floats = weights.floats.enumerated().map { index, weight in
      let own = place(index)
      return weight * (outputs[own.output] / inputs[own.input])
    }
    return Tensor(shape: weights.shape, floats: floats)
  }
}

// MARK: - How far

extension Equalization {
  /// One factor per channel.
  private typealias Factors = (_ value: ValueID, _ graph: Graph) -> [Float]

  private func factor(_ place: Int?, quarters: Int) -> Float {
    guard let place, let share = shares[place] else { return 1 }
    let fourthRoot = (1 / max(share, Self.leastShare)).squareRoot().squareRoot()
    return (0..<quarters).reduce(Float(1)) { product, _ in product * fourthRoot }
  }

  private func chosenFactors() -> Factors {
    let parts = connectedParts()
    var costs: [Int: [Double]] = [:]
    for node in graph.nodes where graph.hasConstantWeights(node) {
      let places = classes.classes(of: node.inputs[0], channels: graph.type(of: node.inputs[0]).shape[1])
      guard let part = places.lazy.compactMap({ $0 }).first.map({ parts[$0] ?? $0 }) else { continue }
      for (index, exponent) in Self.exponents.enumerated() {
        let own = places.map { factor($0, quarters: exponent) }
        costs[part, default: [Double](repeating: 0, count: Self.exponents.count)][index] += cost(node, own)
      }
    }
    let exponents = costs.mapValues { own in
      zip(own, Self.exponents).min { $0.0 < $1.0 }?.1 ?? 0
    }
    return { value, graph in
      let channels = graph.type(of: value).rank < 2 ? 0 : graph.type(of: value).shape[1]
      return classes.classes(of: value, channels: channels).map { place in
        factor(place, quarters: place.flatMap { exponents[parts[$0] ?? $0] } ?? 0)
      }
    }
  }

  /// For every class the least class that a chain of tensors connects it with.
  private func connectedParts() -> [Int: Int] {
    var parent: [Int: Int] = [:]
    func root(_ place: Int) -> Int {
      var place = place
      while let next = parent[place], next != place { place = next }
      return place
    }
    for value in channels.keys.sorted() {
      let own = classes.classes(of: value, channels: graph.type(of: value).shape[1]).compactMap { $0 }
      guard let first = own.first else { continue }
      for place in own {
        let (a, b) = (root(first), root(place))
        if a != b { parent[max(a, b)] = min(a, b) }
      }
    }
    return Dictionary(uniqueKeysWithValues: shares.keys.map { ($0, root($0)) })
  }

  /// The power of the error that rounding a layer's input and weights causes, over that of its output.
  private func cost(_ node: Node, _ factors: [Float]) -> Double {
    guard let own = channels[node.inputs[0]], let weights = graph.constant(of: node.inputs[1]) else {
      return 0
    }
    let place = places(weights.shape, node)
    let outputs = graph.type(of: node.outputs[0]).shape[1]
    var gains = [Double](repeating: 0, count: factors.count)
    var largest = [Float](repeating: 0, count: outputs)
    var signal = 0.0
    var energies = [Double](repeating: 0, count: outputs)
    for (index, weight) in weights.floats.enumerated() {
      let (output, input) = place(index)
      let scaled = weight / factors[input]
      gains[input] += Double(scaled * scaled)
      largest[output] = max(largest[output], abs(scaled))
      signal += Double(weight * weight) * own.meanSquares[input]
      energies[output] += own.meanSquares[input] * Double(factors[input] * factors[input])
    }
    let low = zip(own.least, factors).reduce(Float(0)) { min($0, $1.0 * $1.1) }
    let high = zip(own.largest, factors).reduce(Float(0)) { max($0, $1.0 * $1.1) }
    let step = Double(high - low) / 255
    let rounding = gains.reduce(0, +) * step * step / 12
    let weighing = zip(largest, energies).reduce(0.0) { sum, pair in
      let step = Double(pair.0) / 127
      return sum + step * step / 12 * pair.1
    }
    return signal > 0 ? (rounding + weighing / 2) / signal : 0
  }
}
