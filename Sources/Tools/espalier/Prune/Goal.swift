internal import EspalierPrune

/// What has to be measured, and how much of it there may be.
struct Goal {
  /// The share of what is asked for that a pack needs beside the whole network's; more than 1 does not keep it.
  let use: (PairedTime) -> Double
  /// What of a pack is looked at, as text.
  let text: (PackTime) -> String

  /// Nil where nothing has to be measured.
  init?(_ budget: PruningBudget) {
    switch budget {
    case .multiplyAddsRemoved: return nil
    case .latency(let share):
      (use, text) = ({ $0.share / share }, { Format.milliseconds($0.median_ms) })
    case .milliseconds(let most):
      (use, text) = ({ $0.pruned.p99_ms / most }, { Format.milliseconds($0.p99_ms) })
    case .bytes(let most):
      (use, text) = ({ Double($0.pruned.bytes) / Double(most) }, { Format.bytes($0.bytes) })
    }
  }
}
