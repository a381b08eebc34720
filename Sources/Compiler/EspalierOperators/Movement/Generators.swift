public import EspalierGraph

/// `start`, `start + delta`, … up to but not including `limit`, all known at import.
///
/// Source: ONNX `Range`, opset 11.
public enum RangeOperator: NodeImporter {
  public static let onnxNames = ["Range"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let start = try node.requiredConstant(0)
    let (limit, delta) = (try node.requiredConstant(1), try node.requiredConstant(2))
    guard start.count == 1, limit.count == 1, delta.count == 1 else {
      throw node.invalid("start", "limit and delta must be scalars")
    }
    let element = start.type.element
    let tensor: Tensor
    if element.isFloating {
      let (a, b, step) = (Double(start.floats[0]), Double(limit.asFloats[0]), Double(delta.asFloats[0]))
      let count = try checkedCount(((b - a) / step).rounded(.up), node)
      tensor = Tensor(
        shape: [count], element: element, floats: (0..<count).map { Float(a + Double($0) * step) })
    } else {
      let (a, b, step) = (start.integers[0], limit.integers[0], delta.integers[0])
      let count = try checkedCount(((Double(b) - Double(a)) / Double(step)).rounded(.up), node)
      let values = (0..<count).map { a &+ Int64($0) &* step }
      tensor = Tensor(shape: [count], element: element, integers: values)
    }
    return [builder.constant(tensor, name: node.outputNames.first ?? "")]
  }

  private static func checkedCount(_ count: Double, _ node: ImportedNode) throws(ImportError) -> Int {
    guard count <= Double(GraphBuilder.elementLimit) else {
      throw node.invalid("delta", "makes \(count) elements")
    }
    return count > 0 ? Int(count) : 0
  }
}

/// Ones on one diagonal of a matrix, zeros elsewhere: shape and type are known at import.
///
/// Source: ONNX `EyeLike`, opset 22.
public enum EyeLike: NodeImporter {
  public static let onnxNames = ["EyeLike"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let type = try node.requiredInput(0).type
    guard type.rank == 2 else {
      throw .shape(.rank(input: 0, expected: "2", found: type), node: node.name, type: node.type)
    }
    let diagonal = try node.int("k") ?? 0
    var element = type.element
    if let code = try node.int("dtype") {
      guard let named = Int32(exactly: code).flatMap({ ElementType(onnx: $0) }) else {
        throw node.invalid("dtype", "\(code) is no supported element type")
      }
      element = named
    }
    let ones = Tensor(shape: [2], element: .float32, floats: [0, 1])
    var offsets: [Int?] = []
    forEachIndex(of: type.shape) { index, _ in offsets.append(index[1] &- index[0] == diagonal ? 1 : 0) }
    let floats = ones.gathered(offsets, shape: type.shape).floats
    let tensor =
      element.isFloating
      ? Tensor(shape: type.shape, element: element, floats: floats)
      : Tensor(shape: type.shape, element: element, integers: floats.map { Int64($0) })
    return [builder.constant(tensor, name: node.outputNames.first ?? "")]
  }
}

/// The indices of the elements that are not 0, one row per axis: only of a tensor known at import.
///
/// Source: ONNX `NonZero`, opset 13.
public enum NonZero: NodeImporter {
  public static let onnxNames = ["NonZero"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let tensor = try node.requiredConstant(0)
    let elements = tensor.asFloats
    var rows = [[Int64]](repeating: [], count: tensor.shape.count)
    forEachIndex(of: tensor.shape) { index, position in
      guard elements[position] != 0 else { return }
      for (axis, place) in index.enumerated() { rows[axis].append(Int64(place)) }
    }
    let shape = [rows.count, rows.first?.count ?? 0]
    let result = Tensor(shape: shape, integers: Array(rows.joined()))
    return [builder.constant(result, name: node.outputNames.first ?? "")]
  }
}

/// The slices of one axis whose condition holds; the condition is known at import.
///
/// Source: ONNX `Compress`, opset 11.
public enum Compress: NodeImporter {
  public static let onnxNames = ["Compress"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0)
    let kept = try node.requiredConstant(1).asInts.enumerated().filter { $1 != 0 }.map(\.offset)
    let table = Gather.Table(shape: [kept.count], indices: kept)
    if let axis = try node.int("axis") {
      let axis = try node.resolvedAxis(axis, rank: data.type.rank)
      return try builder.add(Gather(axis: axis, table: table), [data.value], outputNames: node.outputNames)
    }
    let flat = try builder.add(Reshape(shape: [-1]), [data.value])
    return try builder.add(Gather(axis: 0, table: table), flat, outputNames: node.outputNames)
  }
}

/// Cuts or pads axes on both sides, the odd element behind, until they have the given extents.
///
/// Source: ONNX `CenterCropPad`, opset 18.
public enum CenterCropPad: NodeImporter {
  public static let onnxNames = ["CenterCropPad"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0)
    let extents = try node.requiredConstant(1).asInts
    let shape = data.type.shape
    let axes = try node.ints("axes") ?? Array(shape.indices)
    guard extents.count == axes.count, checkedElementCount(extents) != nil else {
      throw node.invalid("axes", "must be as many as there are extents: \(axes), \(extents)")
    }
    var (before, after) = ([Int](repeating: 0, count: shape.count), [Int](repeating: 0, count: shape.count))
    for (axis, extent) in zip(axes, extents) {
      let axis = try node.resolvedAxis(axis, rank: shape.count, attribute: "axes")
      let difference = extent - shape[axis]
      before[axis] = difference / 2
      after[axis] = difference - before[axis]
    }
    return try builder.add(
      Pad(before: before, after: after), [data.value], outputNames: node.outputNames)
  }
}
