internal import CGradient
internal import EspalierGraph

/// Training block by block, from the student's input of a block to the teacher's output.
struct BlockTraining {
  private let distillation: Distillation
  private let clock: TrainingClock
  private let shards: ParallelShards

  private var options: DistillationOptions { distillation.options }

  init(_ distillation: Distillation, _ clock: TrainingClock) {
    (self.distillation, self.clock) = (distillation, clock)
    shards = ParallelShards(threads: distillation.options.threads)
  }

  /// - Parameter state: Where to go on, and where to note every block that is done.
  /// - Returns: The student with all blocks trained.
  func run(
    from student: Graph, _ state: inout DistillationCheckpoint, _ history: inout DistillationHistory,
    _ network: NetworkTraining, _ progress: (DistillationProgress) -> Void
  ) throws(DistillationError) -> Graph {
    var student = student
    let stages = Stage.all(of: student, distillation.teacher, kept: options.keptChannels)
    guard !stages.isEmpty else { return student }
    let count = cachedFrames(stages)
    var own = (0..<count).map { distillation.frames.elements($0)[0] }
    var full = own
    for (index, stage) in stages.enumerated() {
      let (teacher, tape) = try tapes(of: stage, student)
      full = outputs(teacher, teacher.makeParameters(), full)
      let parameters = tape.makeParameters()
      if index >= state.finishedBlocks {
        let loss = train(tape, parameters, own, full.map(stage.output.target), index, stages.count, progress)
        history.blocks.append(loss)
        student = tape.graph(with: parameters)
        network.load(student)
        (state.finishedBlocks, state.parameters) = (index + 1, network.parameters.elements)
        try distillation.save(state)
      }
      own = outputs(tape, parameters, own)
    }
    return student
  }

  private func tapes(
    of stage: Stage, _ student: Graph
  ) throws(DistillationError) -> (teacher: Tape, student: Tape) {
    do throws(GradientError) {
      return (
        try Tape(
          distillation.teacher, from: [stage.input.teacher], to: [stage.output.teacher], gradientsOf: []),
        try Tape(
          student, from: [stage.input.student], to: [stage.output.student], gradientsOf: stage.trained)
      )
    } catch { throw .gradient(error) }
  }

  /// As many frames as fit the memory for the largest block.
  private func cachedFrames(_ stages: [Stage]) -> Int {
    let (student, teacher) = (distillation.student, distillation.teacher)
    let largest =
      stages.map { stage in
        [stage.input, stage.output].reduce(0) {
          $0 + student.type(of: $1.student).elementCount + 2 * teacher.type(of: $1.teacher).elementCount
        }
      }.max() ?? 1
    return min(distillation.frames.count, max(options.cacheByteCount / (4 * max(largest, 1)), options.batch))
  }

  /// What a part of a network makes of every frame.
  private func outputs(_ tape: Tape, _ parameters: TapeParameters, _ inputs: [[Float]]) -> [[Float]] {
    let memories = (0..<shards.threads).map { _ in TapeMemory(tape, parameters) }
    var results = [[Float]](repeating: [], count: inputs.count)
    results.withUnsafeMutableBufferPointer { results in
      shards.forEach(inputs.count) { index, worker in
        memories[worker].setInput(0, inputs[index])
        tape.forward(memories[worker])
        results[index] = Array(memories[worker].value(of: tape.outputs[0]))
      }
    }
    return results
  }

  /// - Returns: The normalized squares over the last tenth of the steps.
  private func train(
    _ tape: Tape, _ parameters: TapeParameters, _ inputs: [[Float]], _ targets: [[Float]], _ block: Int,
    _ blocks: Int, _ progress: (DistillationProgress) -> Void
  ) -> Double {
    let team = TrainingTeam(tape, parameters, threads: options.threads)
    let order = BatchOrder(
      frames: inputs.count, batch: options.batch, seed: options.seed &+ UInt64(block + 1) << 32)
    var adam = Adam(parameters: parameters.count, rate: options.rate, clipNorm: options.clipNorm)
    let energy = targets.reduce(0) { $0 + gradient_dot($1.count, $1, $1) } / Double(targets.count)
    let (scale, begin, output) = (1 / max(energy, 1e-12), clock.elapsed, tape.outputs[0])
    var recent: [Double] = []
    while adam.step < options.blockSteps {
      let done = clock.progress(
        step: adam.step, of: options.blockSteps, since: begin, share: share(block, of: blocks))
      if done >= 1 { break }
      let frames = order.batch(adam.step)
      let loss = team.step(&adam, frames: frames.count, progress: done) { index, _, memory in
        memory.setInput(0, inputs[frames[index]])
        tape.forward(memory)
        let (own, target) = (memory.value(of: output).baseAddress, targets[frames[index]])
        gradient_add_difference(
          target.count, Float(2 * scale), own, target, memory.gradient(of: output).baseAddress)
        return scale * gradient_squared_distance(target.count, own, target)
      }
      recent = recent.suffix(max(options.blockSteps / 10, 1) - 1) + [loss]
      progress(
        DistillationProgress(
          phase: .block(block + 1, of: blocks), step: adam.step, steps: options.blockSteps, loss: loss,
          secondsLeft: done > 0 ? (clock.elapsed - begin) * (1 - done) / done : 0))
    }
    return recent.reduce(0, +) / Double(max(recent.count, 1))
  }

  /// The part of the time left that a block may take: all blocks have half of the time together where the whole
  /// network is trained behind them.
  private func share(_ block: Int, of blocks: Int) -> Double {
    let left = Double(blocks - block)
    return 1 / (options.networkSteps > 0 ? left + Double(blocks) : left)
  }
}
