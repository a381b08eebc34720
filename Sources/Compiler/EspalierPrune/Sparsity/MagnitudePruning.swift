public import EspalierGraph
internal import EspalierOperators

/// Networks in which the smallest weights are 0: an analysis, and a way to smaller files. No kernel is faster for it.
public enum MagnitudePruning {
  /// The layers that have weights: convolutions and products, in execution order.
  public static func layers(of graph: Graph) -> [Node] {
    graph.nodes.filter { node in
      guard node.op is Conv || node.op is ConvTranspose || node.op is Gemm, node.inputs.count > 1 else {
        return false
      }
      return graph.constant(of: node.inputs[1]) != nil
    }
  }

  /// - Parameter shares: By layer how much of its weights becomes 0, 0…1.
  public static func apply(_ shares: [NodeID: Double], to graph: Graph) -> Graph {
    var result = graph
    for node in layers(of: graph) {
      guard let share = shares[node.id], share > 0, let weights = graph.constant(of: node.inputs[1]) else {
        continue
      }
      result.setConstant(sparse(weights, share), input: 1, of: node.id)
    }
    return result
  }

  /// The same share over all layers: each loses what is smallest against its own mean square, so that layers of
  /// small numbers are not emptied.
  ///
  /// - Returns: By layer the share of its weights that falls.
  public static func globalShares(_ share: Double, of graph: Graph) -> [NodeID: Double] {
    let layers = layers(of: graph).compactMap { node in
      graph.constant(of: node.inputs[1]).map { (node.id, magnitudes($0)) }
    }
    let all = layers.flatMap(\.1).sorted()
    guard !all.isEmpty else { return [:] }
    let bound = all[min(all.count - 1, Int(share * Double(all.count)))]
    return Dictionary(
      uniqueKeysWithValues: layers.map { id, own in
        (id, Double(own.count { $0 < bound }) / Double(max(1, own.count)))
      })
  }

  /// Against the root of the mean square of the layer.
  private static func magnitudes(_ weights: Tensor) -> [Float] {
    let floats = weights.floats
    let power = floats.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(max(1, floats.count))
    let scale = power > 0 ? Float(1 / power.squareRoot()) : 0
    return floats.map { abs($0) * scale }
  }

  private static func sparse(_ weights: Tensor, _ share: Double) -> Tensor {
    var floats = weights.floats
    let count = min(floats.count, Int((share * Double(floats.count)).rounded()))
    // Of equal weights the first ones fall: results do not depend on how a sort treats them.
    let order = floats.indices.sorted { (abs(floats[$0]), $0) < (abs(floats[$1]), $1) }
    for index in order.prefix(count) { floats[index] = 0 }
    return Tensor(shape: weights.shape, floats: floats)
  }
}
