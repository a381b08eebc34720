/// What the numbers of a tensor are reduced to.
public enum Reduction: String, CaseIterable, Sendable, Codable {
  case min, max, mean
  /// Standard deviation of all elements.
  case std
  /// Sum of the absolute values.
  case l1
  /// Root of the sum of the squares.
  case l2
  /// The share of elements that are exactly 0.
  case zeros
  /// How many elements are no finite numbers; all other reductions leave them out.
  case notFinite = "not-finite"
}

/// The reductions of one tensor in one frame.
public struct ReducedTensor: Sendable, Equatable {
  private var count = 0
  private var notFinite = 0
  private var zeros = 0
  private var least = Double.infinity
  private var largest = -Double.infinity
  private var sum = 0.0
  private var absolute = 0.0
  private var squares = 0.0

  public init(_ elements: some Sequence<Float>) {
    for element in elements {
      guard element.isFinite else {
        notFinite += 1
        continue
      }
      let value = Double(element)
      count += 1
      if value == 0 { zeros += 1 }
      least = Swift.min(least, value)
      largest = Swift.max(largest, value)
      sum += value
      absolute += abs(value)
      squares += value * value
    }
  }

  /// How many numbers stand for one frame of a tensor.
  package static let numberCount = 8

  /// All that is known, so that it can be kept and read again to the same bits.
  package var numbers: [Double] {
    [Double(count), Double(notFinite), Double(zeros), least, largest, sum, absolute, squares]
  }

  /// What `numbers` gave; nil where no tensor of so many elements gives them.
  ///
  /// - Precondition: `numberCount` numbers.
  package init?(_ numbers: ArraySlice<Double>, elementCount: Int) {
    precondition(numbers.count == Self.numberCount)
    let numbers = Array(numbers)
    let counts = numbers[..<3].compactMap { Int(exactly: $0) }
    guard counts.count == 3, counts.allSatisfy({ (0...elementCount).contains($0) }),
      counts[0] + counts[1] == elementCount, counts[2] <= counts[0]
    else { return nil }
    (count, notFinite, zeros) = (counts[0], counts[1], counts[2])
    (least, largest, sum) = (numbers[3], numbers[4], numbers[5])
    (absolute, squares) = (numbers[6], numbers[7])
    guard sum.isFinite, absolute.isFinite, squares.isFinite, absolute >= 0, squares >= 0 else { return nil }
    if count == 0 {
      guard least == .infinity, largest == -.infinity else { return nil }
    } else {
      guard least.isFinite, largest.isFinite, least <= largest else { return nil }
    }
  }

  /// How many elements are finite.
  package var finiteCount: Int { count }

  /// Of a tensor without finite elements everything but `notFinite` is 0.
  public subscript(_ reduction: Reduction) -> Double {
    guard reduction != .notFinite else { return Double(notFinite) }
    guard count > 0 else { return 0 }
    let mean = sum / Double(count)
    switch reduction {
    case .min: return least
    case .max: return largest
    case .mean: return mean
    case .std: return Swift.max(0, squares / Double(count) - mean * mean).squareRoot()
    case .l1: return absolute
    case .l2: return squares.squareRoot()
    case .zeros: return Double(zeros) / Double(count)
    case .notFinite: return Double(notFinite)
    }
  }
}
