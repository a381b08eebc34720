/// Rows of float32 as whole numbers times a scale for each lane, to the bit.
struct LaneCodes {
  /// Row by row.
  private(set) var codes: [Int]
  private(set) var scales: [Float]

  /// The largest magnitude of a code; weights that were rounded to fewer steps come back as they are.
  static let limit = 2_047

  var fitBytes: Bool { codes.allSatisfy { -128...127 ~= $0 } }

  /// Nil where a lane holds other numbers than multiples of one scale by at most `limit`.
  ///
  /// - Parameter bytes: Little-endian, a multiple of `4 * lanes`.
  init?(_ bytes: ArraySlice<UInt8>, lanes: Int) {
    let count = bytes.count / 4
    let numbers = (0..<count).map { index in
      let start = bytes.startIndex + 4 * index
      return Float(
        bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
    }
    codes = [Int](repeating: 0, count: count)
    scales = [Float](repeating: 0, count: lanes)
    for lane in 0..<lanes {
      let own = stride(from: lane, to: count, by: lanes).map { numbers[$0] }
      guard let (scale, found) = Self.steps(own) else { return nil }
      scales[lane] = scale
      for (row, code) in found.enumerated() { codes[row * lanes + lane] = code }
    }
  }

  /// The scale of which all numbers are multiples, and how many times they are it.
  private static func steps(_ numbers: [Float]) -> (scale: Float, codes: [Int])? {
    let largest = numbers.reduce(Float(0)) { max($0, abs($1)) }
    guard largest.isFinite, numbers.allSatisfy({ $0 != 0 || $0.sign == .plus }) else { return nil }
    guard largest > 0 else { return (0, numbers.map { _ in 0 }) }
    // Most filters use nearly all steps, and one number or two tell that a scale does not fit.
    for steps in (1...127).reversed() + Array(128...limit) {
      let scale = largest / Float(steps)
      guard scale.isNormal else { continue }
      let fits = numbers.allSatisfy { number in
        let code = (number / scale).rounded(.toNearestOrEven)
        return code * scale == number
      }
      if fits { return (scale, numbers.map { Int(($0 / scale).rounded(.toNearestOrEven)) }) }
    }
    return nil
  }
}
