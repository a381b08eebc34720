public import EspalierGraph

extension Binary {
  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    if kind == .shiftLeft || kind == .shiftRight { return try lowerShift(node, &lowering) }
    guard let operation = kind.kernelCode else {
      throw noKernel(node, "it computes in floats, and \(kind.rawValue) needs bits")
    }
    if try lowerConstantPower(node, &lowering) { return }
    let types = lowering.graph.inputTypes(of: node)
    guard let steps = IntegerCorrection.steps(behind: kind, types[0].element, types[1].element) else {
      throw noKernel(
        node, "it computes in floats, which do not do \(kind.rawValue) as \(types[0].element.rawValue) does")
    }
    let shape = lowering.graph.type(of: node.outputs[0]).shape
    let (a, b) = (
      lowering.operand(node.inputs[0], meeting: shape), lowering.operand(node.inputs[1], meeting: shape)
    )
    let target = lowering.allocate(node.outputs[0])
    try lowering.binary(operation, a, b, to: target, function: activation)
    try lowering.correct(target, steps)
  }

  /// Multiplies with or divides by a power of 2, which floats do exactly.
  private func lowerShift(_ node: Node, _ lowering: inout Lowering) throws(LoweringError) {
    let type = lowering.graph.type(of: node.outputs[0])
    guard type.element.integerRange.lowerBound == 0 || type.element == .uint64 else {
      throw noKernel(node, "it computes in floats, and \(kind.rawValue) of a sign needs bits")
    }
    let (a, b) = (lowering.view(of: node.inputs[0]), lowering.view(of: node.inputs[1]))
    let target = lowering.allocate(node.outputs[0])
    let power = lowering.newBuffer(shape: type.shape)
    // More bits than 32 shift out whatever there is, without an overflow.
    try lowering.binary(.minimum, b, lowering.scalar(32), to: power)
    try lowering.binary(.power, lowering.scalar(2), power, to: power)
    try lowering.binary(kind == .shiftLeft ? .multiply : .divide, a, power, to: target)
    if kind == .shiftRight { return try lowering.correct(target, [.truncate]) }
    if type.element.byteCount <= 2 { try lowering.correct(target, [.wrap(type.element)]) }
  }

  /// Squares, square roots and reciprocals written as powers cost a fraction of a general power.
  ///
  /// - Returns: Whether the node was such a power.
  private func lowerConstantPower(
    _ node: Node, _ lowering: inout Lowering
  ) throws(LoweringError) -> Bool {
    guard kind == .power, lowering.graph.type(of: node.inputs[0]).element.isFloating,
      let exponent = lowering.graph.constant(of: node.inputs[1]), exponent.count == 1,
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
}
