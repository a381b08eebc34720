internal import EspalierGraph

extension Graph {
  /// Multiply-adds of a node by its definition: one for each weight and each place where it is applied.
  func multiplyAdds(of node: Node) -> Int {
    guard node.inputs.count >= 2 else { return 0 }
    let input = type(of: node.inputs[0]).shape
    let weights = type(of: node.inputs[1]).shape
    let output = node.outputs.first.map { type(of: $0).shape } ?? []
    switch node.op.name {
    case "Conv": return weights[0] == 0 ? 0 : output.elementCount / weights[0] * weights.elementCount
    case "ConvTranspose": return input[1] == 0 ? 0 : input.elementCount / input[1] * weights.elementCount
    case "Gemm", "MatMul": return output.elementCount * (input.last ?? 1)
    default: return 0
    }
  }

  /// Constants that nodes read: what a compressed model has fewer of.
  var parameterCount: Int {
    Set(nodes.flatMap(\.inputs)).reduce(0) { $0 + (constant(of: $1)?.count ?? 0) }
  }

  /// The most bytes of float32 that are alive at once between two nodes, without any layout.
  var peakActivationBytes: Int {
    var lastReader: [ValueID: Int] = [:]
    for (position, node) in nodes.enumerated() {
      for input in node.inputs where constant(of: input) == nil { lastReader[input] = position }
    }
    for output in outputs { lastReader[output] = nodes.count }
    var alive = Set(inputs)
    var peak = 0
    for (position, node) in nodes.enumerated() {
      alive.formUnion(node.outputs)
      peak = max(peak, alive.reduce(0) { $0 + type(of: $1).elementCount * 4 })
      alive = alive.filter { (lastReader[$0] ?? -1) > position }
    }
    return peak
  }
}
