internal import CGradient
internal import EspalierGraph
internal import EspalierPasses

/// Training of the whole student beside its teacher.
struct NetworkTraining {
  private let team: TrainingTeam
  private let teacher: TeacherRunner
  private var loss: OutputLoss
  private let distillation: Distillation
  private let clock: TrainingClock
  /// As asked for, less what the teacher's answers do not survive.
  private(set) var augmentation: Augmentation
  /// Whether the teacher's scores of a frame are the mean with those of its mirror image.
  private(set) var averagesMirrors = false
  /// The share of frames that keep their answers mirrored, from which on the mean of both is nearer to the truth.
  private static let leastMirrored = 0.8

  private var tape: Tape { team.tape }
  /// What is trained.
  var parameters: TapeParameters { team.parameters }
  private var options: DistillationOptions { distillation.options }

  init(_ distillation: Distillation, _ clock: TrainingClock) throws(DistillationError) {
    let (student, teacher) = (distillation.student, distillation.teacher)
    (self.distillation, self.clock) = (distillation, clock)
    augmentation = distillation.options.augmentation
    loss = try Self.loss(distillation)
    do throws(GradientError) {
      let tape = try Tape(student, to: loss.studentOutputs, gradientsOf: Tape.trainable(student))
      team = TrainingTeam(tape, tape.makeParameters(), threads: distillation.options.threads)
      self.teacher = try TeacherRunner(
        teacher, to: loss.teacherOutputs, workers: team.memories.count, engine: distillation.teacherEngine)
    } catch { throw .gradient(error) }
  }

  private static func loss(_ distillation: Distillation) throws(DistillationError) -> OutputLoss {
    let (student, teacher) = (distillation.student, distillation.teacher)
    let (options, names) = (distillation.options, teacher.computedNames)
    var scores: (student: ClassScores, teacher: ClassScores)?
    if student.outputs.count == 1, teacher.outputs.count == 1,
      let own = ClassScores(student.outputs[0], student),
      let other = ClassScores(teacher.outputs[0], teacher),
      own.count == other.count
    {
      scores = (own, other)
    }
    var terms: [OutputLoss.Term] = []
    for output in scores == nil ? student.outputs : [] {
      guard
        let counterpart = Counterpart(output, in: student, of: teacher, names, kept: options.keptChannels)
      else { throw .output(student[output].name) }
      terms.append(
        OutputLoss.Term(counterpart: counterpart, energy: 1, weight: 1 / Double(student.outputs.count)))
    }
    let outputTerms = terms.count
    let ends = Stage.all(of: student, teacher, kept: options.keptChannels).map(\.output)
      .filter { !student.outputs.contains($0.student) && $0.student != scores?.student.value }
    for end in ends where options.stageWeight > 0 {
      terms.append(
        OutputLoss.Term(counterpart: end, energy: 1, weight: options.stageWeight / Double(ends.count)))
    }
    return OutputLoss(
      scores: scores, terms: terms, outputTerms: outputTerms, temperature: options.temperature)
  }

  /// The student with its parameters as they are.
  func result() -> Graph { tape.graph(with: parameters) }

  /// Takes the trained tensors of another state of the student.
  func load(_ graph: Graph) {
    for value in tape.trained {
      guard let tensor = graph.constant(of: value) else { continue }
      let slot = tape.slot(of: value)
      for (index, element) in tensor.floats.enumerated() { parameters.base[slot.offset + index] = element }
    }
  }

  /// Measures what distances are divided by, on the first frames, and whether these may be mirrored.
  ///
  /// Where nearly all frames keep their answers mirrored, the student learns the mean of both: it is right more often
  /// than what the teacher says of the frame alone (Radosavovic et al. 2018, section 3).
  mutating func prepare() {
    let count = min(distillation.frames.count, 64)
    var sums = [Double](repeating: 0, count: loss.terms.count)
    let takesParts = loss.scores == nil && !options.outputParts.isEmpty
    var outputs: [[[Float]]] = []
    for frame in 0..<count {
      teacher.run(distillation.frames.elements(frame), worker: 0)
      if takesParts { outputs.append(loss.outputs(of: teacher.memories[0])) }
      for (index, term) in loss.terms.enumerated() {
        let target = term.counterpart.target(teacher.memories[0])
        sums[index] += gradient_dot(target.count, target, target) / Double(max(target.count, 1))
      }
    }
    for index in sums.indices { loss.terms[index].energy = sums[index] / Double(count) }
    if takesParts { loss.scale = OutputScale(options.outputParts, frames: outputs) }
    guard augmentation.flips, let share = mirroredAlike(count) else { return }
    augmentation.flips = share > 0.5
    averagesMirrors = share >= Self.leastMirrored
  }

  /// The share of frames that get the same answers mirrored, nil where there are no classes: signs and letters do not,
  /// and what the teacher says of them then is nothing to spend the student's few weights on.
  private func mirroredAlike(_ count: Int) -> Double? {
    guard let scores = loss.scores?.teacher, distillation.student.inputs.count == 1 else { return nil }
    func answers(_ frame: [[Float]]) -> [Int] {
      teacher.run(frame, worker: 0)
      guard let logits = teacher.memories[0].value(of: scores.value).baseAddress else { return [] }
      return scores.starts.map { scores.top(logits, start: $0) }
    }
    let same = (0..<count).count { index in
      let frame = distillation.frames.elements(index)
      return answers(frame) == answers(mirrored(frame))
    }
    return Double(same) / Double(max(count, 1))
  }

