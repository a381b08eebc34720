/// Random numbers that a seed decides, by SplitMix64 (Steele, Lea and Flood 2014, figure 16).
struct TrainingRandom: RandomNumberGenerator {
  private var state: UInt64

  /// - Parameter stream: Numbers of other streams of the same seed are others.
  init(seed: UInt64, stream: UInt64 = 0) {
    state = seed
    state = next() ^ stream &* 0xD6E8_FEB8_6659_FD93
    _ = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Evenly within 0..<1.
  mutating func uniform() -> Float { Float(next() >> 40) / Float(1 << 24) }

  /// −1 or 1.
  mutating func sign() -> Float { next() >> 63 == 0 ? 1 : -1 }
}
