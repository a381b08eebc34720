internal import CGradient
internal import EspalierGraph
internal import EspalierOperators

/// A function of every element.
struct FunctionStep: Step {
  let function: ElementFunction
  let x: Slot, y: Slot

  func forward(_ memory: TapeMemory) {
    _ = gradient_function(
      function.kernelCode, function.alpha, function.beta, y.count, memory.value(x), memory.value(y))
  }

  func backward(_ memory: TapeMemory) {
    guard let target = memory.gradient(x) else { return }
    gradient_function_backward(
      function.kernelCode, function.alpha, function.beta, y.count, memory.value(x), memory.value(y),
      memory.error(y), target)
  }

  @Sendable static func record(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    guard let unary = context.node.op as? Unary else { return [] }
    let function = unary.function
    guard gradient_function(function.kernelCode, function.alpha, function.beta, 0, nil, nil) != 0 else {
      throw context.unsupported("\(function.kind.rawValue) has no useful derivative")
    }
    return [FunctionStep(function: function, x: context.inputs[0], y: context.outputs[0])]
  }
}

extension RuleContext {
  /// Where an operator with an activation writes its sum, and the activation as a step of its own.
  mutating func activated(_ activation: ElementFunction) -> (sum: Slot, steps: [any Step]) {
    guard activation.kind != .identity else { return (outputs[0], []) }
    let sum = intermediate(outputs[0].shape)
    return (sum, [FunctionStep(function: activation, x: sum, y: outputs[0])])
  }
}
