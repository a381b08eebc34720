internal import CGradient
internal import EspalierGraph
internal import EspalierOperators

/// Normalization by statistics that stay as they are.
struct NormalizationStep: Step {
  let epsilon: Float
  /// x, γ, β, μ and σ².
  let inputs: [Slot]
  let y: Slot

  private func parameters(_ memory: TapeMemory) -> gradient_normalization {
    let shape = y.shape
    return gradient_normalization(
      batch: shape[0], channels: shape[1], plane: shape.dropFirst(2).reduce(1, *), epsilon: epsilon,
      gamma: memory.value(inputs[1]), beta: memory.value(inputs[2]), mean: memory.value(inputs[3]),
      variance: memory.value(inputs[4]))
  }

  func forward(_ memory: TapeMemory) {
    var parameters = parameters(memory)
    gradient_normalize(&parameters, memory.value(inputs[0]), memory.value(y))
  }

  func backward(_ memory: TapeMemory) {
    var parameters = parameters(memory)
    gradient_normalize_backward(
      &parameters, memory.value(inputs[0]), memory.error(y), memory.gradient(inputs[0]),
      memory.gradient(inputs[1]), memory.gradient(inputs[2]))
  }

  @Sendable static func record(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    guard let normalization = context.node.op as? BatchNormalization else { return [] }
    guard !context.inputs[3].wantsGradient, !context.inputs[4].wantsGradient else {
      throw context.unsupported("its mean and variance are statistics, not parameters")
    }
    return [
      NormalizationStep(epsilon: normalization.epsilon, inputs: context.inputs, y: context.outputs[0])
    ]
  }
}

/// Softmax and its logarithm.
struct SoftmaxStep: Step {
  let x: Slot, y: Slot
  let outer: Int, length: Int, inner: Int
  let isLogarithm: Bool

  func forward(_ memory: TapeMemory) {
    gradient_softmax(outer, length, inner, isLogarithm ? 1 : 0, memory.value(x), memory.value(y))
  }

  func backward(_ memory: TapeMemory) {
    guard let target = memory.gradient(x) else { return }
    gradient_softmax_backward(
      outer, length, inner, isLogarithm ? 1 : 0, memory.value(y), memory.error(y), target)
  }

  @Sendable static func record(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    guard let softmax = context.node.op as? Softmax else { return [] }
    guard softmax.kind != .hard else { throw context.unsupported("Hardmax has no useful derivative") }
    let (shape, axis) = (context.inputs[0].shape, softmax.axis)
    let behind = shape[(axis + 1)...].reduce(1, *)
    return [
      SoftmaxStep(
        x: context.inputs[0], y: context.outputs[0], outer: shape[..<axis].reduce(1, *),
        length: shape[axis] * (softmax.flattens ? behind : 1), inner: softmax.flattens ? 1 : behind,
        isLogarithm: softmax.kind == .log)
    ]
  }
}
