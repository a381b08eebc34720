public import EspalierPasses

/// How a student is trained.
public struct DistillationOptions: Sendable {
  /// Steps for each block; 0 leaves block-wise distillation out.
  public var blockSteps = 200
  /// Steps for the whole network; 0 leaves it out.
  public var networkSteps = 200
  /// Frames in each step.
  public var batch = 64
  /// Adam's step size in the beginning.
  public var rate: Float = 1e-3
  /// Gradients of a larger norm are scaled down.
  public var clipNorm: Float = 5
  /// Softens the classes' probabilities.
  public var temperature: Float = 2
  /// What tensors within the network count beside the outputs, all together.
  public var stageWeight = 1.0
  /// For the whole network; blocks see the frames as they are. Where frames are mirrored and nearly all answers survive
  /// it, the teacher's scores are the mean over both.
  public var augmentation = Augmentation()
  /// How often the held-back frames are looked at.
  public var judgements = 8
  /// In the second half of its steps, training ends after so many judgements in turn without a better one.
  public var patience = 3
  /// Channels of the teacher that the student kept, by the names of tensors.
  public var keptChannels: [String: [Int]] = [:]
  /// What outputs count, where they are no scores of classes and that is known.
  public var outputParts: [OutputPart] = []
  public var threads = 1
  public var seed: UInt64 = 0
  /// Seconds after which training comes to its end, whatever the number of steps; results then depend on the
  /// machine's speed.
  public var timeLimit: Double?
  /// The most bytes that block-wise distillation keeps of tensors; it takes fewer frames where they are too many.
  public var cacheByteCount = 1 << 29

  public init() {}

  /// What decides the result, as text: threads do not, and a limit of time makes it the machine's anyway.
  var decisive: String {
    """
    \(blockSteps) \(networkSteps) \(batch) \(rate) \(clipNorm) \(temperature) \(stageWeight) \(augmentation) \
    \(judgements) \(patience) \(seed) \(cacheByteCount) \(outputParts)
    """
  }
}

/// How training goes.
public struct DistillationProgress: Sendable {
  public enum Phase: Sendable, Equatable {
    case block(Int, of: Int)
    case network
  }

  public var phase: Phase
  /// From 1 on.
  public var step: Int
  public var steps: Int
  /// The mean over the frames of the last step.
  public var loss: Double
  /// An estimate.
  public var secondsLeft: Double
}

/// What training did.
public struct DistillationHistory: Sendable {
  /// The student on the held-back frames.
  public struct Judgement: Sendable, Equatable {
    /// 0 before the whole network was trained.
    public var step: Int
    /// KL of the classes' probabilities, or normalized squares of the outputs.
    public var loss: Double
    /// The part of first answers that are the teacher's, those of mirror images counted in; nil without classes.
    public var agreement: Double?
  }

  /// Before anything, by KL or squares.
  public var start: Judgement?
  /// Normalized squares at the end of each block on the last tenth of its steps.
  public var blocks: [Double] = []
  /// Whether what blocks learned was kept: it was better on the held-back frames.
  public var keptBlocks = false
  public var judgements: [Judgement] = []
  /// What the result gives.
  public var best: Judgement?
  public var seconds = 0.0
}
