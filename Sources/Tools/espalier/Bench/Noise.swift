/// Normally distributed values, the same for the same seed.
///
/// Source: Vigna's SplitMix64; the sum of twelve uniform values less six.
struct Noise {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> Float {
    var sum: Float = -6
    for _ in 0..<12 { sum += Float(uniform() >> 40) * 0x1p-24 }
    return sum
  }

  private mutating func uniform() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
