internal import EspalierGraph
internal import EspalierOperators

/// Rounds the weights of layers: those of 8 bits by the second moments of what the layers read.
struct WeightRounding {
  let quantizer: ProductQuantizer
  let collector: MomentCollector

  /// A plan's convolutions and products.
  func layers(of plan: QuantizationPlan) -> [Node] {
    quantizer.graph.nodes.filter { plan.nodes.contains($0.id) && ($0.op is Conv || $0.op is Gemm) }
  }

  /// Weights of layers that compute in 8 bits.
  func bytes(
    _ layers: [Node], progress: (_ done: Int, _ total: Int) -> Void
  ) throws -> [NodeID: QuantizedProduct] {
    var products: [NodeID: QuantizedProduct] = [:]
    try collector.collect(layers, progress: progress) { node, rounding in
      products[node.id] = quantizer.product(of: node, rounding: rounding)
    }
    return products
  }

  /// Weights of layers that compute in float32, in steps of which a pack stores the numbers.
  func words(_ layers: [Node]) -> [NodeID: QuantizedProduct] {
    layers.reduce(into: [:]) { $0[$1.id] = quantizer.wordProduct(of: $1) }
  }
}
