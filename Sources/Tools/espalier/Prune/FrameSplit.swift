internal import EspalierObserve

/// Frames that a network recovers by, and frames that it is judged by.
struct FrameSplit {
  let fitting: [FrameGroup]
  let judging: [FrameGroup]

  /// The share that is held back.
  private static let heldBack = 0.2
  /// More frames than these teach a layer nothing more, and take time.
  private static let fittingLimit = 1_024
  private static let judgingLimit = 512

  /// - Parameters:
  ///   - groups: The last fifth of each is held back where there is nothing else to judge by: neighbors in a sequence
  ///     are too much alike to judge each other.
  ///   - judging: All of these judge.
  init(_ groups: [FrameGroup], judging: [FrameGroup]? = nil) {
    let share = max(1, groups.count)
    if let judging {
      fitting = groups.map { $0.thinned(to: Self.fittingLimit / share) }
      self.judging = judging
      return
    }
    let parts = groups.map { group in
      let count = group.frames.count
      let judged = count < 2 ? 0 : max(1, Int(Double(count) * Self.heldBack))
      return (fitting: group.range(0..<count - judged), judging: group.range(count - judged..<count))
    }
    fitting = parts.map { $0.fitting.thinned(to: Self.fittingLimit / share) }
    self.judging = parts.map { $0.judging.thinned(to: Self.judgingLimit / share) }
      .filter { !$0.frames.isEmpty }
  }
}

extension FrameGroup {
  func range(_ range: Range<Int>) -> FrameGroup {
    let all = elements
    return FrameGroup(name: name, frames: Array(frames[range])) { all(range.lowerBound + $0) }
  }
}
