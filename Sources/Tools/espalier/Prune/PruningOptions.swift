internal import ArgumentParser
internal import EspalierPrune

/// `--allocation`.
enum AllocationArgument: String, CaseIterable, ExpressibleByArgument {
  case auto, uniform, global, sensitivity, gradient
}

/// `--recover`: every step holds those before it.
enum RecoveryArgument: String, CaseIterable, ExpressibleByArgument {
  case none, stats, lsq, blocks, distill
}

/// `0.5`: more than nothing and less than everything.
struct ShareArgument: ExpressibleByArgument, Equatable {
  let value: Double

  /// - Precondition: More than 0 and less than 1.
  init(_ value: Double) {
    precondition(value > 0 && value < 1)
    self.value = value
  }

  var defaultValueDescription: String { "\(value)" }

  init?(argument: String) {
    let isPercent = argument.hasSuffix("%")
    guard let number = Double(isPercent ? String(argument.dropLast()) : argument) else { return nil }
    let value = isPercent ? number / 100 : number
    guard value > 0, value < 1 else { return nil }
    self.value = value
  }
}

/// `8ms`, `900us`.
struct MillisecondsArgument: ExpressibleByArgument, Equatable {
  let value: Double

  init?(argument: String) {
    guard let value = ServiceLevel.milliseconds(argument[...]) else { return nil }
    self.value = value
  }
}

/// `20m`, `90s`, `1h`.
struct DurationArgument: ExpressibleByArgument, Equatable {
  let seconds: Double

  init?(argument: String) {
    for (unit, factor) in [("s", 1.0), ("m", 60), ("h", 3_600)] where argument.hasSuffix(unit) {
      guard let number = Double(argument.dropLast()), number > 0, number.isFinite else { return nil }
      seconds = number * factor
      return
    }
    return nil
  }
}

/// `2MB`, `900kB`, `1000000`.
struct BytesArgument: ExpressibleByArgument, Equatable {
  let value: Int

  init?(argument: String) {
    let units: [(String, Double)] = [
      ("GB", 1e9), ("GiB", 1_073_741_824),
      ("MB", 1e6), ("kB", 1e3), ("MiB", 1_048_576), ("KiB", 1_024), ("B", 1), ("", 1),
    ]
    for (unit, factor) in units where argument.hasSuffix(unit) {
      guard let number = Double(argument.dropLast(unit.count)) else { continue }
      guard number * factor >= 1, number * factor < 1e15 else { return nil }
      value = Int(number * factor)
      return
    }
    return nil
  }
}

/// `constant`, `linear:4`, `polynomial:4`, `polynomial:4:2`.
struct ScheduleArgument: ExpressibleByArgument, Equatable {
  static let constant = ScheduleArgument(.constant, "constant")
  let schedule: PruningSchedule
  let text: String

  private init(_ schedule: PruningSchedule, _ text: String) { (self.schedule, self.text) = (schedule, text) }

  var defaultValueDescription: String { text }

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.dropFirst().compactMap { Int($0) }
    guard numbers.count == parts.count - 1, numbers.allSatisfy({ (1...100).contains($0) }) else { return nil }
    switch (parts[0], numbers.count) {
    case ("constant", 0): schedule = .constant
    case ("linear", 1): schedule = .linear(steps: numbers[0])
    case ("polynomial", 1): schedule = .polynomial(steps: numbers[0], power: 3)
    case ("polynomial", 2): schedule = .polynomial(steps: numbers[0], power: numbers[1])
    default: return nil
    }
    text = argument
  }
}

