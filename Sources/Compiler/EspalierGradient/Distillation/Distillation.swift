internal import CGradient
public import EspalierGraph

/// Trains a smaller network to do what a larger one does, on frames without labels.
///
/// Blocks first, each from the student's input to the teacher's output; then the whole network on augmented frames
/// with the teacher beside it. What is best on frames that are held back is the result.
public struct Distillation {
  /// Computes the outputs of one frame from its inputs.
  public typealias Execute = (_ inputs: [[Float]]) throws -> [[Float]]
  /// Makes something that runs a network frame by frame.
  public typealias Engine = (_ graph: Graph) throws -> Execute

  let teacher: Graph
  let student: Graph
  let frames: TrainingFrames
  let holdout: TrainingFrames
  let options: DistillationOptions
  /// Makes what runs the teacher, once for each thread; nil: it runs as a tape. What it makes is called on one thread at
  /// a time.
  public var teacherEngine: Engine?
  /// Receives the state after every block and every judgement; training ends where it throws.
  public var checkpoint: ((DistillationCheckpoint) throws -> Void)?

  /// - Parameters:
  ///   - teacher: Simplified, in float32.
  ///   - student: With the teacher's names of nodes and tensors, and the same inputs and outputs.
  ///   - frames: What is trained on.
  ///   - holdout: Frames that decide which state is the best.
  public init(
    teacher: Graph, student: Graph, frames: TrainingFrames, holdout: TrainingFrames,
    options: DistillationOptions = DistillationOptions()
  ) {
    (self.teacher, self.student) = (teacher, student)
    (self.frames, self.holdout, self.options) = (frames, holdout, options)
  }

  /// Trains the student.
  ///
  /// - Parameters:
  ///   - checkpoint: Where another run of the same networks stopped.
  ///   - progress: Called after every step.
  /// - Returns: The student with the best weights, and how it went.
  /// - Throws: `DistillationError`.
  public func run(
    resuming checkpoint: DistillationCheckpoint? = nil, progress: (DistillationProgress) -> Void = { _ in }
  ) throws(DistillationError) -> (graph: Graph, history: DistillationHistory) {
    try check()
    let clock = TrainingClock(limit: options.timeLimit)
    var run = try NetworkTraining(self, clock)
    // Nothing reads all frames only to tell this training from others that nobody asks about.
    let isNamed = checkpoint != nil || self.checkpoint != nil
    let fingerprint = isNamed ? TrainingFingerprint(self).value : 0
    var (state, history) = (DistillationCheckpoint(fingerprint: fingerprint), DistillationHistory())
    state.parameters = run.parameters.elements
    run.prepare()
    let start = run.judge(step: 0)
    history.start = start
    if let checkpoint {
      guard checkpoint.fits(state.fingerprint, parameters: run.parameters.count) else {
        throw .foreignCheckpoint
      }
      state = checkpoint
    }
    if state.step == 0, options.blockSteps > 0 {
      try trainBlocks(&state, &history, run, clock, better: start.loss, progress)
    }
    try run.train(&state, &history, progress)
    history.seconds = clock.elapsed
    return (run.result(), history)
  }

  /// Hands over where training stands.
  func save(_ state: DistillationCheckpoint) throws(DistillationError) {
    do { try checkpoint?(state) } catch { throw .unsaved("\(error)") }
  }

  private func check() throws(DistillationError) {
    guard frames.count > 0 else { throw .noFrames("to train on") }
    guard holdout.count > 0 else { throw .noFrames("to judge by") }
    let (own, other) = (student.inputs.map(student.type(of:)), teacher.inputs.map(teacher.type(of:)))
    guard own == other else { throw .inputs(teacher: other, student: own) }
  }

  /// Trains block by block; what comes out is kept where it is better on the held-back frames.
  private func trainBlocks(
    _ state: inout DistillationCheckpoint, _ history: inout DistillationHistory, _ run: NetworkTraining,
    _ clock: TrainingClock, better loss: Double, _ progress: (DistillationProgress) -> Void
  ) throws(DistillationError) {
    let before = run.parameters.elements
    run.parameters.elements = state.parameters
    let blocks = BlockTraining(self, clock)
    run.load(try blocks.run(from: run.result(), &state, &history, run, progress))
    history.keptBlocks = run.judge(step: 0).loss < loss
    state.parameters = history.keptBlocks ? run.parameters.elements : before
  }
}

/// Measures how long training takes.
struct TrainingClock {
  private let start = gradient_seconds()
  let limit: Double?

  init(limit: Double?) { self.limit = limit }

  var elapsed: Double { gradient_seconds() - start }

  /// How much of a phase is done: by steps, or by time where that ends first.
  ///
  /// - Parameters:
  ///   - begin: When the phase began.
  ///   - share: The part of the time that is left at its beginning which the phase may take.
  func progress(step: Int, of steps: Int, since begin: Double, share: Double = 1) -> Double {
    let byStep = Double(step) / Double(max(steps, 1))
    guard let limit else { return byStep }
    let allowed = max((limit - begin) * share, 1e-3)
    return max(byStep, (elapsed - begin) / allowed)
  }
}

/// Why a student cannot be trained.
public enum DistillationError: Error, Equatable, Sendable, CustomStringConvertible {
  case gradient(GradientError)
  /// There are no frames.
  case noFrames(String)
  /// Student and teacher take other inputs.
  case inputs(teacher: [TensorType], student: [TensorType])
  /// An output of the student is none of the teacher's, or of another shape.
  case output(String)
  /// The checkpoint is of another network, of other frames or options.
  case foreignCheckpoint
  /// The caller could not keep a checkpoint.
  case unsaved(String)

  public var description: String {
    switch self {
    case .gradient(let error): error.description
    case .noFrames(let purpose): "there are no frames \(purpose); give more"
    case .inputs(let teacher, let student):
      "the student takes \(student), but its teacher \(teacher); they must take the same"
    case .output(let name): "the teacher has no output like the student's '\(name)'"
    case .foreignCheckpoint:
      """
      the checkpoint is of another training: the network, what was cut from it, the frames or the options were others; \
      start again without it
      """
    case .unsaved(let reason): "training stopped because its checkpoint cannot be kept: \(reason)"
    }
  }
}
