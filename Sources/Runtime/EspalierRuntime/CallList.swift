internal import EspalierPlan

/// The calls of frames in order, level by level, with what they need, and where in the model each comes from.
struct CallList {
  private(set) var calls: [Plan.Call] = []
  private(set) var resources: [CallResources] = []
  /// For each call its index in the model; for statistics that of the call whose tensor they look at.
  private(set) var origins: [Int] = []
  /// The part of each level.
  private(set) var levels: [Range<Int>] = []

  /// No calls: see `beginLevel`.
  init() {}

  /// All calls of a model.
  init(_ model: Model) {
    levels = model.levels.map { $0.calls }
    for (index, call) in model.calls.enumerated() { append(call, model.resources[index], origin: index) }
  }

  /// The calls of a model's largest level; the statistics of each watched tensor follow the call that completes it.
  /// Everything waits for statistics, and they wait for everything, so that nobody writes over what they read.
  init(watching model: Model) {
    defer { levels = [calls.indices] }
    var next = 0
    var isBehindStatistics = false
    for index in model.levels[0].calls {
      var call = model.calls[index]
      if isBehindStatistics { call.needsBarrier = true }
      isBehindStatistics = false
      append(call, model.resources[index], origin: index)
      while next < model.watches.count, model.watches[next].call == index {
        var statistics = model.watches[next].statistics
        statistics.needsBarrier = true
        append(statistics, model.watchResources[next], origin: index)
        (next, isBehindStatistics) = (next + 1, true)
      }
    }
  }

  /// Calls from here on are a level's, until `endLevel`.
  mutating func beginLevel() { levels.append(calls.count..<calls.count) }

  mutating func endLevel() {
    let start = levels.removeLast().lowerBound
    levels.append(start..<calls.count)
  }

  mutating func append(_ call: Plan.Call, _ needs: CallResources, origin: Int) {
    calls.append(call)
    resources.append(needs)
    origins.append(origin)
  }
}
