internal import EspalierPrune

/// What has to be measured, and how much of it there may be.
struct Goal {
  let limit: Double
  let amount: (PackTime) -> Double
  let text: (Double) -> String

  /// Nil where nothing has to be measured, or the whole network is within the budget.
  init?(_ budget: PruningBudget, _ full: PackTime) {
    switch budget {
    case .multiplyAddsRemoved: return nil
    case .latency(let share):
      (limit, amount, text) = (share * full.median_ms, \.median_ms, Format.milliseconds)
    case .milliseconds(let most): (limit, amount, text) = (most, \.p99_ms, Format.milliseconds)
    case .bytes(let most):
      (limit, amount, text) = (Double(most), { Double($0.bytes) }, { Format.bytes(Int($0)) })
    }
    guard amount(full) > limit else { return nil }
  }

  /// The share of the limit that a pack needs.
  func use(_ time: PackTime) -> Double { amount(time) / limit }
}
