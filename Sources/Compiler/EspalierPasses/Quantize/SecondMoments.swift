internal import CMoments

/// The mean products of neighboring inputs of a filter: what a rounding of its weights does to its output.
///
/// For inputs `x` and an error `e` of the weights the mean square of the output's error is `eᵀ E[x xᵀ] e`.
struct SecondMoments: Sendable {
  /// How many inputs.
  let size: Int
  /// How many samples were added.
  private(set) var samples = 0
  /// Row by row; the part right of the diagonal stays 0.
  private var sums: [Double]

  init(size: Int) {
    self.size = size
    sums = [Double](repeating: 0, count: size * size)
  }

  /// Adds `count` samples, `stride` numbers apart.
  mutating func add(_ rows: UnsafePointer<Float>, count: Int, stride: Int) {
    samples += count
    let size = size
    sums.withUnsafeMutableBufferPointer { sums in
      guard let sums = sums.baseAddress else { return }
      moments_add(sums, size, rows, count, stride)
    }
  }

  /// The mean of `x[i] x[j]`.
  subscript(_ i: Int, _ j: Int) -> Double {
    samples == 0 ? 0 : sums[max(i, j) * size + min(i, j)] / Double(samples)
  }
}
