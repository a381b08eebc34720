public import EspalierOperators
public import EspalierSearch

/// What a network costs, as a function of how many units every group of channels keeps.
public final class WidthCost {
  /// What is counted.
  public enum Measure {
    /// Multiply-adds of convolutions and matrix products.
    case multiplyAdds
    /// Elements of their weights.
    case weights
    /// Microseconds of their kernels, computed in one precision.
    case microseconds(LayerCosts, LayerShape.Precision)
  }

  public let model: WidthModel
  public let measure: Measure
  private var known: [LayerShape: Double] = [:]

  public init(_ model: WidthModel, _ measure: Measure) { (self.model, self.measure) = (model, measure) }

  /// The cost of all layers.
  public func total(_ widths: [Int]) -> Double {
    model.layers.indices.reduce(0) { $0 + cost($1, widths) }
  }

  /// The cost of the layers whose shape a group decides.
  func around(_ group: Int, _ widths: [Int]) -> Double {
    model.layersOfGroup[group].reduce(0) { $0 + cost($1, widths) }
  }

  private func cost(_ layer: Int, _ widths: [Int]) -> Double {
    let shape = model.shape(layer, widths)
    switch measure {
    case .multiplyAdds: return Double(shape.multiplyAdds)
    case .weights: return Double(shape.multiplyAdds / max(1, shape.pixels))
    case .microseconds(let costs, let precision):
      if let time = known[shape] { return time }
      let time = costs.microseconds(shape.computed(in: precision))
      known[shape] = time
      return time
    }
  }
}

// MARK: - Steps

extension WidthCost {
  /// A group keeps at least this share of its units: what is left of a layer must still tell things apart.
  private static let leastShare = 0.125
  /// Groups have at most about so many widths.
  private static let stepLimit = 48
  /// A step of the staircase is so many times as high as the mean slope.
  private static let jump = 2.0

  /// The widths that are worth choosing for a group, all units first: times are a staircase over the width, and
  /// only the widths at its edges are taken.
  func ladder(_ group: Int) -> [Int] {
    let full = model.fullWidths
    let count = full[group]
    let least = max(1, Int((Double(count) * Self.leastShare).rounded()))
    guard least < count else { return [count] }
    let stride = max(1, count / Self.stepLimit)
    let even = Swift.stride(from: count, through: least, by: -stride).map { $0 }
    guard case .microseconds = measure else { return even }
    var widths = full
    let costs = (least...count).map { width in
      widths[group] = width
      return around(group, widths)
    }
    let slope = (costs[costs.count - 1] - costs[0]) / Double(count - least)
    let edges = (least..<count).filter { costs[$0 + 1 - least] - costs[$0 - least] >= Self.jump * slope }
    return slope > 0 && !edges.isEmpty ? [count] + edges.reversed() : even
  }
}
