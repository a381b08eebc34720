public import EspalierGraph
public import EspalierObserve
public import EspalierPasses

/// How far a network's outputs are from the original's on frames: what labels would tell, without labels.
public struct Disagreement: Sendable, Equatable {
  /// What an output is.
  public enum Kind: Sendable, Equatable {
    /// Scores of classes along axis 1, `[N, classes]`, or `[N, classes, 1, 1]`: probabilities, or what softmax
    /// makes them from.
    case classes(areProbabilities: Bool)
    /// Any numbers.
    case values
  }

  /// Answers that were compared: frames times the batch.
  public let answers: Int
  /// How many have their largest score in another place; 0 where an output is no scores.
  public let changed: Int
  /// The mean over answers of what the candidate's outputs lack: for classes the Kullback-Leibler divergence
  /// from the original's probabilities in nats, for values the squared differences as a share of the original's
  /// squared deviation from its mean; outputs added up, or the parts of a detector's.
  public let divergence: Double
  /// How much likelier the original holds its own classes than the candidate's, in the mean over answers: what top-1
  /// loses on frames like these if the original's probabilities are true ones. Another class counts little where the
  /// original was of two minds, so that it follows the true loss more closely than `rate`.
  public let expectedLoss: Double
  /// Whether answers are classes: all outputs are scores.
  public let isClassifier: Bool

  /// The share of changed answers. On frames like these top-1 accuracy differs by at most so much: a changed
  /// answer is the only way to lose or gain one.
  public var rate: Double { Double(changed) / Double(max(1, answers)) }

  /// What `rate` is at most with 95 % confidence for frames drawn like these, each on its own.
  public var rateBound: Double { ClopperPearson.upperBound(events: changed, trials: max(1, answers)) }

  /// Whether a network is nearer to the original than another, judged on the same frames, and no worse by its answers:
  /// a short training makes probabilities milder at once, and so the divergence less, while more answers change.
  public func improves(on other: Disagreement) -> Bool {
    divergence < other.divergence && expectedLoss <= other.expectedLoss
  }

  /// - Parameters:
  ///   - original: Its outputs have the candidate's types.
  ///   - frames: Held back: not those that the candidate was fitted on.
  ///   - kinds: One per output; nil: as `kinds(of:)` guesses.
  ///   - parts: What values count, where that is known.
  ///   - progress: Gets how many frames are done.
  /// - Throws: `ObservationError`, or what `engine` throws.
  public init(
    original: Graph, candidate: Graph, frames: [FrameGroup],
    engine: @escaping PostTrainingQuantization.Engine, kinds: [Kind]? = nil, parts: [OutputPart] = [],
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    let reference = try Reference(original, frames: frames, engine: engine, kinds: kinds, parts: parts)
    self = try reference.disagreement(of: candidate, progress: progress)
  }

  init(answers: Int, changed: Int, divergence: Double, expectedLoss: Double = 0, isClassifier: Bool) {
    (self.answers, self.changed) = (answers, changed)
    (self.divergence, self.expectedLoss, self.isClassifier) = (divergence, expectedLoss, isClassifier)
  }

  /// What a network's outputs look like: a single `[N, classes]` is scores, anything else values.
  public static func kinds(of graph: Graph) -> [Kind] {
    guard graph.outputs.count == 1, let output = graph.outputs.first else {
      return graph.outputs.map { _ in .values }
    }
    let shape = graph.type(of: output).shape
    guard shape.count >= 2, shape[1] >= 2, shape.dropFirst(2).allSatisfy({ $0 == 1 }) else {
      return [.values]
    }
    var producer = graph.producer(of: output)
    while let node = producer, node.inputs.count == 1,
      ["Reshape", "Flatten", "Squeeze"].contains(node.op.name)
    {
      producer = graph.producer(of: node.inputs[0])
    }
    return [.classes(areProbabilities: producer?.op.name == "Softmax")]
  }
}

extension Disagreement {
  /// What the original says to frames, computed once for any number of candidates.
  public struct Reference {
    private let walk: FrameWalk
    private let engine: PostTrainingQuantization.Engine
    private let kinds: [Kind]
    private let shapes: [Shape]
    /// By frame and output.
    private let answers: [[[Float]]]
    /// What values count; nil where there are none.
    private let scale: OutputScale?

