/// A filter bank in 8 bits: one scale per output channel, symmetric about 0.
struct QuantizedWeights: Sendable {
  var elements: [Int64]
  var scales: [Float]
}

/// Finds, for every output channel, the scale with the least error of the layer's output.
///
/// The error of weight `w` of input channel `c` counts with the mean square of that channel's activations: what
/// the sum over independent inputs suffers from it (Banner et al. 2019, without the assumption of a distribution).
struct WeightQuantizer {
  /// The largest magnitude of an element.
  var limit = 127
  /// Shares of the largest weight that are tried as the largest representable number.
  private static let shares: [Float] = stride(from: Float(1), through: 0.5, by: -0.0125).map { $0 }

  /// - Parameters:
  ///   - weights: `[outputs, inner…]`, row by row.
  ///   - outputs: Number of output channels.
  ///   - importance: One entry per weight of an output channel: the mean square of what it multiplies.
  func quantize(_ weights: [Float], outputs: Int, importance: [Float]) -> QuantizedWeights {
    let count = weights.count / max(outputs, 1)
    precondition(importance.count == count)
    var result = QuantizedWeights(elements: [], scales: [])
    result.elements.reserveCapacity(weights.count)
    for output in 0..<outputs {
      let own = weights[output * count..<(output + 1) * count]
      let scale = bestScale(own, importance)
      result.scales.append(scale)
      result.elements += own.map { Int64(element(of: $0, scale)) }
    }
    return result
  }

  private func element(of weight: Float, _ scale: Float) -> Float {
    min(max((weight / scale).rounded(.toNearestOrEven), Float(-limit)), Float(limit))
  }

  private func bestScale(_ weights: ArraySlice<Float>, _ importance: [Float]) -> Float {
    let largest = weights.reduce(0) { max($0, abs($1)) }
    // A filter of zeros (or of numbers too small to divide) is 0 under any scale.
    guard (largest / Float(limit)).isNormal else { return 1 }
    var (best, least) = (largest / Float(limit), Float.infinity)
    for share in Self.shares {
      let scale = largest * share / Float(limit)
      var error: Float = 0
      for (weight, factor) in zip(weights, importance) {
        let difference = weight - element(of: weight, scale) * scale
        error += factor * difference * difference
      }
      if error < least { (best, least) = (scale, error) }
    }
    return best
  }
}
