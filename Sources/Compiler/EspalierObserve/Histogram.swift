/// How often the numbers of a tensor fall into equal steps of its range.
public struct Histogram: Sendable, Equatable {
  public static let binCount = 2048

  public let least: Float
  public let largest: Float
  public private(set) var counts: [Int]

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
    guard width > 0 else {
      counts[0] += elements.reduce(0) { count, _ in count + 1 }
      return
    }
    let scale = 1 / width
    for element in elements where element.isFinite {
      let place = (element - least) * scale
      counts[Int(min(max(place, 0), Float(Self.binCount - 1)))] += 1
    }
  }
}
