internal import EspalierGraph
internal import EspalierObserve
internal import EspalierPasses

/// What it costs a network that one group of channels gets narrower, once the layers that read it were fitted anew.
///
/// Source: sensitivity analysis as Li et al. 2017 do it, but measured after least squares: what a layer cannot make up
/// for counts, not what the bare cut does.
struct SensitivityCurves {
  let search: PruningSearch
  let graph: Graph
  let map: ChannelMap
  let ranks: FilterRanks
  let kept: KeptChannels

  /// Shares of a group's units that are tried.
  private static let shares = [0.75, 0.5, 0.25]
  /// Frames that the readers are fitted by.
  private static let frameLimit = 64
  private static let rowLimit = 2_048

  /// - Parameter ladders: By group its widths; those with one width are left out.
  func damages(_ ladders: [[Int]], _ reference: Disagreement.Reference) throws -> [GroupDamage] {
    let points = ladders.map { ladder in
      ladder.count < 2 ? [] : Self.shares.map { widthNear($0, ladder) }.filter { $0 < ladder[0] }
    }
    let total = points.reduce(0) { $0 + Set($1).count }
    var done = 0
    let frames = search.fitting.map { $0.thinned(to: max(1, Self.frameLimit / search.fitting.count)) }
    return try points.enumerated().map { index, widths in
      GroupDamage(
        try Set(widths).sorted(by: >).map { width in
          let group = ranks.groups[index]
          let cut = Set(group.units.prefix(group.units.count - width))
          let loss = try reference.disagreement(of: try fitted(cut, frames)).divergence
          done += 1
          search.progress(.measuring, done, total)
          return (width, loss)
        })
    }
  }

  private func widthNear(_ share: Double, _ ladder: [Int]) -> Int {
    let wanted = share * Double(ladder[0])
    return ladder.min { abs(Double($0) - wanted) < abs(Double($1) - wanted) } ?? ladder[0]
  }

  private func fitted(_ units: Set<Int>, _ frames: [FrameGroup]) throws -> Graph {
    let cut = try ChannelCut.apply(units, map, to: graph)
    guard case .leastSquares = search.recovery, !frames.isEmpty else { return cut }
    let left = KeptChannels(graph, map, cutting: units)
    // Against the network at hand: what earlier steps lost is not this group's.
    return try LeastSquares(rowCount: Self.rowLimit, roundLimit: 1).recovered(
      teacher: graph, student: cut, kept: left, frames: frames, engine: search.engine)
  }
}
