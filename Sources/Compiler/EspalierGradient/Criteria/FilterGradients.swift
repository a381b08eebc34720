public import EspalierGraph
public import EspalierPasses

/// How much a network's answer depends on every unit of channels, by gradients at the layers that make it.
///
/// A gate of 1 stands on what each of these layers adds to its output channel; per frame the derivative of a loss
/// by the gate is `g = Σ a · ∂L/∂a` over the layers and pixels.
public struct FilterGradients {
  public enum Criterion: Sendable, Equatable {
    /// `E |g|` of the cross-entropy: first-order Taylor (Molchanov et al. 2017, equation 6).
    case taylor
    /// `½ E g²` of the cross-entropy: empirical Fisher (Theis et al. 2018, equation 9).
    case fisher
    /// `½ E gᵀ H g` of the outputs: Gauss–Newton, H being the curvature of the softmax, `diag(p) − p pᵀ`, or 1
    /// where outputs are no scores of classes. Needs no labels. Exact where there are no more classes than
    /// `directions`, otherwise a sum over so many random directions.
    case gaussNewton(directions: Int)
  }

  private let map: ChannelMap
  private let tape: Tape
  private let gates: [UnitGates]
  private let objective: GateObjective
  private let parts: [OutputPart]

  /// - Parameters:
  ///   - graph: Simplified, in float32.
  ///   - map: The channels of this graph.
  ///   - parts: What outputs count that are no scores of classes; none: all elements the same.
  /// - Throws: `GradientError` where an operator has no gradient.
  public init(_ graph: Graph, _ map: ChannelMap, parts: [OutputPart] = []) throws(GradientError) {
    (self.map, self.parts) = (map, parts)
    objective = GateObjective(graph)
    let layers = Set(map.makers.values.joined())
    let makers = graph.nodes.filter { layers.contains($0.id) }
    tape = try Tape(graph, to: objective.outputs, gradientsOf: makers.map { $0.outputs[0] })
    gates = UnitGates.all(of: makers, map, tape)
  }

  /// A score for every unit that may be cut; the smallest are cut first.
  ///
  /// - Parameters:
  ///   - labels: The class of every frame; nil takes the network's own first answer.
  ///   - seed: Decides random directions.
  /// - Throws: `GradientError.notClasses` where a criterion needs scores of classes.
  public func scores(
    _ criterion: Criterion, frames: TrainingFrames, labels: [Int]? = nil, threads: Int = 1, seed: UInt64 = 0
  ) throws(GradientError) -> [Int: Double] {
    guard objective.scores != nil || !criterion.needsClasses else {
      throw .notClasses(output: objective.name)
    }
    let shards = ParallelShards(threads: threads)
    let parameters = tape.makeParameters()
    let memories = (0..<shards.threads).map { _ in TapeMemory(tape, parameters) }
    let sums = UnitSums(gates.count)
    let objective = measured(frames, memories[0])
    for first in stride(from: 0, to: frames.count, by: 64) {
      let batch = (first..<min(first + 64, frames.count)).map { frames.elements($0) }
      shards.run { shard, worker in
        for index in stride(from: shard, to: batch.count, by: ParallelShards.count) {
          let frame = first + index
          for (input, elements) in batch[index].enumerated() { memories[worker].setInput(input, elements) }
          let random = TrainingRandom(seed: seed, stream: UInt64(frame))
          add(criterion, objective, label: labels?[frame], memories[worker], random, to: sums[shard])
        }
      }
    }
    let totals = sums.totals(frames: frames.count)
    return Dictionary(uniqueKeysWithValues: zip(gates.map(\.unit), totals))
  }

  /// The objective with what outputs count on the first frames.
  private func measured(_ frames: TrainingFrames, _ memory: TapeMemory) -> GateObjective {
    guard !parts.isEmpty, objective.scores == nil else { return objective }
    var objective = objective
    let outputs = (0..<min(frames.count, 64)).map { frame in
      for (input, elements) in frames.elements(frame).enumerated() {
        memory.setInput(input, elements)
      }
      tape.forward(memory)
      return objective.values(memory)
    }
    objective.measure(parts, outputs)
    return objective
  }

  /// Adds one frame's share to the sums of a shard.
  private func add(
    _ criterion: Criterion, _ objective: GateObjective, label: Int?, _ memory: TapeMemory,
    _ random: TrainingRandom, to sums: UnsafeMutablePointer<Double>
  ) {
    var random = random
    tape.forward(memory)
    for direction in objective.directions(criterion, label: label, memory, &random) {
      memory.clearGradients()
      for (value, elements) in direction.seeds {
        _ = memory.gradient(of: value).update(fromContentsOf: elements)
      }
      tape.backward(memory)
      for (index, gate) in gates.enumerated() {
        let slope = gate.slope(memory)
        sums[index] += direction.weight * (criterion == .taylor ? abs(slope) : slope * slope / 2)
      }
    }
  }
}

extension FilterGradients.Criterion {
  var needsClasses: Bool {
    if case .gaussNewton = self { false } else { true }
  }
}

/// One sum for each unit, for every shard.
private final class UnitSums: @unchecked Sendable {
  private let base: UnsafeMutablePointer<Double>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    base = .allocate(capacity: max(ParallelShards.count * count, 1))
    base.initialize(repeating: 0, count: max(ParallelShards.count * count, 1))
  }

  deinit { base.deallocate() }

  subscript(_ shard: Int) -> UnsafeMutablePointer<Double> { base + shard * count }

  func totals(frames: Int) -> [Double] {
    (0..<count).map { unit in
      (0..<ParallelShards.count).reduce(0) { $0 + self[$1][unit] } / Double(max(frames, 1))
    }
  }
}
