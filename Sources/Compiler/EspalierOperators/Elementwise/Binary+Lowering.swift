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
    let (a, b) = (lowering.view(of: node.inputs[0]), lowering.view(of: node.inputs[1]))
    try lowering.binary(
      operation, a, b, to: lowering.allocate(node.outputs[0]), function: activation)
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
