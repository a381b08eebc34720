internal import CGradient
internal import EspalierGraph
internal import EspalierPasses

/// What is differentiated by the gates: directions in the space of the outputs.
struct GateObjective {
  /// A gradient of the outputs to let flow back, and what its result counts.
  struct Direction {
    var seeds: [(value: ValueID, elements: [Float])]
    var weight = 1.0
  }

  /// Scores of classes; nil where the network does something else.
  let scores: ClassScores?
  let outputs: [ValueID]
  let name: String
  private let counts: [Int]
  /// What elements of outputs that are no scores count; nil: all the same.
  private var scale: OutputScale?

  init(_ graph: Graph) {
    scores = graph.outputs.count == 1 ? ClassScores(graph.outputs[0], graph) : nil
    outputs = scores.map { [$0.value] } ?? graph.outputs
    counts = outputs.map { graph.type(of: $0).elementCount }
    name = graph.outputNames.first ?? ""
  }

  /// Takes what elements of the outputs count from some frames.
  ///
  /// - Parameter parts: None: all count the same.
  mutating func measure(_ parts: [OutputPart], _ frames: [[[Float]]]) {
    guard scores == nil, !parts.isEmpty else { return }
    scale = OutputScale(parts, frames: frames)
  }

  /// The outputs of the frame that the tape ran.
  func values(_ memory: TapeMemory) -> [[Float]] { outputs.map { Array(memory.value(of: $0)) } }

  /// Directions whose squares count as the elements do.
  private func weighted(
    _ seeds: [(value: ValueID, elements: [Float])], _ memory: TapeMemory
  ) -> [(value: ValueID, elements: [Float])] {
    guard let scale else { return seeds }
    return zip(seeds, scale.importance(of: values(memory))).map { seed, importance in
      (seed.value, zip(seed.elements, importance).map { $0 * $1.squareRoot() })
    }
  }

  /// - Precondition: The tape ran forward.
  func directions(
    _ criterion: FilterGradients.Criterion, label: Int?, _ memory: TapeMemory, _ random: inout TrainingRandom
  ) -> [Direction] {
    guard let scores else {
      guard case .gaussNewton(let count) = criterion else { return [] }
      return (0..<max(count, 1)).map { _ in
        let seeds = zip(outputs, counts).map { value, length in
          (value: value, elements: (0..<length).map { _ in random.sign() })
        }
        return Direction(seeds: weighted(seeds, memory), weight: 1 / Double(max(count, 1)))
      }
    }
    let logits = memory.value(of: scores.value)
    guard let base = logits.baseAddress else { return [] }
    let probabilities = scores.probabilities(base)
    guard case .gaussNewton(let count) = criterion else {
      return [Direction(seeds: [(scores.value, error(probabilities, base, label, scores))])]
    }
    return curvature(probabilities, scores, directions: max(count, 1), &random)
  }

  /// The cross-entropy with the network's own first answer, or half the squared outputs; and its gradient.
  ///
  /// - Precondition: The tape ran forward.
  func loss(_ memory: TapeMemory) -> (loss: Double, seeds: [(value: ValueID, elements: [Float])]) {
    guard let scores, let logits = memory.value(of: scores.value).baseAddress else {
      let seeds = outputs.map { (value: $0, elements: Array(memory.value(of: $0))) }
      return (seeds.reduce(0) { $1.elements.reduce($0) { $0 + Double($1) * Double($1) / 2 } }, seeds)
    }
    var logarithms = [Float](repeating: 0, count: scores.count)
    gradient_softmax(scores.outer, scores.classes, scores.inner, 1, logits, &logarithms)
    let sum = scores.starts.reduce(0.0) {
      $0 - Double(logarithms[$1 + scores.top(logits, start: $1) * scores.inner])
    }
    let error = error(scores.probabilities(logits), logits, nil, scores)
    return (sum / Double(max(1, scores.starts.count)), [(scores.value, error)])
  }

  /// The gradient of the cross-entropy, `p − e_label`; of segmentations the mean over pixels.
  private func error(
    _ probabilities: [Float], _ logits: UnsafePointer<Float>, _ label: Int?, _ scores: ClassScores
  ) -> [Float] {
    var result = probabilities
    let starts = scores.starts
    for start in starts { result[start + (label ?? scores.top(logits, start: start)) * scores.inner] -= 1 }
    return starts.count == 1 ? result : result.map { $0 / Float(starts.count) }
  }

  /// Directions v with `Σ v vᵀ = diag(p) − p pᵀ`: the columns of `diag(√p) − p √pᵀ`, or sums of them with random
  /// signs, which give the same in the mean.
  private func curvature(
    _ p: [Float], _ scores: ClassScores, directions count: Int, _ random: inout TrainingRandom
  ) -> [Direction] {
    let isExact = scores.classes <= count && scores.starts.count == 1
    return (0..<(isExact ? scores.classes : count)).map { column in
      var elements = [Float](repeating: 0, count: scores.count)
      for start in scores.starts {
        var mixed: Float = 0
        for k in 0..<scores.classes {
          let factor: Float = isExact ? (k == column ? 1 : 0) : random.sign()
          let place = start + k * scores.inner
          elements[place] = factor * p[place].squareRoot()
          mixed += elements[place]
        }
        for k in 0..<scores.classes {
          let place = start + k * scores.inner
          elements[place] -= p[place] * mixed
        }
      }
      return Direction(seeds: [(scores.value, elements)], weight: isExact ? 1 : 1 / Double(count))
    }
  }
}
