public import EspalierGraph

/// How a loss that needs no labels depends on every tensor of a network, frame by frame.
public final class LossGradients {
  public enum Loss: String, Sendable {
    /// Of the scores of classes with the network's own first answer in the place of a label; of segmentations the
    /// mean over all pixels.
    case crossEntropy = "cross-entropy with the network's own first answer"
    /// Half the sum of the squared outputs.
    case halfSquares = "half the sum of the squared outputs"
  }

  public let loss: Loss
  /// Those of the wanted tensors that the loss depends on.
  public let values: [ValueID]
  private let objective: GateObjective
  private let tape: Tape
  private let memory: TapeMemory

  /// - Parameters:
  ///   - graph: Simplified, in float32.
  ///   - wanted: Constants, inputs and computed values.
  /// - Throws: `GradientError` where an operator has no gradient.
  public init(_ graph: Graph, of wanted: [ValueID]) throws(GradientError) {
    objective = GateObjective(graph)
    loss = objective.scores == nil ? .halfSquares : .crossEntropy
    let tape = try Tape(graph, to: objective.outputs, gradientsOf: wanted)
    values = wanted.filter { tape.holds($0) && tape.hasGradient($0) }
    memory = TapeMemory(tape, tape.makeParameters())
    self.tape = tape
  }

  /// The loss of one frame, and its gradients by `values`.
  ///
  /// - Parameter inputs: The elements of every input of the graph.
  public func gradients(_ inputs: [[Float]]) -> (loss: Double, gradients: [[Float]]) {
    for (input, elements) in inputs.enumerated() { memory.setInput(input, elements) }
    tape.forward(memory)
    memory.clearGradients()
    memory.clearParameterGradients()
    let (loss, seeds) = objective.loss(memory)
    for (value, elements) in seeds where tape.hasGradient(value) {
      _ = memory.gradient(of: value).update(fromContentsOf: elements)
    }
    tape.backward(memory)
    return (loss, values.map { Array(memory.gradient(of: $0)) })
  }
}
