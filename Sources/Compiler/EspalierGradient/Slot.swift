internal import EspalierGraph

/// Where the elements of a tensor lie while a tape runs.
struct Slot: Sendable {
  /// Constants are shared by all threads; everything else each thread has for itself.
  enum Region: Sendable { case constants, frame }

  var region: Region
  /// In floats, from the start of the region.
  var offset: Int
  var shape: Shape
  /// Whether anything asks how the loss depends on it.
  var wantsGradient: Bool

  var count: Int { shape.elementCount }
}

/// The sum of a layer that adds another tensor to what it computes.
struct ResidualSum: Sendable {
  var sum: Slot
  var residual: Slot
}

/// What a rule needs to make the steps of one node.
struct RuleContext {
  let node: Node
  let graph: Graph
  let inputs: [Slot]
  let outputs: [Slot]
  /// Floats of the region that each thread has for itself.
  var frameCount: Int
  /// The most floats that any step needs while it runs.
  var scratchCount: Int

  /// What the node sums up before its activation, where something from elsewhere is added to it.
  var residualSum: ResidualSum?

  var inputTypes: [TensorType] { graph.inputTypes(of: node) }

  /// A tensor between two steps of one node; it has a gradient where the node's output has one.
  mutating func intermediate(_ shape: Shape) -> Slot {
    let slot = Slot(region: .frame, offset: frameCount, shape: shape, wantsGradient: outputs[0].wantsGradient)
    frameCount += Tape.padded(slot.count)
    return slot
  }

  /// Lets every step use this many floats of scratch.
  mutating func reserveScratch(_ count: Int) { scratchCount = max(scratchCount, count) }

  func unsupported(_ reason: String) -> GradientError {
    .unsupportedForm(node.op.name, node: node.name, reason: reason)
  }
}

/// One operation, forward and backward.
protocol Step: Sendable {
  /// Writes the outputs.
  func forward(_ memory: TapeMemory)

  /// Adds to the gradients of the inputs what the gradients of the outputs say.
  ///
  /// - Precondition: `forward` ran, and the gradients of the outputs are complete.
  func backward(_ memory: TapeMemory)
}
