/// A filter bank in 8 bits: one scale per output channel, symmetric about 0.
struct QuantizedWeights: Sendable {
  var elements: [Int64]
  var scales: [Float]
}

/// Finds, for every output channel, scale and elements with the least error of the layer's output.
///
/// The error of weight `w` of input channel `c` counts with the mean square of that channel's activations: what
/// the sum over independent inputs suffers from it (Banner et al. 2019, without the assumption of a distribution).
/// Where sums must be proved safe, so does what that costs: only the weights of lanes that a scale makes too large
/// are brought nearer to 0, and a larger scale, under which fewer are, may have the least error. Where the inputs'
/// second moments are known, elements are rounded by them once the scale is found.
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
  ///   - rounding: For neighboring parts of a filter that make up all of it; none: to the nearest element.
  func quantize(
    _ weights: [Float], outputs: Int, importance: [Float], proof: OverflowProof = .nothing,
    rounding: [OutputRounding.Part] = []
  ) -> QuantizedWeights {
    let count = weights.count / max(outputs, 1)
    precondition(importance.count == count)
    var result = QuantizedWeights(elements: [], scales: [])
    result.elements.reserveCapacity(weights.count)
    for output in 0..<outputs {
      let own = Array(weights[output * count..<(output + 1) * count])
      let filter = ProvedFilter(weights: own, importance: importance, limit: Float(limit), proof: proof)
      var found = best(filter)
      // A filter of zeros needs no rounding.
      if !rounding.isEmpty, found.elements.contains(where: { $0 != 0 }) {
        found = rounded(filter, found, rounding)
      }
      result.scales.append(found.scale)
      result.elements += found.elements.map { Int64($0) }
    }
    return result
  }

  /// The elements by `rounding`, and then the scale that suits them best; those found already where lanes that
  /// must be safe leave them the better ones.
  private func rounded(
    _ filter: ProvedFilter, _ found: ProvedFilter.Candidate, _ rounding: [OutputRounding.Part]
  ) -> ProvedFilter.Candidate {
    var elements: [Float] = []
    for part in rounding {
      let own = filter.weights[part.first..<part.first + part.rounding.size]
      elements += part.rounding.elements(of: own, scale: found.scale, limit: limit).map { Float($0) }
    }
    guard !filter.proof.isEmpty else { return fitted(elements, filter, found.scale, rounding) }
    let exact = filter.weights.map { $0 / found.scale }
    filter.proof.lower(&elements, exact: exact, importance: filter.importance)
    let candidates = [elements, found.elements].map { fitted($0, filter, found.scale, rounding) }
    return candidates[candidates[0].error <= candidates[1].error ? 0 : 1]
  }

  /// The scale under which the output's error is least, and that error.
  private func fitted(
    _ elements: [Float], _ filter: ProvedFilter, _ scale: Float, _ rounding: [OutputRounding.Part]
  ) -> ProvedFilter.Candidate {
    var (exact, shared, own) = (0.0, 0.0, 0.0)
    for part in rounding {
      let place = part.first..<part.first + part.rounding.size
      let (weights, steps) = (filter.weights[place].map(Double.init), elements[place].map(Double.init))
      let (forWeights, forSteps) = (part.rounding.product(weights), part.rounding.product(steps))
      for index in weights.indices {
        exact += forWeights[index] * weights[index]
        shared += forSteps[index] * weights[index]
        own += forSteps[index] * steps[index]
      }
    }
    let wanted = Float(shared / own)
    // Elements that are all 0 say nothing of the scale.
    let best = own > 0 && wanted.isNormal && wanted > 0 ? wanted : scale
    let error = exact - 2 * Double(best) * shared + Double(best) * Double(best) * own
    return (best, elements, Float(error))
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
