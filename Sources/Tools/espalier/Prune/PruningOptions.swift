internal import ArgumentParser
internal import EspalierPrune

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
      """
      Pack several networks, each with this share of the multiply-adds: a frame goes through the largest that the \
      time left is enough for.
      """, valueName: "1.0,0.7,0.5"))
  var levels: LevelsArgument?

  @Option(
    name: .customLong("resolutions"),
    help: ArgumentHelp(
      """
      Also try the network with inputs of these sizes, and keep the one that agrees best with the whole network at \
      the same budget.
      """, valueName: "192,160|320x192"))
  var resolutionList: ResolutionsArgument?

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
      "Keep in this file where training stands, after every block and every judgement.", valueName: "FILE"))
  var checkpoint: String?

  @Flag(help: "Go on training from --checkpoint, where the same model, frames and options left it.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      """
      Frames, without labels, that candidates and the result are judged by, such as those of another drive; \
      otherwise the last fifth of each --calibrate is held back.
      """, valueName: "DIR|FILE.npy"))
  var holdBack: [String] = []

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

  /// One for each network of the pack, the largest first; nil: the whole network.
  var goals: [PruningGoal?] {
    if let levels {
      return levels.shares.map { $0 == 1 ? nil : PruningGoal(.multiplyAddsRemoved(1 - $0), "level \($0)") }
    }
    if let prune { return [PruningGoal(.multiplyAddsRemoved(prune.value), "--prune \(prune.value)")] }
    if let budget {
      return [PruningGoal(.milliseconds(budget.value), "--budget \(Format.milliseconds(budget.value))")]
    }
    if let latency { return [PruningGoal(.latency(latency.value), "--latency \(latency.value)")] }
    return [size.map { PruningGoal(.bytes($0.value), "--size \(Format.bytes($0.value))") }]
  }

  var resolutions: [ResolutionArgument] { resolutionList?.sizes ?? [] }

  /// Whether anything is cut.
  var prunes: Bool { goals.contains { $0 != nil } }

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
    let asked = [prune != nil, budget != nil, latency != nil, size != nil, levels != nil].count { $0 }
    guard asked < 2 else {
      throw ValidationError(
        "--prune, --budget, --latency, --size and --levels say the same thing; give one of them")
    }
    guard levels == nil || saveONNX == nil else {
      throw ValidationError("--save-onnx writes one network; it does not go with --levels")
    }
    guard resolutions.isEmpty || (levels == nil && ranks == nil && saveONNX == nil) else {
      throw ValidationError("--resolutions does not go with --levels, --ranks and --save-onnx")
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
    guard checkpoint == nil || levels == nil else {
      throw ValidationError("--checkpoint keeps one training; it does not go with --levels")
    }
    guard !resume || checkpoint != nil else {
      throw ValidationError("--resume goes on from a file: name it with --checkpoint")
    }
    guard checkpoint == nil || asked != 1 || recoveryAsked.trains else {
      throw ValidationError(
        "--checkpoint keeps what training did, and --recover \(recoveryAsked.rawValue) trains nothing")
    }
    guard asked == 1 else {
      let others = [
        ("--criterion", criterion != nil), ("--ranks", ranks != nil), ("--keep", !keep.isEmpty),
        ("--recover", recover != nil), ("--save-onnx", saveONNX != nil),
        ("--no-recover", noRecover), ("--max-disagreement", maxDisagreement != nil),
        ("--resolutions", !resolutions.isEmpty),
        ("--checkpoint", checkpoint != nil), ("--resume", resume),
      ].filter(\.1).map(\.0)
      guard others.isEmpty else {
        throw ValidationError(
          "\(others.joined(separator: ", ")): say how much to cut with --prune, --budget, --latency, --size or --levels"
        )
      }
      return
    }
  }

  /// What the pack says about it.
  var text: [String] {
    guard prunes else { return [] }
    let asked = levels.map { "--levels \($0.text)" } ?? goals.compactMap { $0?.text }.joined(separator: " ")
    return [
      asked, "--allocation \(allocation.rawValue)", "--schedule \(schedule.text)",
      "--seed \(seed)",
    ] + (criterion.map { ["--criterion \($0.rawValue)"] } ?? [])
      + (recover.map { ["--recover \($0.rawValue)"] } ?? []) + (noRecover ? ["--no-recover"] : [])
      + keep.map { "--keep \($0)" } + (resolutionList.map { ["--resolutions \($0.text)"] } ?? [])
  }
}
