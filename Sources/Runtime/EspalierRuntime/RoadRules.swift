internal import EspalierPlan

/// What can be wrong with a tensor on the road.
public enum RoadRule: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  /// It holds a NaN or an infinity.
  case notFinite = 0
  /// All its elements are the same, which no calibration frame had.
  case constant = 1
  /// It is the same as in the watched frame before, as of a camera that stands still.
  case frozen = 2
  /// More of its elements are at the ends of their range than of any calibration frame.
  case saturated = 3
  /// Its mean has left that of the calibration frames.
  case drifted = 4
  /// Its elements spread more or less widely than those of the calibration frames.
  case spread = 5

  /// As metrics call it.
  public var name: StaticString {
    switch self {
    case .notFinite: "not_finite"
    case .constant: "constant"
    case .frozen: "frozen"
    case .saturated: "saturated"
    case .drifted: "drifted"
    case .spread: "spread"
    }
  }

  var bit: UInt8 { 1 << rawValue }

  static let count = 6
}

/// When a watched tensor is wrong. Rules that compare with calibration say nothing of tensors without a digest.
///
/// A frame's mean and standard deviation are held against the extremes that calibration frames had, not against an
/// average: frames by night belong to the calibration of a network for night and day.
public struct RoadRules: Sendable, Equatable, BitwiseCopyable {
  /// Saturated is a share above `saturationFactor` times that of the worst calibration frame plus
  /// `saturationOffset`.
  public var saturationFactor: Float = 2
  public var saturationOffset: Float = 0.02
  /// Drifted is a mean so many standard deviations (of the elements of all calibration frames) outside the means
  /// that calibration frames had.
  public var driftLimit: Float = 0.1
  /// Spread is a standard deviation so many times above the largest of a calibration frame, or below the least.
  public var spreadFactor: Float = 1.2
  /// An alarm is raised when so many of the last `window` watched frames were wrong, and withdrawn when none of them
  /// is. Numbers that are not finite raise it at once: frames of finite numbers make none.
  public var confirmations = 3
  /// 1 … 64.
  public var window = 5

  public init() {}

  /// Whether thresholds are numbers that rules can work with.
  var areSound: Bool {
    1...64 ~= window && 1...window ~= confirmations && saturationFactor >= 0 && saturationOffset >= 0
      && driftLimit >= 0 && spreadFactor >= 1
  }

  /// The rules that one frame breaks, a bit for each.
  func broken(by found: TensorObservation, digest: TensorDigest?, isFrozen: Bool) -> UInt8 {
    var broken: UInt8 = 0
    if found.nanCount > 0 || found.infinityCount > 0 { broken |= RoadRule.notFinite.bit }
    let mayBeConstant = found.count < 2 || (digest.map { $0.frameDeviations.lowerBound == 0 } ?? false)
    if found.least == found.largest, !mayBeConstant { broken |= RoadRule.constant.bit }
    if isFrozen { broken |= RoadRule.frozen.bit }
    guard let digest, found.least <= found.largest else { return broken }
    if found.saturatedShare > digest.saturatedShare * saturationFactor + saturationOffset {
      broken |= RoadRule.saturated.bit
    }
    let slack = driftLimit * digest.standardDeviation
    let means = digest.frameMeans
    if found.mean > means.upperBound + slack || found.mean < means.lowerBound - slack {
      broken |= RoadRule.drifted.bit
    }
    let spreads = digest.frameDeviations
    if found.standardDeviation > spreads.upperBound * spreadFactor
      || found.standardDeviation * spreadFactor < spreads.lowerBound
    {
      broken |= RoadRule.spread.bit
    }
    return broken
  }
}

/// A rule that a tensor has begun or ceased to break.
public struct RoadAlarm: Sendable, Equatable, BitwiseCopyable {
  public var rule: RoadRule
  /// Which of the model's watched tensors.
  public var tensor: Int
  /// False: the alarm is withdrawn.
  public var isRaised: Bool
  /// How many frames had been watched, this one included.
  public var watchedFrames: UInt64
  /// What the frame showed.
  public var observation: TensorObservation
}
