internal import CEspalierKernels
internal import EspalierPlan

/// What is kept of one rule of one tensor.
struct RuleRecord {
  /// Which of the last watched frames broke it, the last one in bit 0.
  var history: UInt64 = 0
  var isRaised = false
  /// How often it was raised.
  var alarms: UInt64 = 0

  /// Takes one more frame into account.
  ///
  /// - Returns: Whether an alarm was raised or withdrawn.
  mutating func note(_ isBroken: Bool, confirmations: Int, window: Int) -> Bool {
    let mask = window == 64 ? UInt64.max : (1 << UInt64(window)) - 1
    history = (history << 1 | (isBroken ? 1 : 0)) & mask
    if !isRaised, isBroken, history.nonzeroBitCount >= confirmations {
      isRaised = true
      alarms &+= 1
      return true
    }
    if isRaised, history == 0 {
      isRaised = false
      return true
    }
    return false
  }
}

/// Statistics and alarms of a session's watched frames. Everything is allocated when it is made.
final class TensorWatcher: @unchecked Sendable {
  let table: CallTable
  let interval: Int
  let rules: RoadRules
  private let watches: [Plan.Watch]
  private let alarm: (@Sendable (RoadAlarm) -> Void)?
  private let arena: SystemMemory
  /// For each call of `table` its index in the model.
  private let origins: UnsafeMutableBufferPointer<Int>
  private let memory: SystemMemory
  private let observations: UnsafeMutableBufferPointer<TensorObservation>
  private let previous: UnsafeMutableBufferPointer<espalier_statistics>
  private let records: UnsafeMutableBufferPointer<RuleRecord>
  private(set) var watchedFrames: UInt64 = 0
  /// Frames that were to be watched, but were cancelled.
  private(set) var abandonedFrames: UInt64 = 0

  /// - Throws: `outOfMemory`.
  init(
    _ model: Model, arena: SystemMemory, threads: Int, limit: InstructionSet, interval: Int, rules: RoadRules,
    alarm: (@Sendable (RoadAlarm) -> Void)?
  ) throws(SessionError) {
    let list = CallList(watching: model)
    table = try CallTable(model, list, arena: arena.base, threads: threads, limit: limit)
    (watches, self.arena, self.interval, self.rules, self.alarm) = (
      model.watches, arena, interval, rules, alarm
    )
    var plan = MemoryPlan()
    let originRoom = plan.room(for: Int.self, count: list.origins.count)
    let observationRoom = plan.room(for: TensorObservation.self, count: model.watches.count)
    let previousRoom = plan.room(for: espalier_statistics.self, count: model.watches.count)
    let recordRoom = plan.room(for: RuleRecord.self, count: model.watches.count * RoadRule.count)
    guard let memory = SystemMemory(byteCount: plan.byteCount) else {
      throw .outOfMemory(byteCount: plan.byteCount)
    }
    self.memory = memory
    origins = originRoom.bound(in: memory)
    observations = observationRoom.bound(in: memory)
    previous = previousRoom.bound(in: memory)
    records = recordRoom.bound(in: memory)
    _ = origins.initialize(from: list.origins)
    observations.initialize(repeating: TensorObservation())
    records.initialize(repeating: RuleRecord())
  }

  var tensorCount: Int { watches.count }

  func watch(_ tensor: Int) -> Plan.Watch { watches[tensor] }

  /// What the last watched frame showed; nil before the first.
  func observation(_ tensor: Int) -> TensorObservation? {
    watchedFrames > 0 ? observations[tensor] : nil
  }

  func record(_ tensor: Int, _ rule: RoadRule) -> RuleRecord {
    records[tensor * RoadRule.count + Int(rule.rawValue)]
  }

  /// The model's index of a call of `table`.
  func origin(ofCall call: Int) -> Int { origins[call] }

  /// Notes that a frame was cancelled before all its statistics were there.
  func abandonFrame() { abandonedFrames &+= 1 }

  /// Reads the statistics that a frame has left in the arena, and holds them against the rules.
  func concludeFrame() {
    watchedFrames &+= 1
    for tensor in watches.indices {
      let found = (arena.base + watches[tensor].blockOffset).loadUnaligned(as: espalier_statistics.self)
      let isFrozen = watchedFrames > 1 && found.equals(previous[tensor])
      previous[tensor] = found
      observations[tensor] = TensorObservation(found, of: watches[tensor])
      let broken = rules.broken(
        by: observations[tensor], digest: watches[tensor].digest, isFrozen: isFrozen)
      for rule in 0..<RoadRule.count { note(tensor, rule, broken >> UInt8(rule) & 1 != 0) }
    }
  }

  private func note(_ tensor: Int, _ rule: Int, _ isBroken: Bool) {
    let index = tensor * RoadRule.count + rule
    guard isBroken || records[index].isRaised || records[index].history != 0 else { return }
    guard let name = RoadRule(rawValue: UInt8(rule)) else { return }
    let changed = records[index].note(
      isBroken, confirmations: name == .notFinite ? 1 : rules.confirmations, window: rules.window)
    guard changed, let alarm else { return }
    alarm(
      RoadAlarm(
        rule: name, tensor: tensor, isRaised: records[index].isRaised, watchedFrames: watchedFrames,
        observation: observations[tensor]))
  }
}

extension espalier_statistics {
  /// Whether two frames showed the same; NaN does not occur in the fields.
  fileprivate func equals(_ other: espalier_statistics) -> Bool {
    count == other.count && sum == other.sum && square_sum == other.square_sum && least == other.least
      && largest == other.largest && below == other.below && above == other.above
      && nan_count == other.nan_count && infinity_count == other.infinity_count
  }
}
