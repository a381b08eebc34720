public import EspalierGraph
public import EspalierObserve
public import EspalierPasses

/// Gives every output channel of every layer of a network that was cut the mean and the deviation that it has in
/// the original: what estimating the statistics of batch normalization anew does, for networks into whose
/// weights these are folded. The baseline beside `LeastSquares`.
public struct Reestimation: Sendable {
  /// Rows of each layer's inputs that are looked at, all frames together.
  public var rowCount: Int
  /// Layers whose filters have more inputs stay as they are: memory grows with the square of their number.
  public var inputLimit = 8_192

  public init(rowCount: Int = 10_000) {
    precondition(rowCount > 0)
    self.rowCount = rowCount
  }

  /// The smaller network with scaled weights; parameters and errors as those of `LeastSquares`.
  public func recovered(
    teacher: Graph, student: Graph, kept: KeptChannels, frames: [FrameGroup],
    engine: @escaping PostTrainingQuantization.Engine,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> Graph {
    let fitting = LayerFitting(
      teacher: teacher, walk: try FrameWalk(frames, engine), rowCount: rowCount,
      subtractsOwnShortcut: false, inputLimit: inputLimit)
    return try fitting.fitted(student, kept: kept, progress: progress) { layer, moments in
      scaled(layer, moments)
    }
  }

  private func scaled(_ layer: LinearLayer, _ moments: LayerMoments) -> LinearLayer {
    var layer = layer
    let (size, share) = (layer.inputsPerGroup, 1 / Double(max(1, moments.count)))
    for group in 0..<layer.groups {
      let covariance = moments.covariance(group: group)
      for output in group * layer.outputsPerGroup..<(group + 1) * layer.outputsPerGroup {
        let own = Array(layer.weights[output * size..<(output + 1) * size])
        let mean = moments.outputSums[output] * share
        let wanted = moments.outputSquares[output] * share - mean * mean
        let variance = Self.variance(own, covariance)
        // A channel that never changes cannot be scaled.
        guard wanted > 0, variance > 1e-12 * wanted else { continue }
        let factor = (wanted / variance).squareRoot()
        for index in 0..<size { layer.weights[output * size + index] *= factor }
      }
    }
    layer.centerBias(moments)
    return layer
  }

  /// `wᵀ C w`
  private static func variance(_ weights: [Double], _ covariance: [Double]) -> Double {
    let size = weights.count
    var result = 0.0
    weights.withUnsafeBufferPointer { weights in
      covariance.withUnsafeBufferPointer { covariance in
        for i in 0..<size {
          var sum = 0.0
          for j in 0..<size { sum += covariance[i * size + j] * weights[j] }
          result += weights[i] * sum
        }
      }
    }
    return result
  }
}
