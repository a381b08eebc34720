internal import EspalierGraph

/// Random numbers that a seed decides.
struct TrainingRandom: RandomNumberGenerator {
  private var generator: SplitMix64

  /// - Parameter stream: Numbers of other streams of the same seed are others.
  init(seed: UInt64, stream: UInt64 = 0) {
    var first = SplitMix64(state: seed)
    generator = SplitMix64(state: first.next() ^ stream &* 0xD6E8_FEB8_6659_FD93)
    _ = next()
  }

  mutating func next() -> UInt64 { generator.next() }

  /// Evenly within 0..<1.
  mutating func uniform() -> Float { Float(next() >> 40) / Float(1 << 24) }

  /// −1 or 1.
  mutating func sign() -> Float { next() >> 63 == 0 ? 1 : -1 }
}
