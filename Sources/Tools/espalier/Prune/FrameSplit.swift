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

  /// The last fifth of every group is held back: neighbors in a sequence are too much alike to judge each other.
  init(_ groups: [FrameGroup]) {
    let parts = groups.map { group in
      let count = group.frames.count
      let judged = count < 2 ? 0 : max(1, Int(Double(count) * Self.heldBack))
      return (fitting: group.range(0..<count - judged), judging: group.range(count - judged..<count))
    }
    let share = max(1, groups.count)
    fitting = parts.map { $0.fitting.thinned(to: Self.fittingLimit / share) }
    judging = parts.map { $0.judging.thinned(to: Self.judgingLimit / share) }.filter { !$0.frames.isEmpty }
  }
}

extension FrameGroup {
  func range(_ range: Range<Int>) -> FrameGroup {
    let all = elements
    return FrameGroup(name: name, frames: Array(frames[range])) { all(range.lowerBound + $0) }
  }
}
