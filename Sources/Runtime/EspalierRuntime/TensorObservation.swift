internal import CEspalierKernels
internal import EspalierKernels
internal import EspalierPlan

/// What one watched frame showed of a tensor, in the units of the network.
public struct TensorObservation: Sendable, Equatable, BitwiseCopyable {
  public var count: UInt64 = 0
  /// Of the finite elements; 0 where there are none.
  public var mean: Float = 0
  public var standardDeviation: Float = 0
  /// The least and the largest finite element; infinity and minus infinity where there is none.
  public var least: Float = .infinity
  public var largest: Float = -.infinity
  /// Of bytes the share at the ends of what they can stand for, of float32 the share outside of what calibration
  /// frames had.
  public var saturatedShare: Float = 0
  public var nanCount: UInt64 = 0
  public var infinityCount: UInt64 = 0
  /// How far the mean is from that of the calibration frames, in standard deviations of their elements; NaN without
  /// calibration.
  public var drift: Float = .nan

  public init() {}

  init(_ found: espalier_statistics, of watch: Plan.Watch) {
    let isOfBytes = watch.statistics.family == ByteStatisticsParameters.family
    let (scale, zero) = (Double(watch.scale), Double(watch.zeroPoint))
    count = found.count
    (nanCount, infinityCount) = (found.nan_count, found.infinity_count)
    let finite = Double(count - nanCount - infinityCount)
    guard finite > 0 else { return }
    let center = found.sum / finite
    mean = Float((center - zero) * scale)
    standardDeviation = Float(max(0, found.square_sum / finite - center * center).squareRoot() * scale)
    least = Float((Double(found.least) - zero) * scale)
    largest = Float((Double(found.largest) - zero) * scale)
    let below = isOfBytes && watch.zeroPoint == 0 ? 0 : found.below
    saturatedShare = Float(Double(below + found.above) / Double(count))
    if let digest = watch.digest {
      // Elements that never differed by more than their rounding have no deviation to count in.
      let unit = max(digest.standardDeviation, abs(digest.mean) * 1e-6, .leastNormalMagnitude)
      drift = (mean - digest.mean) / unit
    }
  }
}
