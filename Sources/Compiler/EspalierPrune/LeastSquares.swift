public import EspalierGraph
public import EspalierObserve
public import EspalierPasses

/// Gives a network that was cut back what its layers lost: one layer after another gets the weights and bias
/// with which it best gives what the original's layer gives on frames.
///
/// A layer reads what the layers before it make with their new weights, and shall give the original's sums
/// before the activation; the last layer of a residual block the original's sum less the smaller network's own
/// shortcut, so that it makes up for that too. For inputs x and wanted outputs y, both less their means, of
/// weights W₀ before,
///
///     W = (E[y xᵀ] + λ W₀) (E[x xᵀ] + λ)⁻¹,   λ = ridge · mean of x's variances
///
/// Where frames tell too little the weights stay as they were: λ keeps the equations solvable for any frames, and
/// grows tenfold in the rare case that rounding made them not so. Where no input changes at all only the bias is
/// fitted.
/// No labels, no gradients.
///
/// Source: He et al. 2017 (channel pruning), eq. 3, made asymmetric and sequential; Frantar & Alistarh 2022.
public struct LeastSquares: Sendable {
  /// What pulls towards the weights before, as a share of the inputs' mean variance.
  public var ridge: Double
  /// Rows of each layer's inputs that are looked at, all frames together.
  public var rowCount: Int
  /// Layers behind so many layers that are fitted stay as they are: 1 fits those alone that lost inputs.
  public var roundLimit: Int
  /// Layers whose filters have more inputs stay as they are: memory grows with the square of their number.
  public var inputLimit = 8_192

  public init(ridge: Double = 0.01, rowCount: Int = 10_000, roundLimit: Int = .max) {
    precondition(ridge > 0 && rowCount > 0 && roundLimit > 0)
    (self.ridge, self.rowCount, self.roundLimit) = (ridge, rowCount, roundLimit)
  }

  /// The smaller network with new weights; layers that compute what the original's do stay as they are.
  ///
  /// - Parameters:
  ///   - teacher: The original, simplified, in float32.
  ///   - student: Cut from it; nodes have the same names.
  ///   - kept: Which of the original's channels are left.
  ///   - progress: Gets how many frames of all passes are done.
  /// - Throws: `RecoveryError`, `ObservationError`, or what `engine` throws.
  public func recovered(
    teacher: Graph, student: Graph, kept: KeptChannels, frames: [FrameGroup],
    engine: @escaping PostTrainingQuantization.Engine,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> Graph {
    var fitting = LayerFitting(
      teacher: teacher, walk: try FrameWalk(frames, engine), rowCount: rowCount,
      subtractsOwnShortcut: true, inputLimit: inputLimit)
    fitting.roundLimit = roundLimit
    return try fitting.fitted(student, kept: kept, progress: progress) { layer, moments in
      solved(layer, moments)
    }
  }

  private func solved(_ layer: LinearLayer, _ moments: LayerMoments) -> LinearLayer {
    var layer = layer
    let (inputs, outputs) = (layer.inputsPerGroup, layer.outputsPerGroup)
    for group in 0..<layer.groups {
      let covariance = moments.covariance(group: group)
      let mean = (0..<inputs).reduce(0) { $0 + covariance[$1 * inputs + $1] } / Double(inputs)
      // Inputs that never change say nothing of weights, and all of the bias.
      guard mean > 0, inputs > 0 else { continue }
      let (shift, factor) = LinearAlgebra.damped(covariance, size: inputs, shift: ridge * mean)
      var wanted: [Double] = []
      for output in group * outputs..<(group + 1) * outputs {
        let own = layer.weights[output * inputs..<(output + 1) * inputs]
        wanted += zip(moments.crossCovariance(output: output), own).map { $0 + shift * $1 }
      }
      let solution = LinearAlgebra.solved(wanted, count: outputs, factor: factor, size: inputs)
      layer.weights.replaceSubrange(
        group * outputs * inputs..<(group + 1) * outputs * inputs, with: solution)
    }
    layer.centerBias(moments)
    return layer
  }
}

extension LinearLayer {
  /// Makes every output's mean what it should be.
  mutating func centerBias(_ moments: LayerMoments) {
    let (size, share) = (inputsPerGroup, 1 / Double(max(1, moments.count)))
    for output in 0..<outputs {
      let group = output / outputsPerGroup
      let seen = (0..<size).reduce(0.0) {
        $0 + weights[output * size + $1] * moments.inputSums[group * size + $1]
      }
      bias[output] = (moments.outputSums[output] - seen) * share
    }
  }
}
