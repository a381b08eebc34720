/// What one core does at most, measured now: the ceilings that kernels are held against.
final class ProcessorPeaks {
  /// Multiply-adds a second in float32, and of bytes; nil where nobody knows.
  let floats: Double?
  let bytes: Double?
  /// Cycles a second.
  let cycles: Double?
  /// Bytes a second by the power of two that they fit into.
  private var rates: [Int: Double?] = [:]
  private let secondsToMove: (Int) -> Double?

  init(floats: Double?, bytes: Double?, cycles: Double?, secondsToMove: @escaping (Int) -> Double?) {
    (self.floats, self.bytes, self.cycles) = (floats, bytes, cycles)
    self.secondsToMove = secondsToMove
  }

  /// Of this processor.
  static var measured: ProcessorPeaks {
    ProcessorPeaks(
      floats: ProcessorPeak.measured, bytes: ProcessorPeak.measuredBytes,
      cycles: ProcessorPeak.measuredCycles,
      secondsToMove: ProcessorPeak.secondsToMove)
  }

  /// Nothing is known.
  static var unknown: ProcessorPeaks {
    ProcessorPeaks(floats: nil, bytes: nil, cycles: nil, secondsToMove: { _ in nil })
  }

  /// Multiply-adds a second of a family's numbers.
  func multiplyAdds(family: String) -> Double? { family.hasSuffix("_u8") ? bytes : floats }

  /// The least seconds in which a core moves `count` bytes that stand in the smallest cache they fit into: 4 kB to
  /// 128 MB are measured, in steps of two.
  func seconds(moving count: Int) -> Double? {
    guard count > 0 else { return 0 }
    let size = min(1 << 27, max(1 << 12, 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)))
    if rates[size] == nil { rates[size] = secondsToMove(size).map { Double(size) / $0 } }
    return (rates[size] ?? nil).map { Double(count) / $0 }
  }
}
