internal import EspalierGraph
internal import EspalierOperators

/// Questions that rewrites ask of a node's surroundings.
extension Graph {
  /// The unary function that computes a value, where nothing but `reader` may look at the value.
  func function(of value: ValueID) -> (function: ElementFunction, input: ValueID)? {
    guard let node = producer(of: value), let unary = node.op as? Unary else { return nil }
    return (unary.function, node.inputs[0])
  }

  /// The operands of the binary operator of this kind that computes a value; nil where it is another one, or
  /// has an activation.
  func operands(of value: ValueID, _ kind: Binary.Kind) -> (ValueID, ValueID)? {
    guard let node = producer(of: value), let binary = node.op as? Binary, binary.kind == kind,
      binary.activation == .identity
    else { return nil }
    return (node.inputs[0], node.inputs[1])
  }

  /// The number that a floating constant repeats throughout.
  func uniformConstant(_ value: ValueID) -> Float? {
    guard let tensor = constant(of: value), tensor.type.element.isFloating, let first = tensor.floats.first,
      tensor.floats.allSatisfy({ $0 == first })
    else { return nil }
    return first
  }

  /// The operand of a binary operator whose other operand is a constant with one value throughout.
  ///
  /// Nil also where the constant enlarges the operand by broadcasting.
  func operandAndNumber(of node: Node) -> (operand: ValueID, number: Float)? {
    guard node.op is Binary else { return nil }
    for (value, other) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
      if let number = uniformConstant(other), type(of: value) == type(of: node.outputs[0]) {
        return (value, number)
      }
    }
    return nil
  }

  /// Whether a node is all that reads a value, which it reads once.
  func isOnlyReader(_ node: Node, of value: ValueID) -> Bool {
    readerCount(of: value) == 1 && node.inputs.filter { $0 == value }.count == 1
  }
}

extension GraphPatch {
  /// A patch that computes a node's only output by another operator instead.
  static func replacing(
    _ node: Node, by op: any Operator, inputs: [Reference], alsoRemoving others: [Node] = []
  ) -> GraphPatch {
    var patch = GraphPatch()
    let result = patch.add(op, name: node.name, inputs: inputs)
    patch.replace(node.outputs[0], with: result)
    patch.remove(node.id)
    for other in others { patch.remove(other.id) }
    return patch
  }
}
