import EspalierGraph
import EspalierOperators
import EspalierPasses
import PlanFixtures
import Testing

/// Networks in the ways in which channels meet.
private let structures: [(name: String, text: String)] = [
  (
    "a chain",
    """
    input %x : float32[1, 3, 6, 6]
    %w = constant float32[8, 3, 3, 3] random 1
    %b = constant float32[8] random 2
    %t = \(Text.conv("x", "w", "b", pad: 1, activation: "relu", hasBias: true))
    %v = constant float32[5, 8, 1, 1] random 3
    %y = \(Text.conv("t", "v"))
    output %y
    """
  ),
  (
    "residual blocks",
    """
    input %x : float32[1, 3, 6, 6]
    %w = constant float32[8, 3, 3, 3] random 1
    %s = \(Text.conv("x", "w", pad: 1, activation: "relu"))
    %a = constant float32[6, 8, 3, 3] random 2
    %t = \(Text.conv("s", "a", pad: 1, activation: "relu"))
    %b = constant float32[8, 6, 3, 3] random 3
    %u = \(Text.conv("t", "b", pad: 1))
    %sum = \(Text.binary("add", "u", "s"))
    %c = constant float32[8, 8, 1, 1] random 4
    %z = \(Text.conv("sum", "c", "sum", activation: "relu", hasResidual: true))
    %d = constant float32[4, 8, 1, 1] random 5
    %y = \(Text.conv("z", "d"))
    output %y
    """
  ),
  (
    "an inverted residual with squeeze and excitation",
    """
    input %x : float32[1, 3, 6, 6]
    %w = constant float32[6, 3, 1, 1] random 1
    %s = \(Text.conv("x", "w"))
    %e = constant float32[12, 6, 1, 1] random 2
    %t = \(Text.conv("s", "e", activation: "relu"))
    %k = constant float32[12, 1, 3, 3] random 3
    %d = \(Text.conv("t", "k", pad: 1, groups: 12, activation: "relu"))
    %m = \(Text.reduce("mean", "d", [2, 3]))
    %f = constant float32[4, 12, 1, 1] random 4
    %q = \(Text.conv("m", "f", activation: "relu"))
    %g = constant float32[12, 4, 1, 1] random 5
    %h = \(Text.conv("q", "g", activation: "sigmoid"))
    %n = \(Text.binary("multiply", "d", "h"))
    %p = constant float32[6, 12, 1, 1] random 6
    %r = \(Text.conv("n", "p"))
    %sum = \(Text.binary("add", "r", "s"))
    %o = constant float32[3, 6, 1, 1] random 7
    %y = \(Text.conv("sum", "o"))
    output %y
    """
  ),
  (
    "concatenation, the same twice too, and slopes",
    """
    input %x : float32[1, 3, 6, 6]
    %w = constant float32[5, 3, 1, 1] random 1
    %a = \(Text.conv("x", "w"))
    %v = constant float32[7, 3, 1, 1] random 2
    %b = \(Text.conv("x", "v"))
    %t = \(Text.concat("a", "b", "a", axis: 1))
    %gamma = constant float32[17] random 3
    %beta = constant float32[17] random 4
    %mean = constant float32[17] random 5
    %var = constant float32[17] [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]
    %n = BatchNormalization(%t, %gamma, %beta, %mean, %var) {epsilon = 0.00001}
    %slope = constant float32[17, 1, 1] random 6
    %p = \(Text.binary("prelu", "n", "slope"))
    %c = constant float32[4, 17, 3, 3] random 7
    %y = \(Text.conv("p", "c", pad: 1))
    output %y
    """
  ),
  (
    "a split and a slice of channels",
    """
    input %x : float32[1, 3, 6, 6]
    %w = constant float32[12, 3, 1, 1] random 1
    %s = \(Text.conv("x", "w", activation: "relu"))
    %a, %b = Split(%s) {axis = 1, sizes = [5, 7]}
    %k = constant float32[7, 7, 3, 3] random 2
    %t = \(Text.conv("b", "k", pad: 1))
    %c = \(Text.slice("s", [(1, 3, 12, 2), (2, 0, 6, 1)]))
    %u = \(Text.concat("a", "t", "c", axis: 1))
    %v = constant float32[4, 17, 1, 1] random 3
    %y = \(Text.conv("u", "v"))
    output %y
    """
  ),
  (
    "groups, and channels shuffled among them",
    """
    input %x : float32[1, 3, 6, 6]
    %w = constant float32[12, 3, 1, 1] random 1
    %s = \(Text.conv("x", "w", activation: "relu"))
    %g = constant float32[12, 4, 3, 3] random 2
    %t = \(Text.conv("s", "g", pad: 1, groups: 3, activation: "relu"))
    %u = ChannelShuffle(%t) {groups = 3}
    %h = constant float32[24, 1, 3, 3] random 3
    %m = \(Text.conv("u", "h", pad: 1, groups: 12))
    %v = constant float32[4, 24, 1, 1] random 4
    %y = \(Text.conv("m", "v"))
    output %y
    """
  ),
  (
    "pixels of channels, a transposed convolution and a matrix product",
    """
    input %x : float32[1, 3, 4, 4]
    %w = constant float32[16, 3, 1, 1] random 1
    %s = \(Text.conv("x", "w", activation: "relu"))
    %d = DepthToSpace(%s) {blockSize = 2, mode = "DCR"}
    %k = constant float32[4, 6, 2, 2] random 2
    %t = \(Text.transposedConv("d", "k"))
    %z = SpaceToDepth(%t) {blockSize = 2}
    %v = constant float32[5, 24, 1, 1] random 3
    %a = \(Text.conv("z", "v"))
    %f = Flatten(%a) {axis = 1}
    %g = constant float32[320, 9] random 4
    %h = \(Text.gemm("f", "g"))
    %i = constant float32[3, 9] random 5
    %j = constant float32[3] random 6
    %y = \(Text.gemm("h", "i", "j", transposesB: true))
    output %y
    """
  ),
]