  private func mirrored(_ frame: [[Float]]) -> [[Float]] {
    let shape = distillation.student.type(of: distillation.student.inputs[0]).shape
    return [Augmentation.mirrored(frame[0], shape: shape)]
  }

  /// The student as it is on the held-back frames.
  func judge(step: Int) -> DistillationHistory.Judgement {
    let holdout = distillation.holdout
    var losses = [Double](repeating: 0, count: holdout.count)
    var agreements = [Double?](repeating: nil, count: holdout.count)
    for first in stride(from: 0, to: holdout.count, by: 64) {
      let batch = (first..<min(first + 64, holdout.count)).map(holdout.elements)
      losses.withUnsafeMutableBufferPointer { losses in
        agreements.withUnsafeMutableBufferPointer { agreements in
          team.shards.forEach(batch.count) { index, worker in
            run(batch[index], worker)
            (losses[first + index], agreements[first + index]) = loss.judge(
              team.memories[worker], teacher.memories[worker])
          }
        }
      }
    }
    let same = agreements.compactMap { $0 }
    let count = Double(max(holdout.count, 1))
    return DistillationHistory.Judgement(
      step: step, loss: losses.reduce(0, +) / count,
      agreement: same.isEmpty ? nil : same.reduce(0, +) / count)
  }

  /// Student and teacher forward on one frame.
  private func run(_ frame: [[Float]], _ worker: Int) {
    for (input, elements) in frame.enumerated() {
      team.memories[worker].setInput(input, elements)
    }
    tape.forward(team.memories[worker])
    let memory = teacher.memories[worker]
    guard averagesMirrors, let scores = loss.scores?.teacher.value else {
      return teacher.run(frame, worker: worker)
    }
    teacher.run(mirrored(frame), worker: worker)
    let other = Array(memory.value(of: scores))
    teacher.run(frame, worker: worker)
    let own = memory.value(of: scores)
    for index in own.indices { own[index] = (own[index] + other[index]) / 2 }
  }

  /// Trains on, and leaves the best parameters behind.
  func train(
    _ state: inout DistillationCheckpoint, _ history: inout DistillationHistory,
    _ progress: (DistillationProgress) -> Void
  ) throws(DistillationError) {
    parameters.elements = state.parameters
    var adam = Adam(parameters: parameters.count, rate: options.rate, clipNorm: options.clipNorm)
    if state.step > 0 {
      adam.resume(step: state.step, first: state.first, second: state.second)
    } else {
      let judgement = judge(step: 0)
      state.update(parameters.elements, adam, judgement, isBest: true)
      history.judgements.append(judgement)
    }
    let (begin, count) = (clock.elapsed, Double(max(options.judgements, 1)))
    let order = BatchOrder(frames: distillation.frames.count, batch: options.batch, seed: options.seed)
    var done = clock.progress(step: adam.step, of: options.networkSteps, since: begin)
    while adam.step < options.networkSteps, done < 1, state.worse < options.patience {
      let loss = step(&adam, order.batch(adam.step), progress: done)
      let judged = (done * count).rounded(.down)
      done = clock.progress(step: adam.step, of: options.networkSteps, since: begin)
      progress(
        DistillationProgress(
          phase: .network, step: adam.step, steps: options.networkSteps, loss: loss,
          secondsLeft: done > 0 ? (clock.elapsed - begin) * (1 - min(done, 1)) / done : 0))
      guard done >= 1 || (done * count).rounded(.down) > judged else { continue }
      let judgement = judge(step: adam.step)
      history.judgements.append(judgement)
      // Before its last half the step size is too large to tell.
      state.update(
        parameters.elements, adam, judgement, isBest: judgement.loss < state.bestLoss, counts: done > 0.5)
      try distillation.save(state)
    }
    parameters.elements = state.best
    history.best = judge(step: state.bestStep)
  }

  /// One step on frames of these numbers, augmented.
  ///
  /// - Returns: The mean loss.
  private func step(_ adam: inout Adam, _ frames: [Int], progress: Double) -> Double {
    let shape = distillation.student.type(of: distillation.student.inputs[0]).shape
    let (originals, step) = (frames.map(distillation.frames.elements), adam.step)
    return team.step(&adam, frames: frames.count, progress: progress) { index, worker, memory in
      var random = TrainingRandom(seed: options.seed, stream: UInt64(step * frames.count + index + 1))
      var frame = originals[index]
      frame[0] = augmentation.apply(to: frame[0], shape: shape, &random)
      if frame.count == 1, augmentation.mixes {
        let other = originals[(index + 1) % frames.count][0]
        frame[0] = augmentation.mix(
          frame[0], with: augmentation.apply(to: other, shape: shape, &random), shape: shape, &random)
      }
      run(frame, worker)
      return loss.seed(memory, teacher.memories[worker])
    }
  }
}

/// Which frames a step takes: all frames in turn, in another random order every time.
struct BatchOrder {
  let frames: Int
  let batch: Int
  let seed: UInt64

  func batch(_ step: Int) -> [Int] {
    let first = step * batch
    var orders: [Int: [Int]] = [:]
    return (first..<first + batch).map { place in
      let round = place / frames
      if orders[round] == nil {
        var random = TrainingRandom(seed: seed, stream: UInt64(round) &+ 1 << 40)
        orders[round] = (0..<frames).shuffled(using: &random)
      }
      return orders[round]?[place % frames] ?? 0
    }
  }
}
