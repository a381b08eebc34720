public import EspalierGraph
internal import EspalierObserve

/// What weights would take if an entropy coder stored them: bits for each weight, a float being 32 of them.
public enum WeightBits {
  private static let float = 32.0

  /// Which weights are 0 by the entropy of that, and all others in full.
  ///
  /// - Parameter layers: Nil: all that have weights.
  public static func sparse(_ graph: Graph, layers: Set<NodeID>? = nil) -> Double {
    mean(graph, layers) { weights in
      let zeros = weights.count { $0 == 0 }
      return entropy([zeros, weights.count - zeros]) + float * Double(weights.count - zeros)
    }
  }

  /// Places in a codebook for each layer by their entropy, and the codebook in full.
  public static func clustered(_ graph: Graph, layers: Set<NodeID>? = nil) -> Double {
    mean(graph, layers) { weights in
      var counts: [Float: Int] = [:]
      for weight in weights { counts[weight, default: 0] += 1 }
      // Sums in the order of the values are the same on every run.
      let ordered = counts.sorted { $0.key < $1.key }.map(\.value)
      return entropy(ordered) + float * Double(counts.count)
    }
  }

  private static func mean(
    _ graph: Graph, _ layers: Set<NodeID>?, _ bits: (_ weights: [Float]) -> Double
  ) -> Double {
    let all = MagnitudePruning.layers(of: graph).filter { layers?.contains($0.id) ?? true }
    let weights = all.compactMap { graph.constant(of: $0.inputs[1])?.floats }
    let count = weights.reduce(0) { $0 + $1.count }
    return weights.reduce(0) { $0 + bits($1) } / Double(max(1, count))
  }

  /// `Σ n log₂(N / n)`: of all symbols together, in bits.
  private static func entropy(_ counts: [Int]) -> Double {
    let total = Double(counts.reduce(0, +))
    return counts.filter { $0 > 0 }.reduce(0) { $0 + Double($1) * (total / Double($1)).logarithm }
      / 2.0.logarithm
  }
}
