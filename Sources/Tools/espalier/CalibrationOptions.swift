internal import ArgumentParser
internal import EspalierObserve
internal import EspalierPasses
internal import EspalierPlan

/// `--precision`.
enum PrecisionArgument: String, CaseIterable, ExpressibleByArgument { case fp32, int8, auto }

/// `--calibration-method`.
enum MethodArgument: String, CaseIterable, ExpressibleByArgument {
  case mse, minmax, percentile, kl

  var method: RangeMethod {
    switch self {
    case .mse: .meanSquaredError
    case .minmax: .minMax
    case .percentile: .percentile(0.9999)
    case .kl: .divergence
    }
  }
}

/// `--instructions`.
enum InstructionArgument: String, CaseIterable, ExpressibleByArgument {
  case vnni, avx2
  case avx2Pairs = "avx2-pairs"

  var instructions: InstructionClass {
    switch self {
    case .vnni: .vnni
    case .avx2: .avx2
    case .avx2Pairs: .avx2Pairs
    }
  }
}

/// How `compile` and `quantize` find what 8 bits shall stand for.
struct CalibrationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What the network computes in; auto is int8 with --calibrate, layer by layer as the outputs bear it.",
      valueName: "fp32|int8|auto"))
  var precision = PrecisionArgument.auto

  @Option(
    help: ArgumentHelp(
      """
      Frames to quantize by: a folder of pictures or .npy files, or a .npy file. Given several times, each is \
      a group of its own (day, night, rain), and ranges hold for the worst of them.
      """, valueName: "DIR|FILE.npy"))
  var calibrate: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      What 'merge' made of the parts of 'calibrate': then of --calibrate no more than 256 frames are read.
      """, valueName: "FILE.json"))
  var statistics: String?

  @Option(
    help: ArgumentHelp(
      "How ranges of tensors are chosen: least squared error, all that was seen, 99.99 % of it, least divergence.",
      valueName: "mse|minmax|percentile|kl"))
  var calibrationMethod = MethodArgument.mse

  @Option(
    help: ArgumentHelp(
      """
      The processors to be fast on. Without VNNI, weights must be proved safe for sums of 16 bits, which takes \
      up to a bit of some channels (avx2), or less for less speed (avx2-pairs); otherwise such processors take up \
      to twice as long. Results are the same on all.
      """, valueName: "vnni|avx2|avx2-pairs"))
  var instructions = InstructionArgument.vnni

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Nodes that stay in float32, by their names or their outputs'.", valueName: "NODE"))
  var keepFloat: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Under --precision auto: noise that 8 bits may put on an output, as a share of its signal's power. Layers go back \
      to float32, the most sensitive first, until all outputs keep to it.
      """, valueName: "SHARE"))
  var maxNoise = QuantizationSettings.usualNoise

  @Flag(
    help: """
      Leave calls and weights in the file as they are read: loading maps the weights, and the file is a fifth larger.
      """)
  var mapped = false

  /// How the packed file holds its weights.
  var storage: PlanWriter.WeightStorage { quantizes && !mapped ? .coded : .mapped }

  var quantizes: Bool { precision != .fp32 && !calibrate.isEmpty }

  func validate() throws {
    if calibrate.isEmpty {
      guard precision != .int8 else {
        throw ValidationError("--precision int8 needs frames to quantize by: --calibrate DIR")
      }
      guard keepFloat.isEmpty else { throw ValidationError("--keep-float goes with --calibrate") }
      guard maxNoise == QuantizationSettings.usualNoise else {
        throw ValidationError("--max-noise goes with --calibrate")
      }
      guard statistics == nil else { throw ValidationError("--statistics goes with --calibrate") }
      guard !mapped else { throw ValidationError("--mapped goes with --calibrate: float32 is never coded") }
    }
    guard precision == .auto || maxNoise == QuantizationSettings.usualNoise else {
      throw ValidationError("--max-noise goes with --precision auto: \(precision.rawValue) leaves no choice")
    }
  }

  var settings: QuantizationSettings {
    QuantizationSettings(
      precision: precision, method: calibrationMethod, instructions: instructions, keptFloat: keepFloat,
      maxNoise: maxNoise)
  }

  var text: [String] {
    guard quantizes else { return ["--precision fp32"] }
    return [
      "--precision \(precision.rawValue)", "--calibration-method \(calibrationMethod.rawValue)",
      "--instructions \(instructions.rawValue)",
    ] + (maxNoise == QuantizationSettings.usualNoise ? [] : ["--max-noise \(maxNoise.value)"])
      + keepFloat.map { "--keep-float \($0)" } + (mapped ? ["--mapped"] : [])
  }
}
