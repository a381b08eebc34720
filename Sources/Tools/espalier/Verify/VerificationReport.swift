internal import EspalierPlan
internal import EspalierRuntime

/// What `verify` says.
struct VerificationReport: Encodable {
  /// An output that is not what it must be.
  struct Fault: Encodable {
    let instruction_set: String
    let threads: Int
    let output: String
    /// Nil where it is none of those that the pack keeps.
    let element: Int?
    let expected: Float?
    let found: Float?
    let allowed_difference: Float?

    init(_ fault: GoldenFault, of replay: GoldenReplay, _ outputs: [Plan.Port]) {
      (instruction_set, threads) = (replay.instructionSet.name, replay.threads)
      output = outputs[fault.output].name
      if case .element(_, let place, let expected, let found, let allowed) = fault {
        (element, self.expected, self.found, allowed_difference) = (place, expected, found, allowed)
      } else {
        (element, expected, found, allowed_difference) = (nil, nil, nil, nil)
      }
    }

    var text: String {
      let place =
        "\(instruction_set) with \(threads) \(threads == 1 ? "thread" : "threads"): output '\(output)'"
      guard let element, let expected, let found, let allowed_difference else {
        return "\(place): the elements that the pack keeps are right, and others are not"
      }
      let rule =
        allowed_difference > 0 ? "at most \(allowed_difference) away" : "the same bits"
      return "\(place), element \(element): expected \(expected), found \(found); must be \(rule)"
    }
  }

  struct Level: Encodable {
    let level: Int
    let replays: Int
    let wrong: Int
    /// Greatest difference over the greatest magnitude that kernels may make; 0: all give the same bits.
    let tolerance: Float
    let portable: Bool
    let faults: [Fault]

    var rule: String {
      if tolerance == 0 { return "the same bits" }
      return portable
        ? "the same bits on portable kernels, within \(tolerance) elsewhere" : "within \(tolerance)"
    }
  }

  let pack: String
  let replays: Int
  let wrong: Int
  let instruction_sets: [String]
  let threads: [Int]
  let levels: [Level]

  init(_ path: String, _ model: Model, _ replays: [GoldenReplay]) {
    pack = path
    self.replays = replays.count
    wrong = replays.count { $0.fault != nil }
    instruction_sets = replays.map(\.instructionSet.name).withoutRepetitions
    threads = replays.map(\.threads).withoutRepetitions
    levels = (model.golden?.vectors ?? []).enumerated().map { level, vector in
      let own = replays.filter { $0.level == level }
      let faults = own.compactMap { replay in replay.fault.map { Fault($0, of: replay, model.outputs) } }
      return Level(
        level: level, replays: own.count, wrong: faults.count,
        tolerance: vector.outputs.map(\.tolerance).max() ?? 0,
        portable: vector.outputs.allSatisfy(\.isPortable), faults: faults)
    }
  }

  func show() {
    guard !levels.isEmpty else {
      print("\(pack): the checksums are right; there are no golden vectors to replay")
      return
    }
    let sets = instruction_sets.joined(separator: ", ")
    print(
      """
      \(pack): the checksums are right; \(replays) replays: \(sets); \
      \(threads.map(String.init).joined(separator: ", ")) \(threads == [1] ? "thread" : "threads")
      """)
    for level in levels {
      let state =
        level.wrong == 0 ? "ok, \(level.rule)" : "\(level.wrong) of \(level.replays) replays are wrong"
      print("level \(level.level): \(state)")
      for fault in level.faults { print("  \(fault.text)") }
    }
  }
}

extension Array where Element: Equatable {
  fileprivate var withoutRepetitions: Self { reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
}
