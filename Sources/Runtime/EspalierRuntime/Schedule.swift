internal import EspalierPlan

/// Decides for each call whether all threads share it, and where all threads must wait for one another.
///
/// A small call runs on the calling thread alone. Between such calls nothing needs to wait; the barrier that
/// a plan asks for there is made up for before the next call that other threads take part in.
struct Schedule {
  /// Below this cost (about 2 microseconds of one core) sharing a call costs more than it saves.
  static let costWorthSharing: UInt64 = 1 << 17

  private let threads: Int
  /// Whether other threads have worked since the last barrier.
  private var othersWorked = false
  /// Whether the calling thread has worked since the last barrier.
  private var callerWorked = false
  /// Whether a barrier was left out since the last one that stands.
  private var owesBarrier = false
  private(set) var hasSharedCalls = false

  init(threads: Int) { self.threads = threads }

  mutating func place(_ call: Plan.Call, _ resources: CallResources) -> (isShared: Bool, waits: Bool) {
    let isShared = threads > 1 && resources.items > 1 && resources.cost >= Schedule.costWorthSharing
    let waits = needsWait(before: call, isShared: isShared)
    if waits { (othersWorked, callerWorked, owesBarrier) = (false, false, false) }
    callerWorked = true
    if isShared { (othersWorked, hasSharedCalls) = (true, true) }
    return (isShared, waits)
  }

  private mutating func needsWait(before call: Plan.Call, isShared: Bool) -> Bool {
    guard isShared || othersWorked else {
      if call.needsBarrier { owesBarrier = true }
      return false
    }
    return (call.needsBarrier || (isShared && owesBarrier)) && (othersWorked || callerWorked)
  }
}
