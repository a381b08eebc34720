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

  /// Multiply-adds that training of the whole network may take: 3 minutes or so on two cores.
  private static let multiplyAddLimit = 10e12
  private static let networkSteps = 50...1_500
  private static let mostBlockSteps = 200

  /// As many steps as the limit allows: forward and backward take about three times the forward pass.
  private static func steps(_ student: Graph, _ teacher: Graph, batch: Int) -> Int {
    let step = Double(batch * (3 * student.multiplyAdds + teacher.multiplyAdds))
    let count = Int(multiplyAddLimit / max(1, step))
    return min(max(count, networkSteps.lowerBound), networkSteps.upperBound)
  }

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
    let steps = Self.steps(student, teacher, batch: options.batch)
    (options.blockSteps, options.networkSteps) = (min(steps, Self.mostBlockSteps), trainsNetwork ? steps : 0)
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
