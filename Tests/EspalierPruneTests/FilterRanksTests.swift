import EspalierGraph
import EspalierObserve
import EspalierOperators
import EspalierPasses
import Testing

@testable import EspalierPrune

@Suite("Ranks of channels") struct FilterRanksTests {
  private func ranks(
    _ graph: Graph, _ criterion: RankCriterion, seed: UInt64 = 0
  ) throws -> [(units: [Int], scores: [Double])] {
    let ranks = try FilterRanks.compute(
      graph, ChannelMap(graph), criterion: criterion, frames: frames(graph, count: 40),
      engine: interpreting, seed: seed)
    #expect(ranks.criterion == criterion.rawValue)
    return ranks.groups.map { ($0.units, $0.scores) }
  }

  /// Six channels: 4 is not read, 1 and 5 are the same.
  private func chain() throws -> (graph: Graph, units: [Int]) {
    var net = Network()
    let x = net.input([1, 3, 6, 6])
    let inner = 3 * 9
    var w = Tensor.random(TensorType(.float32, [6, 3, 3, 3]), seed: 1).floats
    w.replaceSubrange(5 * inner..<6 * inner, with: w[inner..<2 * inner])
    var v = Tensor.random(TensorType(.float32, [4, 6, 1, 1]), seed: 2).floats
    for output in 0..<4 { v[output * 6 + 4] = 0 }
    let conv = Conv(pads: [1, 1, 1, 1], activation: .relu)
    let a = try net.append(conv, "a", x, net.constant("w", Tensor(shape: [6, 3, 3, 3], floats: w)))
    net.output(try net.append(Conv(), "y", a, net.constant("v", Tensor(shape: [4, 6, 1, 1], floats: v))))
    return (net.graph, units("a", net.graph, ChannelMap(net.graph)))
  }

  @Test func `by optimal brain surgeon begin with what nobody reads, then one of two equals`() throws {
    let (graph, units) = try chain()
    let found = try #require(try ranks(graph, .obs).first)
    #expect(found.units[0] == units[4])
    #expect([units[1], units[5]].contains(found.units[1]))
    #expect(found.scores[0] == 0)
    #expect(found.scores[1] < 0.1 * found.scores[2], "\(found.scores)")
    #expect(![units[1], units[5]].contains(found.units[2]))
    #expect(zip(found.scores, found.scores.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func `by optimal brain surgeon count the contribution to layers that are too large`() throws {
    let (graph, _) = try chain()
    let map = ChannelMap(graph)
    let walk = try FrameWalk(frames(graph, count: 40), interpreting)
    let surgeon = BrainSurgeon(graph: graph, map: map, walk: walk, inputLimit: 5)
    let found = FilterRanks(scores: try surgeon.scores { _, _ in }, criterion: "obs", map: map)
    #expect(found.groups[0].units == (try ranks(graph, .contribution))[0].units)
  }

  @Test func `by contribution begin with what nobody reads`() throws {
    let (graph, units) = try chain()
    let found = try #require(try ranks(graph, .contribution).first)
    #expect(found.units[0] == units[4])
    #expect(found.scores[0] == 0)
    #expect(abs(found.scores.reduce(0, +) - 1) < 1e-9, "shares of one layer")
  }

  /// Weights of 3 inputs each: [1 1 1], [0 0 2], [-4 0 0], [0 2.5 0].
  private func weighted() throws -> (graph: Graph, units: [Int]) {
    var net = Network()
    let rows: [Float] = [1, 1, 1, 0, 0, 2, -4, 0, 0, 0, 2.5, 0]
    let x = net.input([1, 3, 2, 2])
    let a = try net.append(
      Conv(activation: .relu), "a", x, net.constant("w", Tensor(shape: [4, 3, 1, 1], floats: rows)))
    let v = Tensor.random(TensorType(.float32, [2, 4, 1, 1]), seed: 2)
    net.output(try net.append(Conv(), "y", a, net.constant("v", v)))
    return (net.graph, units("a", net.graph, ChannelMap(net.graph)))
  }

  @Test func `by the sum of weights and by the root of their squares`() throws {
    let (graph, units) = try weighted()
    let l1 = try #require(try ranks(graph, .l1).first)
    #expect(l1.units == [1, 3, 0, 2].map { units[$0] })
    let mean = (3 + 2 + 4 + 2.5) / 4
    #expect(zip(l1.scores, [2, 2.5, 3, 4]).allSatisfy { abs($0 - $1 / mean) < 1e-12 })
    let l2 = try #require(try ranks(graph, .l2).first)
    #expect(l2.units == [0, 1, 3, 2].map { units[$0] })
  }

