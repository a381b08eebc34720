/// The times of a pruned pack and of the whole one, taken in turns: what else the machine does slows both alike, where
/// two times that minutes lie between differ by what came and went.
struct PairedTime: Equatable {
  var full: PackTime
  var pruned: PackTime

  /// Of the whole network's time.
  var share: Double { pruned.median_ms / full.median_ms }

  /// Pairs are taken again, so many at most, where those before would refuse a network.
  static let most = 9

  /// The middle one by share of three pairs: a neighbour that wakes in one of them decides nothing.
  static func middle(measure: () throws -> PairedTime) rethrows -> PairedTime {
    try (0..<3).map { _ in try measure() }.sorted { $0.share < $1.share }[1]
  }

  /// This pair where it is good enough, else the middle one by share of so many more that it is, or of `most`.
  func settled(
    _ isEnough: (PairedTime) -> Bool, measure: () throws -> PairedTime
  ) rethrows -> PairedTime {
    var pairs = [self]
    while !isEnough(pairs[pairs.count / 2]), pairs.count < Self.most {
      for _ in 0..<2 { pairs.append(try measure()) }
      pairs.sort { $0.share < $1.share }
    }
    return pairs[pairs.count / 2]
  }
}