/// How `compile` makes a network smaller.
struct PruningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Take away this share of the multiply-adds, such as 0.5.", valueName: "RATIO"))
  var prune: ShareArgument?

  @Option(
    help: ArgumentHelp(
      "Cut filters until 99 % of frames take at most this long on this processor.", valueName: "8ms"))
  var budget: MillisecondsArgument?

  @Option(
    help: ArgumentHelp(
      "Cut filters until a frame takes this share of the time of the whole network.", valueName: "RATIO"))
  var latency: ShareArgument?

  @Option(help: ArgumentHelp("Cut filters until the pack is at most this large.", valueName: "2MB"))
  var size: BytesArgument?

  @Option(
    help: ArgumentHelp(
      "How filters are ranked within a layer, as 'rank' explains: obs, or l2 without frames.",
      valueName: "NAME"))
  var criterion: CriterionArgument?

  @Option(help: ArgumentHelp("Ranks to cut by, as 'rank' writes them.", valueName: "FILE.json"))
  var ranks: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Nodes whose filters all stay, by their names or their outputs'.", valueName: "NODE"))
  var keep: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      How much each layer loses: the same everywhere, by scores over all layers, by what narrowing one layer \
      costs after recovery, by gradients; auto tries all and keeps what agrees best with the whole network.
      """, valueName: "auto|uniform|global|sensitivity|gradient"))
  var allocation = AllocationArgument.auto

  @Option(
    help: ArgumentHelp(
      "In one cut, or in steps with recovery between them: constant, linear:STEPS, polynomial:STEPS[:POWER].",
      valueName: "SCHEDULE"))
  var schedule = ScheduleArgument.constant

  @Option(
    help: ArgumentHelp(
      """
      How the network recovers, from the frames alone: matched means and deviations, least squares, distillation \
      block by block, and then of the whole network.
      """, valueName: "none|stats|lsq|blocks|distill"))
  var recover: RecoveryArgument?

  @Flag(help: "The same as --recover none.")
  var noRecover = false

  @Option(help: ArgumentHelp("Training ends after so long, wherever it is then.", valueName: "20m"))
  var recoverTime: DurationArgument?

  @Option(
    help: ArgumentHelp(
      "Give up where more of the held-back frames than this get another class than from the whole network.",
      valueName: "RATIO"))
  var maxDisagreement: ShareArgument?

  @Option(help: ArgumentHelp("Numbers that look random follow from this one.", valueName: "N"))
  var seed: UInt64 = 0

  @Option(
    name: .customLong("save-onnx"),
    help: ArgumentHelp("Also write the pruned network as an ONNX model, in float32.", valueName: "FILE.onnx"))
  var saveONNX: String?

  /// What is asked for; nil: the network stays whole.
  var budgetAsked: PruningBudget? {
    if let prune { return .multiplyAddsRemoved(prune.value) }
    if let budget { return .milliseconds(budget.value) }
    if let latency { return .latency(latency.value) }
    return size.map { .bytes($0.value) }
  }

  /// As it was asked for.
  var budgetText: String {
    if let prune { return "--prune \(prune.value)" }
    if let budget { return "--budget \(Format.milliseconds(budget.value))" }
    if let latency { return "--latency \(latency.value)" }
    return size.map { "--size \(Format.bytes($0.value))" } ?? ""
  }

  func allocations(hasFrames: Bool) -> [Allocation] {
    switch allocation {
    case .auto: hasFrames ? Allocation.allCases : [.global]
    case .uniform: [.uniform]
    case .global: [.global]
    case .sensitivity: [.sensitivity]
    case .gradient: [.gradient]
    }
  }

  /// How far recovery goes.
  var recoveryAsked: RecoveryArgument { noRecover ? RecoveryArgument.none : recover ?? .distill }

  /// What the networks that compete get.
  var recovery: PruningSearch.Recovery {
    switch recoveryAsked {
    case .none: .none
    case .stats: .statistics
    case .lsq, .blocks, .distill: .leastSquares
    }
  }

  func validate() throws {
    let asked = [prune != nil, budget != nil, latency != nil, size != nil].count { $0 }
    guard asked < 2 else {
      throw ValidationError("--prune, --budget, --latency and --size say the same thing; give one of them")
    }
    guard criterion == nil || ranks == nil else {
      throw ValidationError("--ranks and --criterion contradict each other")
    }
    guard ranks == nil || schedule.schedule == .constant else {
      throw ValidationError("--ranks are of the whole network: they go with --schedule constant")
    }
    guard !noRecover || recover == nil || recover == RecoveryArgument.none else {
      throw ValidationError("--no-recover and --recover contradict each other")
    }
    guard asked == 1 else {
      let others = [
        ("--criterion", criterion != nil), ("--ranks", ranks != nil), ("--keep", !keep.isEmpty),
        ("--recover", recover != nil), ("--save-onnx", saveONNX != nil),
        ("--no-recover", noRecover), ("--max-disagreement", maxDisagreement != nil),
      ].filter(\.1).map(\.0)
      guard others.isEmpty else {
        throw ValidationError(
          "\(others.joined(separator: ", ")): say how much to cut with --prune, --budget, --latency or --size"
        )
      }
      return
    }
  }

  /// What the pack says about it.
  var text: [String] {
    guard budgetAsked != nil else { return [] }
    return [
      budgetText, "--allocation \(allocation.rawValue)", "--schedule \(schedule.text)",
      "--seed \(seed)",
    ] + (criterion.map { ["--criterion \($0.rawValue)"] } ?? [])
      + (recover.map { ["--recover \($0.rawValue)"] } ?? []) + (noRecover ? ["--no-recover"] : [])
      + keep.map { "--keep \($0)" }
  }
}
