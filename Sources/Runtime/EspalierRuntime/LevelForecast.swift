/// Foretells how long 99 of 100 frames of each level will take.
///
/// A level's own time was measured once, when the session was prepared. How much slower frames are at present than
/// that is counted for all levels together, so that what a small level meets tells what a large one would meet: a
/// level that is not run for a while is neither forgotten nor feared. Old frames fade: after every 128 of them, what
/// was counted before counts half.
final class LevelForecast: @unchecked Sendable {
  /// Buckets for each doubling of the slowdown.
  private static let bucketsPerOctave = 32
  /// From a quarter to 64 times the level's own time.
  private static let octaves = 8
  private static let lowest = 0.25
  private static let bucketCount = bucketsPerOctave * octaves
  private static let frameCountOfHalf = 128

  /// Nanoseconds of each level's own time; 0: not known.
  private let own: UnsafeMutableBufferPointer<Double>
  /// Useful multiply-adds of each level.
  private let multiplyAdds: UnsafeMutableBufferPointer<Double>
  private let counts: UnsafeMutableBufferPointer<UInt32>
  private var total: UInt32 = 0
  private var framesUntilHalf = frameCountOfHalf

  /// - Parameter levels: The largest first; at least one.
  init(multiplyAdds levels: [UInt64]) {
    own = .allocate(capacity: levels.count)
    own.initialize(repeating: 0)
    multiplyAdds = .allocate(capacity: levels.count)
    for (index, count) in levels.enumerated() {
      multiplyAdds.initializeElement(at: index, to: max(1, Double(count)))
    }
    counts = .allocate(capacity: Self.bucketCount)
    counts.initialize(repeating: 0)
  }

  deinit {
    own.deallocate()
    multiplyAdds.deallocate()
    counts.deallocate()
  }

  /// States a level's own time: that of a frame while nothing else runs.
  func setOwnTime(_ nanoseconds: UInt64, of level: Int) { own[level] = max(1, Double(nanoseconds)) }

  /// Counts a frame.
  ///
  /// - Parameter nanoseconds: Of its kernels; of one that was cancelled as long as it ran.
  func note(_ nanoseconds: UInt64, of level: Int) {
    let time = max(1, Double(nanoseconds))
    if own[level] == 0 { own[level] = time }
    counts[Self.bucket(of: time / own[level])] += 1
    total += 1
    framesUntilHalf -= 1
    guard framesUntilHalf == 0 else { return }
    framesUntilHalf = Self.frameCountOfHalf
    total = 0
    for bucket in counts.indices {
      counts[bucket] /= 2
      total += counts[bucket]
    }
  }

  /// Nanoseconds that 99 of 100 frames of a level keep; nil where no frame was seen yet.
  func p99(of level: Int) -> UInt64? {
    guard total > 0, let time = ownTime(of: level) else { return nil }
    return UInt64(min(time * slowdown, 1e18))
  }

  /// The largest level of which 99 of 100 frames take no longer than `nanoseconds`; the smallest where none does, the
  /// largest where nothing is known.
  func level(within nanoseconds: UInt64, of levels: ClosedRange<Int>) -> Int {
    guard total > 0, levels.count > 1 else { return levels.lowerBound }
    let slowdown = slowdown
    for level in levels.lowerBound..<levels.upperBound {
      guard let time = ownTime(of: level) else { return level }
      if time * slowdown <= Double(nanoseconds) { return level }
    }
    return levels.upperBound
  }

  /// The upper edge of the bucket that the 99th percentile falls into; the slowest frame where there are few.
  private var slowdown: Double {
    let above = total / 100
    var seen: UInt32 = 0
    for bucket in counts.indices.reversed() {
      seen += counts[bucket]
      if seen > above { return Self.upperEdge(of: bucket) }
    }
    return 1
  }

  /// Measured, or from another level by the multiply-adds of both.
  private func ownTime(of level: Int) -> Double? {
    if own[level] > 0 { return own[level] }
    for other in own.indices where own[other] > 0 {
      return own[other] * multiplyAdds[level] / multiplyAdds[other]
    }
    return nil
  }

  private static func bucket(of slowdown: Double) -> Int {
    let scaled = max(1, slowdown / lowest)
    let octave = scaled.exponent
    let part = Int((scaled.significand - 1) * Double(bucketsPerOctave))
    return min(Int(octave) * bucketsPerOctave + part, bucketCount - 1)
  }

  private static func upperEdge(of bucket: Int) -> Double {
    let (octave, part) = bucket.quotientAndRemainder(dividingBy: bucketsPerOctave)
    let octaveStart = lowest * Double(1 << octave)
    return octaveStart * (1 + Double(part + 1) / Double(bucketsPerOctave))
  }
}
