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
