public import EspalierGraph

extension Binary {
  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    guard let operation = kind.kernelCode else {
      throw noKernel(node, "it computes in floats, and \(kind.rawValue) needs bits")
    }
    let element = lowering.graph.type(of: node.inputs[0]).element
    guard isExact(element) else {
      throw noKernel(
        node, "it computes in floats, which do not do \(kind.rawValue) as \(element.rawValue) does")
    }
    if try lowerConstantPower(node, &lowering) { return }
    let (a, b) = (lowering.view(of: node.inputs[0]), lowering.view(of: node.inputs[1]))
    try lowering.binary(
      operation, a, b, to: lowering.allocate(node.outputs[0]), function: activation)
  }

  /// Squares, square roots and reciprocals written as powers cost a fraction of a general power.
  ///
  /// - Returns: Whether the node was such a power.
  private func lowerConstantPower(
    _ node: Node, _ lowering: inout Lowering
  ) throws(LoweringError) -> Bool {
    guard kind == .power, let exponent = lowering.graph.constant(of: node.inputs[1]), exponent.count == 1,
      exponent.shape.count <= lowering.graph.type(of: node.inputs[0]).rank
    else { return false }
    let root: ElementFunction.Kind
    switch exponent.asFloats[0] {
    case 2:
      let (base, target) = (lowering.view(of: node.inputs[0]), lowering.allocate(node.outputs[0]))
      let multiply = Binary.Kind.multiply.kernelCode ?? 0
      try lowering.binary(multiply, base, base, to: target, function: activation)
      return true
    case 0.5: root = .sqrt
    case -1: root = .reciprocal
    default: return false
    }
    guard activation == .identity else { return false }
    let (base, target) = (lowering.view(of: node.inputs[0]), lowering.allocate(node.outputs[0]))
    try lowering.unary(ElementFunction(root), from: base, to: target)
    return true
  }

  private func noKernel(_ node: Node, _ reason: String) -> LoweringError {
    .noKernel(node: node.name, type: Self.name, reason: reason)
  }

  /// Whether float32 gives what integers of moderate size give: no division, no wrap-around of narrow types.
  private func isExact(_ element: ElementType) -> Bool {
    if element.isFloating || element == .bool || kind.givesTruthValues { return true }
    switch kind {
    case .maximum, .minimum: return true
    case .add, .subtract, .multiply, .prelu: return element == .int32 || element == .int64
    default: return false
    }
  }
}
