public import EspalierGraph

/// A tensor that stands in the model as a node.
///
/// Source: ONNX `Constant`, opset 25; `value_*` attributes from 12 on. Strings and sparse values are refused.
public enum Constant: NodeImporter {
  public static let onnxNames = ["Constant"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    [builder.constant(try tensor(of: node), name: node.outputNames.first ?? "")]
  }

  private static func tensor(of node: ImportedNode) throws(ImportError) -> Tensor {
    if let tensor = try node.tensor("value") { return tensor }
    if let value = try node.float("value_float") { return Tensor(scalar: value) }
    if let values = try node.floats("value_floats") { return Tensor(shape: [values.count], floats: values) }
    if let value = try node.int("value_int") { return Tensor(shape: [], integers: [Int64(value)]) }
    if let values = try node.ints("value_ints") {
      return Tensor(shape: [values.count], integers: values.map(Int64.init))
    }
    let found = node.attributes.keys.sorted().joined(separator: ", ")
    throw node.invalid("value", "must be a tensor, floats or integers, but the node has: \(found)")
  }
}

/// A tensor of one repeated value, its shape known at import.
///
/// Source: ONNX `ConstantOfShape`, opset 25; without `value` float32 zeros.
public enum ConstantOfShape: NodeImporter {
  public static let onnxNames = ["ConstantOfShape"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let shape = try node.requiredConstant(0).asInts
    let value = try node.tensor("value") ?? Tensor(shape: [1], floats: [0])
    guard value.count == 1 else { throw node.invalid("value", "must hold one element, but is \(value.type)") }
    let type = TensorType(value.type.element, shape)
    try builder.reserve(type)
    let tensor =
      switch value.storage {
      case .floats(let elements):
        Tensor(
          shape: shape, element: type.element,
          floats: Array(repeating: elements[0], count: type.elementCount))
      case .integers(let elements):
        Tensor(
          shape: shape, element: type.element,
          integers: Array(repeating: elements[0], count: type.elementCount))
      }
    return [builder.constant(tensor, name: node.outputNames.first ?? "")]
  }
}

/// The extents of a tensor, from axis `start` up to but not including `end`: always known at import.
///
/// Source: ONNX `Shape`, opset 25; `start` and `end` from 15 on.
public enum ShapeOperator: NodeImporter {
  public static let onnxNames = ["Shape"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let shape = try node.requiredInput(0).type.shape
    let rank = shape.count
    func clamped(_ axis: Int) -> Int { min(max(axis < 0 ? axis + rank : axis, 0), rank) }
    let start = clamped(try node.int("start") ?? 0)
    let end = max(start, clamped(try node.int("end") ?? rank))
    let extents = shape[start..<end].map(Int64.init)
    let tensor = Tensor(shape: [extents.count], integers: extents)
    return [builder.constant(tensor, name: node.outputNames.first ?? "")]
  }
}

/// The number of elements of a tensor: always known at import.
///
/// Source: ONNX `Size`, opset 25.
public enum Size: NodeImporter {
  public static let onnxNames = ["Size"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let count = try node.requiredInput(0).type.elementCount
    let tensor = Tensor(shape: [], integers: [Int64(count)])
    return [builder.constant(tensor, name: node.outputNames.first ?? "")]
  }
}
