/// How often the numbers of a tensor fall into equal steps of its range.
public struct Histogram: Sendable, Equatable {
  public static let binCount = 2048

  public let least: Float
  public let largest: Float
  public private(set) var counts: [Int]
  /// How many of the numbers are exactly 0, which every quantization represents.
  public private(set) var zeroCount = 0

  /// - Precondition: `least` is not above `largest`, and both are finite.
  public init(least: Float, largest: Float) {
    precondition(least <= largest && least.isFinite && largest.isFinite)
    self.least = least
    self.largest = largest
    counts = [Int](repeating: 0, count: Self.binCount)
  }

  public var total: Int { counts.reduce(0, +) }

  var width: Float { (largest - least) / Float(Self.binCount) }

  /// The number in the middle of a bin.
  public func center(of bin: Int) -> Float { least + (Float(bin) + 0.5) * width }

  /// Counts finite numbers; what lies outside the range counts at its end.
  public mutating func add(_ elements: some Sequence<Float>) {
    let scale = width > 0 ? 1 / width : 0
    let last = Float(Self.binCount - 1)
    let start = least
    var zeros = 0
    counts.withUnsafeMutableBufferPointer { counts in
      for element in elements where element.isFinite {
        if element == 0 { zeros += 1 }
        // In this order no number also counts at the beginning: of a range whose width overflows.
        counts[Int(min(max(0, (element - start) * scale), last))] += 1
      }
    }
    zeroCount += zeros
  }

  /// - Precondition: As many counts as bins.
  package mutating func set(counts: [Int], zeroCount: Int) {
    precondition(counts.count == Self.binCount)
    (self.counts, self.zeroCount) = (counts, zeroCount)
  }
}
