public import EspalierGraph

/// Max, Min, Sum and Mean of any number of tensors: a chain of operations on two.
///
/// Source: ONNX `Max`, `Min`, `Sum`, `Mean`, opset 8 (NumPy-style broadcasting) and 6 (equal shapes).
public enum Variadic: NodeImporter {
  public static let onnxNames = ["Max", "Min", "Sum", "Mean"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let first = try node.requiredInput(0)
    let others = Array(node.presentInputs.dropFirst())
    let kind: Binary.Kind =
      node.type == "Max" ? .maximum : node.type == "Min" ? .minimum : .add
    let names = node.outputNames
    if others.isEmpty { return try builder.add(Identity(), [first.value], outputNames: names) }
    var result = [first.value]
    for (index, other) in others.enumerated() {
      let isLast = index == others.count - 1 && node.type != "Mean"
      result = try builder.add(Binary(kind), result + [other], outputNames: isLast ? names : [])
    }
    guard node.type == "Mean" else { return result }
    let element = first.type.element
    guard element.isFloating else {
      throw .shape(
        .element(input: 0, expected: "floats", found: first.type), node: node.name, type: node.type)
    }
    let count = builder.constant(
      Tensor(shape: [], element: element, floats: [Float(others.count + 1)]))
    return try builder.add(Binary(.divide), result + [count], outputNames: names)
  }
}

/// BitwiseNot: exclusive or with all bits set.
///
/// Source: ONNX `BitwiseNot`, opset 18.
public enum BitwiseNot: NodeImporter {
  public static let onnxNames = ["BitwiseNot"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    let element = input.type.element
    guard !element.isFloating else {
      throw .shape(
        .element(input: 0, expected: "integers", found: input.type), node: node.name, type: node.type)
    }
    let ones = builder.constant(
      Tensor(shape: [], element: element, integers: [element.wrapped(-1)]))
    return try builder.add(Binary(.bitwiseXor), [input.value, ones], outputNames: node.outputNames)
  }
}
