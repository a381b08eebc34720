import EspalierKernels
public import EspalierPlan

extension Plan {
  /// Watches `count` neighboring floats, which are complete behind a call.
  public mutating func watch(
    _ tensor: Operand, count: Int, behind call: Int, name: String, digest: TensorDigest? = nil,
    limits: ClosedRange<Float> = -Float.infinity...Float.infinity
  ) {
    var parameters = StatisticsParameters()
    parameters.extent = sixAxes([count], fill: 1)
    parameters.input_stride = sixAxes([1], fill: 0)
    (parameters.low, parameters.high) = (limits.lowerBound, limits.upperBound)
    let end = watches.first?.blockOffset ?? arenaByteCount
    let statistics = Call(
      family: StatisticsParameters.family, operands: [tensor, .absent], parameters: parameters.words,
      name: name)
    watches.append(Watch(call: call, statistics: statistics, digest: digest))
    placeWatches(behind: end)
  }
}

extension TensorDigest {
  /// Of frames that all have the same mean and standard deviation.
  public static func of(mean: Float, deviation: Float, least: Float, largest: Float) -> TensorDigest {
    TensorDigest(
      mean: mean, standardDeviation: deviation, least: least, largest: largest, frameMeans: mean...mean,
      frameDeviations: deviation...deviation, saturatedShare: 0, frameCount: 1)
  }
}
