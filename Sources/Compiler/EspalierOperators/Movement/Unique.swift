public import EspalierGraph

/// The different elements (or slices) of a tensor known at import, where each came first, which of them
/// every one is, and how often each occurs.
///
/// Source: ONNX `Unique`, opset 11.
public enum Unique: NodeImporter {
  public static let onnxNames = ["Unique"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredConstant(0)
    var tensor = input.reshaped(to: [input.count])
    var axis = 0
    if let given = try node.int("axis") {
      axis = try node.resolvedAxis(given, rank: input.shape.count)
      tensor = input
    }
    let found = groups(of: tensor, axis: axis, sorts: try node.int("sorted") != 0)
    let firsts = found.members.map { $0[0] }
    let outputs = [
      tensor.gathered(axis: axis, table: firsts), vector(firsts), vector(found.group),
      vector(found.members.map(\.count)),
    ]
    return zip(outputs, node.outputNames).map { builder.constant($0, name: $1) }
  }

  private static func vector(_ elements: [Int]) -> Tensor {
    Tensor(shape: [elements.count], integers: elements.map(Int64.init))
  }

  /// The places of equal slices, and for every place the number of its group.
  private static func groups(
    of tensor: Tensor, axis: Int, sorts: Bool
  ) -> (members: [[Int]], group: [Int]) {
    let slices = (0..<tensor.shape[axis]).map { tensor.gathered(axis: axis, table: [$0]).asFloats }
    var members: [[Int]] = []
    var known: [[Float]: Int] = [:]
    for (place, slice) in slices.enumerated() {
      if let group = known[slice] {
        members[group].append(place)
      } else {
        known[slice] = members.count
        members.append([place])
      }
    }
    if sorts {
      members.sort { slices[$0[0]].lexicographicallyPrecedes(slices[$1[0]]) }
    }
    var group = [Int](repeating: 0, count: slices.count)
    for (number, places) in members.enumerated() { for place in places { group[place] = number } }
    return (members, group)
  }
}
