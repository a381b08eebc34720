internal import CEspalierKernels

/// What a classifier's outputs say, as shares.
struct ClassShares {
  private let scores: UnsafeBufferPointer<Float>
  private let greatest: Float
  private let sum: Double
  private let appliesSoftmax: Bool
  /// Whether no element is a NaN and the greatest is finite.
  let areNumbers: Bool

  init(_ scores: UnsafeBufferPointer<Float>, appliesSoftmax: Bool) {
    (self.scores, self.appliesSoftmax) = (scores, appliesSoftmax)
    var greatest = -Float.infinity
    var hasNaN = false
    for score in scores {
      hasNaN = hasNaN || score.isNaN
      greatest = max(greatest, score)
    }
    self.greatest = greatest
    areNumbers = !hasNaN && greatest.isFinite
    sum =
      appliesSoftmax && areNumbers
      ? scores.reduce(0) { $0 + ClassShares.power($1, greatest) } : 1
  }

  subscript(place: Int) -> Float {
    appliesSoftmax ? Float(ClassShares.power(scores[place], greatest) / sum) : scores[place]
  }

  private static func power(_ score: Float, _ greatest: Float) -> Double {
    espalier_exp_f64(Double(score - greatest))
  }
}
