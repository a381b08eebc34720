internal import EspalierPlan

/// Decides for each call which items each thread computes, and where all threads must wait for one another.
///
/// A small call runs on one thread. While the calling thread works alone, nothing needs to wait; the barrier
/// that a plan asks for there is made up for before the next call that other threads take part in. Between
/// two barriers calls are independent, so that whoever has less to do gets more of the next one. Shares are where
/// threads begin: what nobody has begun may be taken by whoever waits for it (`FrameLoop`).
struct Schedule {
  /// Below this cost (about 2 microseconds of one core) sharing a call costs more than it saves.
  static let costWorthSharing: UInt64 = 1 << 17

  private let threads: Int
  /// What each thread was given since the last barrier.
  private var loads: [UInt64]
  /// Whether other threads have worked since the last barrier.
  private var othersWorked = false
  /// Whether the calling thread has worked since the last barrier.
  private var callerWorked = false
  /// Whether a barrier was left out since the last one that stands.
  private var owesBarrier = false
  /// Whether any call is for another thread than the calling one.
  private(set) var usesWorkers = false

  init(threads: Int) {
    self.threads = threads
    loads = Array(repeating: 0, count: threads)
  }

  /// Where a call is computed.
  struct Place {
    /// Where each thread's items begin, ascending, then their number: `threads + 1` entries.
    let bounds: [UInt32]
    /// Whether everything before the call is completed first.
    let waits: Bool
    /// Whether every thread may take of its items, or it is the calling thread's alone.
    let isClaimed: Bool
    /// How many items a thread takes at once.
    let itemsPerClaim: UInt32
  }

  mutating func place(_ call: Plan.Call, _ resources: CallResources) -> Place {
    let isShared = threads > 1 && resources.items > 1 && resources.cost >= Schedule.costWorthSharing
    let waits = needsWait(before: call, isShared: isShared)
    if waits {
      (othersWorked, callerWorked, owesBarrier) = (false, false, false)
      for thread in loads.indices { loads[thread] = 0 }
    }
    let isClaimed = isShared || othersWorked
    let bounds = isShared ? share(resources) : [0] + ownerBounds(resources)
    for thread in loads.indices where bounds[thread] < bounds[thread + 1] {
      let part = Double(bounds[thread + 1] - bounds[thread]) / Double(resources.items)
      loads[thread] += UInt64(part * Double(resources.cost))
      if thread == 0 { callerWorked = true } else { (othersWorked, usesWorkers) = (true, true) }
    }
    return Place(bounds: bounds, waits: waits, isClaimed: isClaimed, itemsPerClaim: itemsPerClaim(resources))
  }

  /// Half of a share, so that there is something to take of a thread that was kept from its other half, and no more
  /// than lies between two looks at a deadline; but never so little that taking costs more than computing, nor that
  /// what kernels do before a piece is more than a sixteenth of it.
  private func itemsPerClaim(_ resources: CallResources) -> UInt32 {
    let items = Double(resources.items)
    let half = items / Double(2 * threads)
    let worthIt = items * Double(Schedule.costWorthSharing) / Double(max(1, resources.cost))
    let piece = min(max(half, worthIt).rounded(.up), items)
    let begun = 16 * items * Double(resources.beginningMultiplyAdds) / Double(max(1, resources.cost))
    return max(1, min(UInt32(piece), resources.itemsPerCheckpoint), UInt32(min(begun.rounded(.up), items)))
  }

  private mutating func needsWait(before call: Plan.Call, isShared: Bool) -> Bool {
    guard isShared || othersWorked else {
      if call.needsBarrier && callerWorked { owesBarrier = true }
      return false
    }
    return (call.needsBarrier || (isShared && owesBarrier)) && (othersWorked || callerWorked)
  }

  /// Everything for the thread that has least to do; for the calling thread while it works alone.
  private func ownerBounds(_ resources: CallResources) -> [UInt32] {
    var owner = 0
    if othersWorked {
      for thread in loads.indices where loads[thread] < loads[owner] { owner = thread }
    }
    return loads.indices.map { $0 < owner ? 0 : resources.items }
  }

  /// Shares that raise all threads to one level, as far as whole items can.
  private func share(_ resources: CallResources) -> [UInt32] {
    let level = level(for: resources.cost)
    var bounds: [UInt32] = [0]
    var given = 0.0
    for load in loads {
      given += max(0, level - Double(load)) / Double(resources.cost)
      bounds.append(min(resources.items, UInt32((given * Double(resources.items)).rounded())))
    }
    bounds[threads] = resources.items
    return bounds
  }

  /// The load that threads below it reach when they share `cost`.
  private func level(for cost: UInt64) -> Double {
    var level = Double.infinity
    while true {
      let below = loads.filter { Double($0) < level }
      let next = Double(below.reduce(cost, +)) / Double(max(1, below.count))
      guard next < level else { return level }
      level = next
    }
  }
}
