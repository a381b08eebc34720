/// What a pruned network may cost.
public enum PruningBudget: Sendable, Equatable {
  /// The share of multiply-adds that is taken away, as in `--prune 0.5`.
  case multiplyAddsRemoved(Double)
  /// The share of the original's time that is left, as in `--latency 0.6`.
  case latency(Double)
  /// Milliseconds of a frame, as in `--budget 8ms`.
  case milliseconds(Double)
  /// Bytes of the packed file, as in `--size 2MB`.
  case bytes(Int)
}

/// How much is cut at which step of several.
public enum PruningSchedule: Sendable, Equatable {
  /// All at once.
  case constant
  /// Every step cuts as much as the others.
  case linear(steps: Int)
  /// The first steps cut most: after step t of T a share 1 − (1 − t/T)^power of it all is gone.
  ///
  /// Source: Zhu and Gupta 2017, equation 1.
  case polynomial(steps: Int, power: Int)

  /// What share of the whole cut is made after each step; the last is 1.
  public var shares: [Double] {
    switch self {
    case .constant: [1]
    case .linear(let steps): (1...max(1, steps)).map { Double($0) / Double(max(1, steps)) }
    case .polynomial(let steps, let power):
      (1...max(1, steps)).map { step in
        let left = 1 - Double(step) / Double(max(1, steps))
        return 1 - (0..<max(1, power)).reduce(1) { product, _ in product * left }
      }
    }
  }
}
