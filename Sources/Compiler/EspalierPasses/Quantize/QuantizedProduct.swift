public import EspalierGraph
internal import EspalierObserve
internal import EspalierOperators

/// The weights of a convolution or matrix product in whole steps, and its bias.
public struct QuantizedProduct: Sendable {
  /// `[M, C / groups, kernel…]` or `[M, C]`, of `int8`; of `int16` where the layer computes in float32.
  public var weights: Tensor
  /// One per output channel.
  public var scales: [Float]
  /// One per output channel; what rounding the weights adds to the mean of the output is taken out of it.
  public var bias: [Float]
}

/// Quantizes the weights of a network, node by node.
struct ProductQuantizer {
  let graph: Graph
  let statistics: [ValueID: TensorStatistics]
  /// What sums of products shall be safe for.
  var instructions = InstructionClass.vnni

  /// Nil where the node is no convolution or product with constant weights.
  ///
  /// - Parameter rounding: What the filters of each group are rounded by; nil: each weight to the nearest element.
  func product(of node: Node, rounding: MomentCollector.Rounding? = nil) -> QuantizedProduct? {
    guard let parts = parts(of: node) else { return nil }
    let weights = parts.weights.floats
    let outputs = parts.weights.shape[0]
    let perGroup = outputs / parts.groups
    let size = parts.weights.count / max(outputs, 1)
    var (elements, scales): ([Int64], [Float]) = ([], [])
    elements.reserveCapacity(weights.count)
    var bias = parts.bias ?? [Float](repeating: 0, count: outputs)
    for group in 0..<parts.groups {
      let own = Array(weights[group * perGroup * size..<(group + 1) * perGroup * size])
      let (squares, means) = inputMoments(of: node.inputs[0], parts.weights.shape, group: group)
      let quantized = WeightQuantizer().quantize(
        own, outputs: perGroup, importance: squares, proof: proof(parts, group: group),
        rounding: rounding?[group] ?? [])
      elements += quantized.elements
      scales += quantized.scales
      correct(&bias, from: group * perGroup, own, quantized, means)
    }
    let tensor = Tensor(shape: parts.weights.shape, element: .int8, integers: elements)
    return QuantizedProduct(weights: tensor, scales: scales, bias: bias)
  }

  /// The largest magnitude of a step of weights for float32.
  private static let wordLimit: Float = 2_047

  /// Weights for float32, each to the nearest step: up to 2,047 of them to each side leave noise of a millionth, and
  /// coded they are a third as long as float32. Steps and scale multiply without rounding.
  func wordProduct(of node: Node) -> QuantizedProduct? {
    guard let parts = parts(of: node) else { return nil }
    let (weights, outputs) = (parts.weights.floats, parts.weights.shape[0])
    let size = parts.weights.count / max(outputs, 1)
    var (elements, scales): ([Int64], [Float]) = ([], [])
    for output in 0..<outputs {
      let own = weights[output * size..<(output + 1) * size]
      let largest = own.reduce(0) { max($0, abs($1)) }
      // Rounded up to 12 bits, which with 11 of a step are 23 of float32's 24.
      let wanted = Float(bitPattern: ((largest / Self.wordLimit).bitPattern &+ 0xFFF) & ~0xFFF)
      let scale = wanted.isNormal ? wanted : 1
      scales.append(scale)
      elements += own.map { Int64(($0 / scale).rounded(.toNearestOrEven)) }
    }
    let bias = parts.bias ?? [Float](repeating: 0, count: outputs)
    let tensor = Tensor(shape: parts.weights.shape, element: .int16, integers: elements)
    return QuantizedProduct(weights: tensor, scales: scales, bias: bias)
  }

  private func proof(_ parts: Parts, group: Int) -> OverflowProof {
    let shape = parts.weights.shape
    guard instructions != .vnni else { return .nothing }
    return OverflowProof(
      of: instructions.sums, shape: shape.count == 2 ? shape + [1, 1] : shape, groups: parts.groups,
      group: group)
  }

  private typealias Parts = (weights: Tensor, bias: [Float]?, groups: Int)

  /// A product's weights, one row per output channel, and its bias in float32.
  private func parts(of node: Node) -> Parts? {
    guard node.inputs.count > 1, let weights = graph.constant(of: node.inputs[1]) else { return nil }
    switch node.op {
    case let conv as Conv:
      return (weights, conv.hasBias ? graph.constant(of: node.inputs[2])?.floats : nil, conv.groups)
    case let gemm as Gemm:
      let rows = gemm.transposesB ? weights : weights.transposed
      let outputs = rows.shape[0]
      let addend = gemm.hasAddend ? graph.constant(of: node.inputs[2])?.floats : nil
      let bias = addend.map {
        $0.count == outputs ? $0 : [Float](repeating: $0.first ?? 0, count: outputs)
      }
      return (rows, bias, 1)
    default: return nil
    }
  }

  /// For every weight of an output channel the mean square and the mean of what it multiplies.
  private func inputMoments(
    of value: ValueID, _ shape: Shape, group: Int
  ) -> (squares: [Float], means: [Double]) {
    let taps = shape.dropFirst(2).reduce(1, *)
    let own = statistics[value]
    var (squares, means): ([Float], [Double]) = ([], [])
    for weight in 0..<shape[1] * taps {
      let channel = group * shape[1] + weight / taps
      // A channel that was silent while calibrating still counts a little.
      squares.append(own?.meanSquare(ofChannel: channel).map { max(Float($0), 1e-6) } ?? 1)
      means.append(own?.mean(ofChannel: channel) ?? 0)
    }
    return (squares, means)
  }

  /// Takes from the bias what rounding the weights adds to the mean of each output.
  ///
  /// Source: Nagel et al. 2019, equation 17.
  private func correct(
    _ bias: inout [Float], from first: Int, _ weights: [Float], _ quantized: QuantizedWeights,
    _ means: [Double]
  ) {
    for channel in quantized.scales.indices {
      var shift = 0.0
      for (index, mean) in means.enumerated() {
        let position = channel * means.count + index
        let rounded = Double(quantized.elements[position]) * Double(quantized.scales[channel])
        shift += (rounded - Double(weights[position])) * mean
      }
      bias[first + channel] -= Float(shift)
    }
  }
}

extension QuantizedProduct {
  /// The weights in float32, one row per output channel.
  var floats: Tensor {
    let perOutput = weights.count / max(scales.count, 1)
    let elements = weights.integers.enumerated().map { Float($1) * scales[$0 / perOutput] }
    return Tensor(shape: weights.shape, floats: elements)
  }
}

extension Tensor {
  /// A matrix's columns as rows.
  ///
  /// - Precondition: Rank 2.
  var transposed: Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let elements = floats
    return Tensor(
      shape: [columns, rows],
      floats: (0..<columns).flatMap { column in (0..<rows).map { elements[$0 * columns + column] } })
  }
}
