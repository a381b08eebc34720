internal import CLAPACK
public import EspalierGraph
internal import EspalierOperators

/// A network, or a part of one, ready to be run forward and backward many times (reverse-mode differentiation).
///
/// A tape is made once and shared by threads; each has a `TapeMemory`. Tensors keep their places, nothing is
/// allocated while a frame runs, and the same frame gives the same gradients whatever else runs.
public final class Tape: Sendable {
  /// What is given for every frame, in this order.
  public let inputs: [ValueID]
  /// What the tape is run for.
  public let outputs: [ValueID]
  /// Constants whose gradients are computed, as they follow one another in `TapeParameters`.
  public let trained: [ValueID]
  let hasGradients: Bool
  let frameCount: Int
  let scratchCount: Int
  /// Of layers that add another tensor to what they compute.
  let sums: [NodeID: ResidualSum]
  private let graph: Graph
  private let slots: [ValueID: Slot]
  private let steps: [any Step]
  private let constants: [Float]
  private let trainedCount: Int

  /// - Parameters:
  ///   - graph: In float32.
  ///   - inputs: Values that the caller gives; the graph's inputs where nil.
  ///   - outputs: Values that are computed; the graph's outputs where nil.
  ///   - wanted: Constants and computed values whose gradients are wanted.
  /// - Throws: `GradientError` where a needed operator has no gradient.
  public init(
    _ graph: Graph, from inputs: [ValueID]? = nil, to outputs: [ValueID]? = nil, gradientsOf wanted: [ValueID]
  ) throws(GradientError) {
    // Small products gain nothing from threads that wait for each other.
    openblas_set_num_threads(1)
    self.graph = graph
    self.inputs = inputs ?? graph.inputs
    self.outputs = outputs ?? graph.outputs
    var recorder = TapeRecorder(graph, wanted: Set(wanted))
    let nodes = Self.nodes(of: graph, from: self.inputs, to: self.outputs)
    trained = try recorder.placeConstants(of: nodes, alone: self.outputs)
    trainedCount = recorder.trainedCount
    for input in self.inputs { try recorder.placeFrame(input, wantsGradient: wanted.contains(input)) }
    for node in nodes { try recorder.record(node) }
    for output in self.outputs where recorder.slots[output] == nil {
      throw .undefined(graph[output].name)
    }
    (slots, sums) = (recorder.slots, recorder.sums)
    (steps, constants) = (recorder.steps, recorder.constants)
    (frameCount, scratchCount) = (recorder.frameCount, recorder.scratchCount)
    hasGradients = !wanted.isEmpty
  }

  /// The nodes between two sets of values, in execution order.
  private static func nodes(of graph: Graph, from inputs: [ValueID], to outputs: [ValueID]) -> [Node] {
    var needed = Set(outputs).subtracting(inputs)
    var nodes: [Node] = []
    for node in graph.nodes.reversed() where !needed.isDisjoint(with: node.outputs) {
      nodes.append(node)
      needed.formUnion(Set(node.inputs).subtracting(inputs))
    }
    return nodes.reversed()
  }

  /// The constants' elements as they stand in the graph.
  public func makeParameters() -> TapeParameters { TapeParameters(constants, trained: trainedCount) }

  /// Computes all values from the inputs.
  public func forward(_ memory: TapeMemory) {
    for step in steps { step.forward(memory) }
  }

  /// Lets the gradients that the caller has written flow back to everything whose gradient is wanted.
  ///
  /// - Precondition: `forward` ran on this memory; its gradients were cleared, and those of the values that the
  ///   loss depends on directly were then written.
  public func backward(_ memory: TapeMemory) {
    precondition(hasGradients, "the tape was made without gradients")
    for step in steps.reversed() { step.backward(memory) }
  }

  /// Whether the tape computes a value or is given it.
  public func holds(_ value: ValueID) -> Bool { slots[value] != nil }

  /// Whether the gradient of a value is computed.
  public func hasGradient(_ value: ValueID) -> Bool { slots[value]?.wantsGradient ?? false }

  func slot(of value: ValueID) -> Slot {
    guard let slot = slots[value] else { preconditionFailure("'\(graph[value].name)' is not on the tape") }
    return slot
  }

  /// The graph with the trained tensors as they are now.
  public func graph(with parameters: TapeParameters) -> Graph {
    var result = graph
    for value in trained {
      let slot = slot(of: value)
      let elements = UnsafeBufferPointer(start: parameters.base + slot.offset, count: slot.count)
      result.replaceConstant(value, with: Tensor(shape: slot.shape, floats: Array(elements)))
    }
    return result
  }

  /// Tensors start on cache lines.
  static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}

extension Tape {
  /// Operators that have a gradient, by name.
  public static var operators: [String] { GradientRules.operators }

  /// The constants that training usually changes: weights, biases, slopes and factors of normalizations.
  public static func trainable(_ graph: Graph) -> [ValueID] {
    var result: [ValueID] = []
    for node in graph.nodes {
      let candidates: [ValueID] =
        switch node.op {
        case is Conv, is ConvTranspose, is Gemm, is MatMul: Array(node.inputs.dropFirst().prefix(2))
        case is BatchNormalization: Array(node.inputs[1...2])
        case let binary as Binary where binary.kind == .prelu: [node.inputs[1]]
        default: []
        }
      for value in candidates where graph.constant(of: value) != nil && !result.contains(value) {
        result.append(value)
      }
    }
    return result
  }
}
