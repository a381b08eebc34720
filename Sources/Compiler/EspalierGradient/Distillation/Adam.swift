internal import CGradient

/// Adam with a rising, then falling step size and clipped gradients.
///
/// Source: Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2017, equation 5, without restarts.
struct Adam {
  /// The step size that the schedule starts from.
  let rate: Float
  /// Gradients of a larger norm are scaled down to this one.
  let clipNorm: Float
  private(set) var step = 0
  private(set) var first: [Float]
  private(set) var second: [Float]

  init(parameters count: Int, rate: Float, clipNorm: Float) {
    (self.rate, self.clipNorm) = (rate, clipNorm)
    first = [Float](repeating: 0, count: count)
    second = first
  }

  /// Goes on where another run stopped.
  mutating func resume(step: Int, first: [Float], second: [Float]) {
    (self.step, self.first, self.second) = (step, first, second)
  }

  /// Changes the parameters by one step.
  ///
  /// - Parameters:
  ///   - gradient: The sum over `frames` frames.
  ///   - progress: How much of the training is done, 0...1.
  mutating func update(
    _ parameters: TapeParameters, gradient: UnsafePointer<Float>, frames: Int, progress: Float
  ) {
    step += 1
    let count = parameters.count
    let norm = Float(gradient_dot(count, gradient, gradient).squareRoot()) / Float(frames)
    // A gradient that is no number would spoil everything: the step is left out.
    guard norm.isFinite else { return }
    let (beta1, beta2): (Float, Float) = (0.9, 0.999)
    let corrections = (1 - power(beta1, step), 1 - power(beta2, step))
    let root = corrections.1.squareRoot()
    var adam = gradient_adam(
      rate: rate * Self.schedule(progress) * root / corrections.0, beta1: beta1, beta2: beta2,
      epsilon: 1e-8 * root, scale: min(1, clipNorm / max(norm, 1e-12)) / Float(frames))
    gradient_adam_step(&adam, count, gradient, &first, &second, parameters.base)
  }

  /// Half a wave of the cosine, from 1 to 0, behind a rise over the first twentieth, in which the moments settle.
  static func schedule(_ progress: Float) -> Float {
    let progress = min(max(progress, 0), 1)
    return min((progress + 0.005) / 0.05, 1) * Float(1 + gradient_cosine(Double(progress) * Double.pi)) / 2
  }

  private func power(_ base: Float, _ exponent: Int) -> Float {
    var (result, square, rest) = (1.0, Double(base), exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return Float(result)
  }
}
