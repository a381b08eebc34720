/// How much it hurts a network that one group of channels keeps so many units, all others being whole.
public struct GroupDamage: Sendable, Equatable {
  /// Widest first; the damage of all units is 0 and need not stand here.
  public private(set) var points: [(width: Int, loss: Double)]

  /// Losses that fall while the group gets narrower are noise: each counts as the largest of all wider ones.
  public init(_ points: [(width: Int, loss: Double)]) {
    var largest = 0.0
    self.points = points.sorted { $0.width > $1.width }.map { point in
      largest = max(largest, point.loss)
      return (point.width, largest)
    }
  }

  /// Of units that fall one after another, each with a score that adds to the damage.
  ///
  /// - Parameter scores: In the order in which units fall.
  public init(scores: [Double]) {
    var sum = 0.0
    self.init(
      scores.enumerated().map { index, score in
        sum += max(0, score)
        return (scores.count - 1 - index, sum)
      })
  }

  /// Between two points the damage is read off the straight line.
  ///
  /// - Parameter full: The width that does no damage.
  func loss(at width: Int, full: Int) -> Double {
    var (upper, above) = (full, 0.0)
    for point in points where point.width < full {
      guard point.width < width else {
        (upper, above) = (point.width, point.loss)
        continue
      }
      let share = Double(upper - width) / Double(upper - point.width)
      return above + share * (point.loss - above)
    }
    // Below the last point it goes on as steeply as it came.
    guard upper > width, upper < full else { return above }
    return above * Double(full - width) / Double(full - upper)
  }

  public static func == (a: GroupDamage, b: GroupDamage) -> Bool {
    a.points.elementsEqual(b.points) { $0 == $1 }
  }
}

/// Chooses how many units every group keeps, so that a network costs at most so much.
public struct WidthAllocator {
  public let cost: WidthCost
  /// By group the widths that it may have, all units first.
  let ladders: [[Int]]

  /// - Parameter kept: Groups that stay as they are.
  public init(_ cost: WidthCost, keeping kept: Set<Int> = []) {
    self.cost = cost
    ladders = cost.model.groups.indices.map { group in
      kept.contains(group) ? [cost.model.fullWidths[group]] : cost.ladder(group)
    }
  }

  /// The narrowest network that may come out.
  public var leastWidths: [Int] { ladders.map { $0[$0.count - 1] } }

  /// The same share of all groups.
  ///
  /// - Returns: Nil where the narrowest network costs more than `limit`.
  public func uniform(costAtMost limit: Double) -> [Int]? {
    scaled(cost.model.groups.map { _ in 1 }, costAtMost: limit)
  }

  /// The widths between those of two allocations: their geometric means, brought to the same cost.
  public func mean(_ a: [Int], _ b: [Int], costAtMost limit: Double) -> [Int]? {
    let shares = zip(zip(a, b), cost.model.fullWidths).map { pair, full in
      (Double(pair.0) * Double(pair.1)).squareRoot() / Double(full)
    }
    return scaled(shares, costAtMost: limit)
  }

  /// Widths in the proportion of `shares` of all units.
  func scaled(_ shares: [Double], costAtMost limit: Double) -> [Int]? {
    func widths(_ scale: Double) -> [Int] {
      zip(ladders, shares).map { ladder, share in
        let wanted = Double(ladder[0]) * share * scale
        return ladder.min { abs(Double($0) - wanted) < abs(Double($1) - wanted) } ?? ladder[0]
      }
    }
    guard cost.total(leastWidths) <= limit else { return nil }
    var (low, high) = (0.0, 1 / max(1e-6, shares.min() ?? 1))
    guard cost.total(widths(high)) > limit else { return widths(high) }
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if cost.total(widths(middle)) <= limit { low = middle } else { high = middle }
    }
    return widths(low)
  }

  /// Step by step the group gets narrower that is hurt least for what the step saves.
  ///
  /// Source: the greedy form of the multiple-choice knapsack (Sinha and Zoltners 1979) on measured costs, as in
  /// NetAdapt (Yang et al. 2018).
  ///
  /// - Parameter damages: One for each group.
  public func greedy(_ damages: [GroupDamage], costAtMost limit: Double) -> [Int]? {
    guard cost.total(leastWidths) <= limit else { return nil }
    var steps = ladders.map { _ in 0 }
    var widths = ladders.map { $0[0] }
    var total = cost.total(widths)
    while total > limit, let move = bestMove(damages, steps, widths) {
      (steps[move.group], widths[move.group]) = (move.step, ladders[move.group][move.step])
      total -= move.saving
    }
    return refilled(widths, damages, costAtMost: limit)
  }

  /// The step down with the least damage for its saving; it may skip rungs of the ladder.
  private func bestMove(
    _ damages: [GroupDamage], _ steps: [Int], _ widths: [Int]
  ) -> (group: Int, step: Int, saving: Double)? {
    var best: (group: Int, step: Int, saving: Double)?
    var least = Double.infinity
    for group in ladders.indices {
      let (ladder, current) = (ladders[group], widths[group])
      let before = cost.around(group, widths)
      let start = damages[group].loss(at: current, full: ladder[0])
      for step in (steps[group] + 1)..<max(steps[group] + 1, min(ladder.count, steps[group] + 4)) {
        var narrower = widths
        narrower[group] = ladder[step]
        let saving = before - cost.around(group, narrower)
        guard saving > 0 else { continue }
        let price = (damages[group].loss(at: ladder[step], full: ladder[0]) - start) / saving
        if price < least { (least, best) = (price, (group, step, saving)) }
      }
    }
    return best
  }

  /// Spends what the last step saved too much: groups get rungs back while the limit is kept.
  private func refilled(_ widths: [Int], _ damages: [GroupDamage], costAtMost limit: Double) -> [Int] {
    var widths = widths
    guard cost.total(widths) <= limit else { return leastWidths }
    while true {
      var best: [Int]?
      var largest = 0.0
      for (group, ladder) in ladders.enumerated() {
        guard let step = ladder.firstIndex(of: widths[group]), step > 0 else { continue }
        var wider = widths
        wider[group] = ladder[step - 1]
        let gain =
          damages[group].loss(at: widths[group], full: ladder[0])
          - damages[group].loss(at: wider[group], full: ladder[0])
        if gain > largest, cost.total(wider) <= limit { (largest, best) = (gain, wider) }
      }
      guard let best else { return widths }
      widths = best
    }
  }
}
