/// What calibration frames showed of a tensor, in the units of the network: what frames on the road are held against.
public struct TensorDigest: Sendable, Equatable {
  /// Mean and standard deviation of all elements of all frames.
  public var mean: Float
  public var standardDeviation: Float
  /// The extremes of all elements.
  public var least: Float
  public var largest: Float
  /// The extremes, among frames, of a frame's mean and of a frame's standard deviation.
  public var frameMeans: ClosedRange<Float>
  public var frameDeviations: ClosedRange<Float>
  /// The largest share of saturated elements that a frame had.
  public var saturatedShare: Float
  /// How many frames there were.
  public var frameCount: Int

  public init(
    mean: Float, standardDeviation: Float, least: Float, largest: Float, frameMeans: ClosedRange<Float>,
    frameDeviations: ClosedRange<Float>, saturatedShare: Float, frameCount: Int
  ) {
    (self.mean, self.standardDeviation) = (mean, standardDeviation)
    (self.least, self.largest) = (least, largest)
    (self.frameMeans, self.frameDeviations) = (frameMeans, frameDeviations)
    (self.saturatedShare, self.frameCount) = (saturatedShare, frameCount)
  }
}

extension Plan {
  /// A tensor whose statistics can be gathered while frames run.
  public struct Watch: Sendable {
    /// Behind this call the tensor is complete, and nothing has been written over it.
    public var call: Int
    /// Of `statistics_u8` or `statistics_f32`, into a block of the arena that no other call touches; named as the
    /// tensor.
    public var statistics: Call
    /// What bytes stand for, `(byte - zeroPoint) * scale`; 1 and 0 for float32.
    public var scale: Float
    public var zeroPoint: UInt8
    /// Nil where there were no frames to calibrate with.
    public var digest: TensorDigest?

    public init(call: Int, statistics: Call, scale: Float = 1, zeroPoint: UInt8 = 0, digest: TensorDigest?) {
      (self.call, self.statistics, self.digest) = (call, statistics, digest)
      (self.scale, self.zeroPoint) = (scale, zeroPoint)
    }

    /// Where in the arena the statistics are written.
    public var blockOffset: Int { statistics.operands.count == 2 ? Int(statistics.operands[1].offset) : 0 }

    /// Bytes of the statistics of a tensor.
    public static let blockByteCount = 64
  }

  /// Gives the statistics of every watched tensor memory behind what the calls need.
  ///
  /// - Parameter byteCount: How much of the arena the calls need.
  public mutating func placeWatches(behind byteCount: Int) {
    arenaByteCount = byteCount
    for index in watches.indices {
      let offset = PackFormat.roundUp(arenaByteCount, to: Watch.blockByteCount)
      watches[index].statistics.operands[1] = Operand(.arena, offset: UInt64(offset))
      arenaByteCount = offset + Watch.blockByteCount
    }
  }

  /// How much of the arena the calls need beside the statistics.
  var arenaByteCountOfCalls: Int { watches.first?.blockOffset ?? arenaByteCount }
}

#if !hasFeature(Embedded)
  extension Plan.Watch: Equatable {}
#endif

extension [Plan.Watch] {
  /// - Parameter arenaEnd: What the plan's calls touch of the arena ends there.
  /// - Throws: `limitExceeded`, or `invalid` for the first that is no statistics of a tensor behind a call, that
  ///   writes to memory of others, or whose numbers mean nothing.
  func require(callCount: Int, arenaEnd: UInt64, within limits: PlanLimits) throws(PlanError) {
    try PlanError.require(.watches, UInt64(count), atMost: limits.watchCount)
    var (end, call) = (arenaEnd, 0)
    for (index, watch) in enumerated() {
      guard call <= watch.call, watch.call < callCount else {
        throw .invalid(.watchedCall, index: index, found: UInt64(clamping: watch.call))
      }
      guard PackFormat.statisticsFamilies.contains(watch.statistics.family),
        watch.statistics.operands.count == 2
      else { throw .invalid(.watchFamily, index: index, found: UInt64(watch.statistics.family)) }
      let block = watch.statistics.operands[1]
      guard block.space == .arena, block.offset >= end, block.offset <= UInt64(limits.arenaByteCount) else {
        throw .invalid(.watchBlock, index: index, found: block.offset)
      }
      guard watch.scale.isFinite, watch.scale > 0 else {
        throw .invalid(.watchScale, index: index, found: UInt64(watch.scale.bitPattern))
      }
      guard watch.digest?.isSound ?? true else {
        throw .invalid(.watchDigest, index: index, found: 0)
      }
      (end, call) = (block.offset + UInt64(Plan.Watch.blockByteCount), watch.call)
    }
  }
}

extension TensorDigest {
  /// Whether frames can have shown this.
  var isSound: Bool {
    let numbers = [
      mean, standardDeviation, least, largest, frameMeans.lowerBound, frameMeans.upperBound,
      frameDeviations.lowerBound, frameDeviations.upperBound, saturatedShare,
    ]
    return numbers.allSatisfy { $0.isFinite } && least <= largest && standardDeviation >= 0
      && frameDeviations.lowerBound >= 0 && (0...1).contains(saturatedShare) && frameCount > 0
      && frameCount <= Int(UInt32.max)
  }
}
