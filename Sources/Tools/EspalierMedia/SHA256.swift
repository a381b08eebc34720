/// The SHA-256 digest of a sequence of bytes.
///
/// Source: FIPS 180-4, sections 4.1.2, 5.1.1, 6.2.
public enum SHA256 {
  /// The digest as 64 hexadecimal digits.
  public static func hexDigest(of bytes: [UInt8]) -> String {
    var state = initialState
    let whole = bytes.count / 64 * 64
    bytes.withUnsafeBufferPointer { buffer in
      for start in stride(from: 0, to: whole, by: 64) { absorb(buffer[start..<(start + 64)], &state) }
    }
    var tail = Array(bytes[whole...]) + [0x80]
    tail += [UInt8](repeating: 0, count: (120 - tail.count % 64) % 64)
    tail += (0..<8).map { UInt8(truncatingIfNeeded: (UInt64(bytes.count) * 8) >> (56 - 8 * UInt64($0))) }
    tail.withUnsafeBufferPointer { buffer in
      for start in stride(from: 0, to: tail.count, by: 64) { absorb(buffer[start..<(start + 64)], &state) }
    }
    return state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  private static func absorb(_ block: Slice<UnsafeBufferPointer<UInt8>>, _ state: inout [UInt32]) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { schedule in
      for t in 0..<16 {
        let at = block.startIndex + t * 4
        schedule[t] = (0..<4).reduce(0) { $0 << 8 | UInt32(block[at + $1]) }
      }
      for t in 16..<64 {
        let (a, b) = (schedule[t - 15], schedule[t - 2])
        let s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)
        let s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10)
        schedule[t] = schedule[t - 16] &+ s0 &+ schedule[t - 7] &+ s1
      }
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      var (e, f, g, h) = (state[4], state[5], state[6], state[7])
      for t in 0..<64 {
        let choice = (e & f) ^ (~e & g)
        let sumE = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
        let first = h &+ sumE &+ choice &+ roundConstants[t] &+ schedule[t]
        let majority = (a & b) ^ (a & c) ^ (b & c)
        let second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ majority
        (h, g, f, e) = (g, f, e, d &+ first)
        (d, c, b, a) = (c, b, a, first &+ second)
      }
      for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= word }
    }
  }

  private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word >> count | word << (32 - count)
  }

  /// The first 32 fractional bits of the square roots of the first 8 primes.
  private static let initialState: [UInt32] = primes.prefix(8).map { fraction(Double($0).squareRoot()) }

  /// The first 32 fractional bits of the cube roots of the first 64 primes.
  private static let roundConstants: [UInt32] = primes.map { prime in
    // Newton's method; the root has 3 bits before the point and a double 53 in all.
    var root = 3.0
    for _ in 0..<60 { root -= (root * root * root - Double(prime)) / (3 * root * root) }
    return fraction(root)
  }

  private static func fraction(_ root: Double) -> UInt32 {
    UInt32(truncatingIfNeeded: Int64((root - root.rounded(.down)) * 0x1p32))
  }

  private static let primes: [Int] = (2..<312).filter { number in
    (2..<number).allSatisfy { number % $0 != 0 }
  }
}
