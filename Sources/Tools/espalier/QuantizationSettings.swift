internal import EspalierGraph
internal import EspalierObserve
internal import EspalierPasses
internal import EspalierPlan

/// What decides, beside model and frames, how a network is quantized.
struct QuantizationSettings {
  var precision: PrecisionArgument
  var method: MethodArgument
  var instructions: InstructionArgument
  var keptFloat: [String]
  /// What outputs bear under `--precision auto`, as a share of their signal.
  var maxNoise: ShareArgument
  /// Layers that 8 bits would make slower, by their outputs' names.
  var fasterInFloat: [String] = []

  static let usualNoise = ShareArgument(0.01)

  var options: PostTrainingQuantization.Options {
    var options = PostTrainingQuantization.Options()
    options.method = method.method
    options.keptFloat = keptFloat
    options.fasterInFloat = fasterInFloat
    options.instructions = instructions.instructions
    options.noiseLimit = precision == .auto ? maxNoise.value : nil
    return options
  }

  /// The network in 8 bits, roughly: what it takes to run is right, what it says is not.
  func sketch(_ graph: Graph, _ groups: [FrameGroup], threads: Int) throws -> Graph {
    var options = options
    (options.noiseLimit, options.frameLimit) = (nil, 1)
    return try PostTrainingQuantization(
      of: graph, groups: groups.prefix(1).map { $0.thinned(to: 1) }, options: options,
      engine: GraphRunner.engine(threads: threads)
    ).graph
  }

  func provenance(of frames: CalibrationFrames) -> [Plan.Provenance] {
    let counts = frames.groups.map { "\($0.frames.count)" }.joined(separator: " + ")
    let entries = [
      (CalibrationKey.precision, precision.rawValue), (CalibrationKey.method, method.rawValue),
      (CalibrationKey.maxNoise, maxNoise == Self.usualNoise ? "" : "\(maxNoise.value)"),
      (CalibrationKey.instructions, instructions.rawValue),
      (CalibrationKey.frames, counts), (CalibrationKey.digest, frames.digest),
      (CalibrationKey.keptFloat, keptFloat.joined(separator: "\n")),
      (CalibrationKey.fasterInFloat, fasterInFloat.joined(separator: "\n")),
    ]
    return entries.filter { !$0.1.isEmpty }.map { Plan.Provenance(key: $0.0, value: $0.1) }
  }

  init(
    precision: PrecisionArgument, method: MethodArgument, instructions: InstructionArgument,
    keptFloat: [String], maxNoise: ShareArgument
  ) {
    (self.precision, self.method, self.instructions) = (precision, method, instructions)
    (self.keptFloat, self.maxNoise) = (keptFloat, maxNoise)
  }

  /// Those of a pack; nil where it was not quantized.
  init?(of provenance: [Plan.Provenance]) {
    func stored(_ key: String) -> String? { provenance.first { $0.key == key }?.value }
    guard stored(CalibrationKey.digest) != nil,
      let precision = stored(CalibrationKey.precision).flatMap(PrecisionArgument.init(rawValue:)),
      let method = stored(CalibrationKey.method).flatMap(MethodArgument.init(rawValue:)),
      let instructions = stored(CalibrationKey.instructions).flatMap(InstructionArgument.init(rawValue:))
    else { return nil }
    func lines(_ key: String) -> [String] {
      stored(key)?.split(separator: "\n").map(String.init) ?? []
    }
    self.init(
      precision: precision, method: method, instructions: instructions,
      keptFloat: lines(CalibrationKey.keptFloat),
      maxNoise: stored(CalibrationKey.maxNoise).flatMap(ShareArgument.init(argument:)) ?? Self.usualNoise)
    fasterInFloat = lines(CalibrationKey.fasterInFloat)
  }
}

/// Keys under which a pack says how it was quantized.
enum CalibrationKey {
  static let precision = "precision"
  static let method = "calibration-method"
  static let instructions = "instructions"
  static let maxNoise = "max-noise"
  static let frames = "calibration-frames"
  /// Of a run of `calibrate`: how many frames each group has, and of what the tensors are.
  static let groups = "groups"
  static let network = "network"
  static let digest = "calibration-sha256"
  /// Line by line.
  static let keptFloat = "keep-float"
  /// Likewise.
  static let fasterInFloat = "faster-in-float32"
}
