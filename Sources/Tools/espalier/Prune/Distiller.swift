internal import EspalierGradient
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierObserve
internal import EspalierPasses
internal import EspalierPrune

/// Trains a network that was cut to do what the whole one does.
struct Distiller {
  let frames: FrameSplit
  let threads: Int
  let seed: UInt64
  /// Whether the whole network is trained after its blocks.
  let trainsNetwork: Bool
  /// Seconds; nil: as long as the steps take.
  let timeLimit: Double?
  /// Whether the network's outputs are classes.
  let isClassifier: Bool
  /// What outputs count, where that is known.
  let parts: [OutputPart]
  /// The file that keeps where training stands; nil: none.
  let checkpoint: String?
  /// Whether training goes on from there.
  let resumes: Bool

  /// Multiply-adds that training of the whole network may take: two minutes or so on two cores.
  private static let multiplyAddLimit = 9e12
  /// How often each frame is seen, at most.
  private static let networkRounds = 120
  private static let blockRounds = 12
  private static let leastSteps = 50
  /// Frames in a step: with as many frames in all, more and smaller steps learn more.
  private static let batch = 32
  /// What least squares found lies near: larger steps leave it, and do not find back in time.
  private static let rate: Float = 2.5e-4

  /// Some hundreds of frames are soon known by heart: mirrored, moved and brightened alone, after 300 steps of 64 they
  /// were a fifth as far from the original's answers as others were (CIFAR-10 ResNet-20, half of its multiply-adds).
  private static let augmentation: Augmentation = {
    var augmentation = Augmentation()
    (augmentation.zoom, augmentation.rotation) = (0.25, 0.15)
    (augmentation.contrast, augmentation.tint) = (0.3, 0.05)
    (augmentation.blends, augmentation.patches) = (0.25, 0.35)
    return augmentation
  }()
  /// What tensors within the network count beside a classifier's answers, of which each frame has few to learn from.
  private static let stageWeight = 8.0

  /// Which channels are left of each tensor.
  private func keptChannels(_ student: Graph, _ kept: KeptChannels) -> [String: [Int]] {
    var channels: [String: [Int]] = [:]
    for node in student.nodes {
      if let output = node.outputs.first, let list = kept[node.name] { channels[student[output].name] = list }
    }
    return channels
  }

  /// Where training stood when a file was written.
  static func checkpoint(at path: String) throws -> DistillationCheckpoint {
    let bytes = try Files.read(path)
    do { return try DistillationCheckpoint(bytes: bytes) } catch {
      throw CommandError("--checkpoint \(path): \(error)")
    }
  }

  /// - Throws: `DistillationError`, or `CommandError` where the checkpoint cannot be used.
  func distilled(
    _ student: Graph, kept: KeptChannels, teacher: Graph
  ) throws -> (graph: Graph, history: DistillationHistory) {
    var options = DistillationOptions()
    (options.keptChannels, options.outputParts) = (keptChannels(student, kept), parts)
    (options.threads, options.seed, options.timeLimit) = (threads, seed, timeLimit)
    let trainingFrames = TrainingFrames(frames.fitting)
    // The same frame twice in a step tells little more.
    options.batch = min(Self.batch, trainingFrames.count)
    (options.rate, options.augmentation) = (Self.rate, Self.augmentation)
    if isClassifier { options.stageWeight = Self.stageWeight }
    // Forward and backward take about three times the forward pass.
    let step = Double(options.batch * (3 * student.multiplyAdds + teacher.multiplyAdds))
    func steps(_ rounds: Int) -> Int {
      let most = min(Int(Self.multiplyAddLimit / max(1, step)), rounds * trainingFrames.count / options.batch)
      return max(most, Self.leastSteps)
    }
    options.blockSteps = steps(Self.blockRounds)
    options.networkSteps = trainsNetwork ? steps(Self.networkRounds) : 0
    var training = Distillation(
      teacher: teacher, student: student, frames: trainingFrames,
      holdout: TrainingFrames(frames.judging), options: options)
    training.teacherEngine = GraphRunner.engine(threads: 1)
    if let checkpoint { training.checkpoint = { try Files.write($0.bytes, to: checkpoint) } }
    let last = resumes ? try checkpoint.map(Self.checkpoint) : nil
    let bars = SharedProgress()
    return try training.run(resuming: last) { progress in
      switch progress.phase {
      case .block(let index, let count):
        bars.update("training block \(index) of \(count)", progress.step, progress.steps)
      case .network: bars.update("training the network", progress.step, progress.steps)
      }
    }
  }
}
