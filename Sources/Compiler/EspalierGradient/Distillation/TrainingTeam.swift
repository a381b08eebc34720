internal import EspalierGraph

/// The threads that train the parameters of one tape.
struct TrainingTeam {
  let tape: Tape
  let parameters: TapeParameters
  let shards: ParallelShards
  /// One for each worker.
  let memories: [TapeMemory]
  private let gradients: ShardGradients

  init(_ tape: Tape, _ parameters: TapeParameters, threads: Int) {
    (self.tape, self.parameters) = (tape, parameters)
    shards = ParallelShards(threads: threads)
    memories = (0..<shards.threads).map { _ in TapeMemory(tape, parameters) }
    gradients = ShardGradients(parameters)
  }

  /// Changes the parameters by the gradients of one minibatch.
  ///
  /// - Parameters:
  ///   - progress: How much of the training is done, 0...1.
  ///   - loss: Runs the tape forward on frame `index` of the minibatch, and writes the gradients of its outputs,
  ///     which are 0 before.
  /// - Returns: The mean loss.
  func step(
    _ adam: inout Adam, frames: Int, progress: Double,
    _ loss: (_ index: Int, _ worker: Int, _ memory: TapeMemory) -> Double
  ) -> Double {
    var losses = [Double](repeating: 0, count: frames)
    gradients.clear()
    losses.withUnsafeMutableBufferPointer { losses in
      shards.run { shard, worker in
        let memory = memories[worker]
        memory.parameterGradients = gradients[shard]
        for index in stride(from: shard, to: frames, by: ParallelShards.count) {
          memory.clearGradients()
          losses[index] = loss(index, worker, memory)
          tape.backward(memory)
        }
      }
    }
    adam.update(parameters, gradient: gradients.sum(), frames: frames, progress: Float(progress))
    return losses.reduce(0, +) / Double(frames)
  }
}