    /// Parameters and errors as those of `Disagreement`.
    public init(
      _ original: Graph, frames: [FrameGroup], engine: @escaping PostTrainingQuantization.Engine,
      kinds: [Kind]? = nil, parts: [OutputPart] = []
    ) throws {
      walk = try FrameWalk(frames, engine)
      self.engine = engine
      self.kinds = kinds ?? Disagreement.kinds(of: original)
      precondition(self.kinds.count == original.outputs.count, "one kind per output")
      shapes = original.outputs.map { original.type(of: $0).shape }
      var answers: [[[Float]]] = []
      try walk.run(original, observing: original.outputs) { _, frame, found in
        for (output, elements) in zip(original.outputs, found) where !elements.isFinite(from: 0) {
          throw ObservationError.notFinite(value: original[output].name, frame: frame)
        }
        answers.append(found)
      }
      self.answers = answers
      let values = zip(self.kinds, shapes).enumerated().filter { $1.0 == .values }
      let wholes = values.map { OutputPart(output: $0, elementCount: $1.1.elementCount) }
      scale = values.isEmpty ? nil : OutputScale(parts.isEmpty ? wholes : parts, frames: answers)
    }

    /// How far a candidate is.
    public func disagreement(
      of candidate: Graph, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> Disagreement {
      try disagreement(of: candidate, walk, progress: progress)
    }

    /// How far a candidate is that sees the same frames in another form, such as in fewer pixels.
    ///
    /// - Parameter frames: As many as the original's, in the same order.
    public func disagreement(of candidate: Graph, seeing frames: [FrameGroup]) throws -> Disagreement {
      let walk = try FrameWalk(frames, engine)
      precondition(walk.frameCount == answers.count, "other frames")
      return try disagreement(of: candidate, walk, progress: { _, _ in })
    }

    private func disagreement(
      of candidate: Graph, _ walk: FrameWalk, progress: (_ done: Int, _ total: Int) -> Void
    ) throws -> Disagreement {
      precondition(candidate.outputs.map { candidate.type(of: $0).shape } == shapes, "other outputs")
      var (count, changed) = (0, 0)
      var (divergence, distance, loss) = (0.0, 0.0, 0.0)
      try walk.run(candidate, observing: candidate.outputs) { turn, frame, found in
        var isChanged: [Bool] = []
        for (index, kind) in kinds.enumerated() {
          let expected = answers[turn][index]
          guard found[index].isFinite(from: 0) else {
            throw ObservationError.notFinite(value: candidate.outputNames[index], frame: frame)
          }
          guard case .classes(let areProbabilities) = kind else { continue }
          let classes = shapes[index][1]
          let rows = expected.count / max(1, classes)
          if isChanged.isEmpty { isChanged = [Bool](repeating: false, count: rows) }
          for row in 0..<rows {
            let range = row * classes..<(row + 1) * classes
            let (a, b) = (Scores(expected[range]), Scores(found[index][range]))
            if row < isChanged.count, a.largest != b.largest { isChanged[row] = true }
            divergence += a.divergence(to: b, areProbabilities)
            loss += a.loss(saying: b.largest, areProbabilities)
          }
        }
        distance += scale?.distance(from: answers[turn], to: found) ?? 0
        count += max(1, isChanged.count)
        changed += isChanged.count { $0 }
        progress(turn + 1, walk.frameCount)
      }
      return Disagreement(
        answers: count, changed: changed,
        divergence: divergence / Double(max(1, count)) + distance / Double(max(1, walk.frameCount)),
        expectedLoss: loss / Double(max(1, count)), isClassifier: kinds.allSatisfy { $0 != .values })
    }
  }

  /// The scores of one answer.
  private struct Scores {
    private let elements: ArraySlice<Float>
    /// The place of the largest score, the first of equals.
    let largest: Int

    init(_ elements: ArraySlice<Float>) {
      self.elements = elements
      largest =
        elements.indices.reduce(elements.startIndex) { elements[$1] > elements[$0] ? $1 : $0 }
        - elements.startIndex
    }

    /// `Σ p log(p / q)` for the probabilities that two answers stand for.
    func divergence(to other: Scores, _ areProbabilities: Bool) -> Double {
      let (own, theirs) = (logarithms(areProbabilities), other.logarithms(areProbabilities))
      return max(0, zip(own, theirs).reduce(0) { $0 + $1.0.exponential * ($1.0 - $1.1) })
    }

    /// How much likelier the largest is than another.
    func loss(saying other: Int, _ areProbabilities: Bool) -> Double {
      guard other != largest else { return 0 }
      let logarithms = logarithms(areProbabilities)
      return logarithms[largest].exponential - logarithms[other].exponential
    }

    private func logarithms(_ areProbabilities: Bool) -> [Double] {
      if areProbabilities { return elements.map { max(Double($0), 1e-12).logarithm } }
      let most = Double(elements.max() ?? 0)
      let total = elements.reduce(0) { $0 + (Double($1) - most).exponential }
      let shift = most + total.logarithm
      return elements.map { Double($0) - shift }
    }
  }
}