  @Test func `by activity begin with what is always 0`() throws {
    var net = Network()
    let a = try net.conv("a", net.input([1, 3, 4, 4]), [4, 3, 1, 1], seed: 1)
    let shift = net.constant("shift", Tensor(shape: [4, 1, 1], floats: [0, 0, -100, 0]))
    let moved = try net.append(Binary(.add, activation: .relu), "m", a, shift)
    net.output(try net.conv("y", moved, [2, 4, 1, 1], seed: 3))
    let units = units("a", net.graph, ChannelMap(net.graph))
    for criterion in [RankCriterion.zeros, .meanActivation] {
      let found = try #require(try ranks(net.graph, criterion).first)
      #expect(found.units[0] == units[2])
      #expect(found.scores[0] == 0)
      #expect(found.scores[1] > 0)
    }
  }

  @Test func `at random are a shuffle that the seed determines`() throws {
    let (graph, units) = try chain()
    let (first, again, other) = (
      try ranks(graph, .random, seed: 1), try ranks(graph, .random, seed: 1),
      try ranks(graph, .random, seed: 2)
    )
    #expect(first[0].units == again[0].units)
    #expect(first[0].units != other[0].units)
    #expect(first[0].units.sorted() == units.sorted())
  }

  /// A stream that three layers make and that a grouped and a pointwise convolution read.
  @Test(arguments: RankCriterion.allCases)
  func `hold every unit of every group once, least first`(criterion: RankCriterion) throws {
    var net = Network()
    let s = try net.conv("s", net.input([1, 3, 6, 6]), [8, 3, 3, 3], seed: 1)
    let t = try net.conv("t", s, [6, 8, 1, 1], seed: 2)
    let d = try net.conv("d", t, [6, 1, 3, 3], groups: 6, seed: 3)
    let u = try net.conv("u", d, [8, 6, 1, 1], residual: s, seed: 4)
    let g = try net.conv("g", u, [8, 4, 3, 3], groups: 2, residual: u, seed: 5)
    net.output(try net.conv("y", g, [3, 8, 1, 1], seed: 6))
    let map = ChannelMap(net.graph)
    let found = try ranks(net.graph, criterion)
    #expect(found.count == map.groups.count)
    for (group, ranks) in zip(map.groups, found) {
      #expect(ranks.units.sorted() == group.units)
      #expect(zip(ranks.scores, ranks.scores.dropFirst()).allSatisfy { $0 <= $1 })
      #expect(ranks.scores.allSatisfy { $0.isFinite && $0 >= 0 })
    }
  }

  @Test func `by normalization need a scale behind every layer`() throws {
    func network(normalizes: Bool) throws -> Graph {
      var net = Network()
      let x = net.input([1, 3, 4, 4])
      let w = net.constant("w", .random(TensorType(.float32, [3, 3, 1, 1]), seed: 1))
      var a = try net.append(Conv(), "a", x, w)
      if normalizes {
        let scales = net.constant("g", Tensor(shape: [3], floats: [0.5, -2, 0.25]))
        let zeros = net.constant("z", Tensor(shape: [3], floats: [0, 0, 0]))
        let ones = net.constant("o", Tensor(shape: [3], floats: [1, 1, 1]))
        a = try net.append(BatchNormalization(), "n", a, scales, zeros, zeros, ones)
      }
      net.output(try net.conv("y", a, [2, 3, 1, 1], seed: 2))
      return net.graph
    }
    let imported = try network(normalizes: true)
    var graph = imported
    try Pipeline.simplify(&graph)
    #expect(!graph.nodes.contains { $0.op is BatchNormalization })
    let map = ChannelMap(graph)
    let ranks = try FilterRanks.batchNormalizationScale(imported: imported, graph, map)
    #expect(ranks.groups[0].units == [2, 0, 1].map { units("a", graph, map)[$0] })
    let bare = try network(normalizes: false)
    #expect(throws: RanksError.noBatchNormalization(layers: ["a"])) {
      try FilterRanks.batchNormalizationScale(imported: bare, bare, ChannelMap(bare))
    }
  }
}
