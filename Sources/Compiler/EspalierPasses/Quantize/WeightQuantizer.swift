/// A filter bank in 8 bits: one scale per output channel, symmetric about 0.
struct QuantizedWeights: Sendable {
  var elements: [Int64]
  var scales: [Float]
}

/// Finds, for every output channel, the scale with the least error of the layer's output.
///
/// The error of weight `w` of input channel `c` counts with the mean square of that channel's activations: what
/// the sum over independent inputs suffers from it (Banner et al. 2019, without the assumption of a distribution).
/// Where sums must be proved safe, so does what that costs: only the weights of lanes that a scale makes too large
/// are brought nearer to 0, and a larger scale, under which fewer are, may have the least error.
struct WeightQuantizer {
  /// The largest magnitude of an element.
  var limit = 127
  /// Shares of the largest weight that are tried as the largest representable number.
  private static let shares: [Float] = stride(from: Float(1), through: 0.5, by: -0.0125).map { $0 }

  /// - Parameters:
  ///   - weights: `[outputs, inner…]`, row by row.
  ///   - outputs: Number of output channels.
  ///   - importance: One entry per weight of an output channel: the mean square of what it multiplies.
  ///   - proof: What must hold of every filter's elements.
  func quantize(
    _ weights: [Float], outputs: Int, importance: [Float], proof: OverflowProof = .nothing
  ) -> QuantizedWeights {
    let count = weights.count / max(outputs, 1)
    precondition(importance.count == count)
    var result = QuantizedWeights(elements: [], scales: [])
    result.elements.reserveCapacity(weights.count)
    for output in 0..<outputs {
      let own = Array(weights[output * count..<(output + 1) * count])
      let found = best(
        ProvedFilter(weights: own, importance: importance, limit: Float(limit), proof: proof))
      result.scales.append(found.scale)
      result.elements += found.elements.map { Int64($0) }
    }
    return result
  }

  private func best(_ filter: ProvedFilter) -> ProvedFilter.Candidate {
    let largest = filter.weights.reduce(0) { max($0, abs($1)) }
    let whole = largest / Float(limit)
    // A filter of zeros (or of numbers too small to divide) is 0 under any scale.
    guard whole.isNormal else { return (1, filter.weights.map { _ in 0 }, 0) }
    guard !filter.proof.isEmpty else { return filter.best(of: Self.shares.map { $0 * whole }) }
    let top = whole * max(1, filter.proof.excess(of: filter.weights, scale: whole))
    let coarse = filter.best(of: stride(from: top, through: whole / 2, by: -top / 24))
    let fine = stride(from: -3, through: 3, by: 1).map { coarse.scale + $0 * top / 96 }
    return filter.best(of: [coarse.scale, whole] + fine)
  }
}

/// A filter and what its elements must prove.
private struct ProvedFilter {
  typealias Candidate = (scale: Float, elements: [Float], error: Float)

  let weights: [Float]
  let importance: [Float]
  let limit: Float
  let proof: OverflowProof

  /// The first candidate of the least error; none behind one whose error is a multiple of that.
  ///
  /// - Precondition: There is a scale.
  func best(of scales: some Sequence<Float>) -> Candidate {
    var best: Candidate = (1, [], .infinity)
    for scale in scales {
      let found = candidate(scale)
      if found.error < best.error || best.elements.isEmpty { best = found }
      // Far too small a scale cuts off ever more.
      if found.error > 4 * best.error { break }
    }
    return best
  }

  private func candidate(_ scale: Float) -> Candidate {
    let exact = weights.map { $0 / scale }
    var elements = exact.map { min(max($0.rounded(.toNearestOrEven), -limit), limit) }
    if !proof.isEmpty { proof.lower(&elements, exact: exact, importance: importance) }
    var error: Float = 0
    for index in weights.indices {
      let difference = weights[index] - elements[index] * scale
      error += importance[index] * difference * difference
    }
    return (scale, elements, error)
  }
}
