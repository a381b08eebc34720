internal import EspalierGradient
internal import EspalierGraph
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

  /// Multiply-adds that all training may take: 4 minutes or so on two cores. More than 600 steps of 64 frames gained
  /// nothing on held-back frames (CIFAR-10 ResNet-20 at half of its multiply-adds, 800 frames to learn from).
  private static let multiplyAddLimit = 15e12
  private static let steps = 50...600

  /// Which channels are left of each tensor.
  private func keptChannels(_ student: Graph, _ kept: KeptChannels) -> [String: [Int]] {
    var channels: [String: [Int]] = [:]
    for node in student.nodes {
      if let output = node.outputs.first, let list = kept[node.name] { channels[student[output].name] = list }
    }
    return channels
  }

  /// - Throws: `DistillationError`.
  func distilled(
    _ student: Graph, kept: KeptChannels, teacher: Graph
  ) throws -> (graph: Graph, history: DistillationHistory) {
    var options = DistillationOptions()
    options.keptChannels = keptChannels(student, kept)
    (options.threads, options.seed, options.timeLimit) = (threads, seed, timeLimit)
    // Forward and backward take about three times the forward pass.
    let step = Double(options.batch * (3 * student.multiplyAdds + teacher.multiplyAdds))
    let count = Int(Self.multiplyAddLimit / max(1, step)) / 2
    options.blockSteps = min(max(count, Self.steps.lowerBound), 200)
    options.networkSteps = trainsNetwork ? min(max(count, Self.steps.lowerBound), Self.steps.upperBound) : 0
    let training = Distillation(
      teacher: teacher, student: student, frames: TrainingFrames(frames.fitting),
      holdout: TrainingFrames(frames.judging), options: options)
    let bars = SharedProgress()
    return try training.run { progress in
      switch progress.phase {
      case .block(let index, let count):
        bars.update("training block \(index) of \(count)", progress.step, progress.steps)
      case .network: bars.update("training the network", progress.step, progress.steps)
      }
    }
  }
}