@Suite("Cutting channels") struct ChannelCutTests {
  /// A share of every group, at least one channel staying in each tensor.
  private func cut(_ graph: Graph, _ map: ChannelMap, share: Double, seed: UInt64) -> Set<Int> {
    var generator = SeededGenerator(seed: seed)
    var cut: Set<Int> = []
    for group in map.groups {
      let count = min(group.units.count - 1, Int((Double(group.units.count) * share).rounded(.up)))
      cut.formUnion(group.units.shuffled(using: &generator).prefix(count))
    }
    for value in graph.nodes.flatMap(\.outputs) where map.kept(value, cutting: cut)?.isEmpty ?? false {
      if let unit = map.units[value]?.first { cut.remove(unit) }
    }
    return cut
  }

  private func weights(_ graph: Graph) -> Int {
    graph.nodes.flatMap(\.inputs).reduce(0) { $0 + (graph.constant(of: $1)?.count ?? 0) }
  }

  @Test(arguments: structures.map(\.name), [0.2, 0.4, 0.5, 0.7, 0.9])
  func `gives what masking them gives`(name: String, share: Double) throws {
    let text = try #require(structures.first { $0.name == name }).text
    let graph = try graph(text)
    let map = ChannelMap(graph)
    #expect(!map.groups.isEmpty)
    for seed in 1...3 as ClosedRange<UInt64> {
      let units = cut(graph, map, share: share, seed: seed)
      let masked = try ChannelMask.apply(units, map, to: graph)
      let smaller = try ChannelCut.apply(units, map, to: graph)
      try Verifier.verify(smaller)
      #expect(weights(smaller) < weights(graph))
      #expect(smaller.outputs.map(smaller.type) == graph.outputs.map(graph.type))
      let frame = Tensor.random(graph.type(of: graph.inputs[0]), seed: seed + 50)
      let expected = try Interpreter.run(masked, inputs: [frame])[0].floats
      let found = try Interpreter.run(smaller, inputs: [frame])[0].floats
      let bound = 1e-5 * (expected.map(\.magnitude).max() ?? 0)
      #expect(zip(expected, found).allSatisfy { abs($0 - $1) <= bound })
      #expect(try found != Interpreter.run(graph, inputs: [frame])[0].floats, "nothing was cut")
    }
  }

  @Test func `groups what the same layers make`() throws {
    let graph = try graph(structures[1].text)
    let map = ChannelMap(graph)
    let names = map.groups.map { group in
      group.layers.map { layer in graph.nodes.first { $0.id == layer }?.name ?? "" }
    }
    // The stream that all residual sums add to, and what lies inside the first block.
    #expect(names == [["s", "u", "z"], ["t"]])
    #expect(map.groups.map(\.units.count) == [8, 6])
  }

  @Test func `lists what every layer keeps`() throws {
    let graph = try graph(structures[1].text)
    let map = ChannelMap(graph)
    let cut = Set(map.groups[0].units.prefix(3) + map.groups[1].units.suffix(4))
    let stream = [3, 4, 5, 6, 7]
    #expect(
      map.keptChannels(of: graph, cutting: cut) == ["s": stream, "u": stream, "z": stream, "t": [0, 1]])
    #expect(map.keptChannels(of: graph, cutting: []) == [:])
  }

  @Test func `leaves inputs, outputs and what cannot be followed`() throws {
    let graph = try graph(
      """
      input %x : float32[1, 3, 6, 6]
      %w = constant float32[8, 3, 3, 3] random 1
      %s = \(Text.conv("x", "w", pad: 1))
      %n = Softmax(%s) {kind = "plain", axis = 1, flattens = false}
      %v = constant float32[5, 8, 1, 1] random 3
      %y = \(Text.conv("n", "v"))
      output %y
      """)
    let map = ChannelMap(graph)
    #expect(map.groups.isEmpty)
    let units = try #require(map.units[graph.nodes[0].outputs[0]])
    #expect(map.frozen[units[0]] == "n: Softmax normalizes over the channels")
    #expect(throws: PruningError.frozen(reason: "n: Softmax normalizes over the channels")) {
      try ChannelCut.apply([units[0]], map, to: graph)
    }
  }

  @Test func `refuses to leave nothing, and units that there are not`() throws {
    let graph = try graph(structures[0].text)
    let map = ChannelMap(graph)
    #expect(throws: PruningError.vanishes(tensor: "t")) {
      try ChannelCut.apply(Set(map.groups[0].units), map, to: graph)
    }
    #expect(throws: PruningError.unknownUnit(99_999)) { try ChannelCut.apply([99_999], map, to: graph) }
  }
}
