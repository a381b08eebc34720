import EspalierGraph
import EspalierOperators
import EspalierPasses
import PlanFixtures
import Testing

@Suite("Cutting channels") struct ChannelCutTests {
  private func weights(_ graph: Graph) -> Int {
    graph.nodes.flatMap(\.inputs).reduce(0) { $0 + (graph.constant(of: $1)?.count ?? 0) }
  }

  @Test(arguments: PruneStructures.all.map(\.name), [0.2, 0.4, 0.5, 0.7, 0.9])
  func `gives what masking them gives`(name: String, share: Double) throws {
    let text = try #require(PruneStructures.all.first { $0.name == name }).text
    let graph = try graph(text)
    let map = ChannelMap(graph)
    #expect(!map.groups.isEmpty)
    for seed in 1...3 as ClosedRange<UInt64> {
      let units = map.randomCut(of: graph, share: share, seed: seed)
      let masked = try ChannelMask.apply(units, map, to: graph)
      let smaller = try ChannelCut.apply(units, map, to: graph)
      try Verifier.verify(smaller)
      #expect(weights(smaller) < weights(graph))
      #expect(smaller.outputs.map(smaller.type) == graph.outputs.map(graph.type))
      let frame = Tensor.random(graph.type(of: graph.inputs[0]), seed: seed + 50)
      let expected = try Interpreter.run(masked, inputs: [frame])
      let found = try Interpreter.run(smaller, inputs: [frame])
      for (expected, found) in zip(expected, found) {
        let bound = 1e-5 * (expected.floats.map(\.magnitude).max() ?? 0)
        #expect(zip(expected.floats, found.floats).allSatisfy { abs($0 - $1) <= bound })
      }
      #expect(try found != Interpreter.run(graph, inputs: [frame]), "nothing was cut")
    }
  }

  @Test func `groups what the same layers make`() throws {
    let graph = try graph(PruneStructures.all[1].text)
    let map = ChannelMap(graph)
    let names = map.groups.map { group in
      group.layers.map { layer in graph.nodes.first { $0.id == layer }?.name ?? "" }
    }
    // The stream that all residual sums add to, and what lies inside the first block.
    #expect(names == [["s", "u", "z"], ["t"]])
    #expect(map.groups.map(\.units.count) == [8, 6])
  }

  @Test func `lists what every layer keeps`() throws {
    let graph = try graph(PruneStructures.all[1].text)
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

  @Test func `keeps constants that are handed out`() throws {
    var graph = try graph(PruneStructures.all[0].text)
    graph.appendOutput(graph.appendConstant(name: "k", Tensor(scalar: 2)), name: "k")
    let map = ChannelMap(graph)
    let frame = Tensor.random(graph.type(of: graph.inputs[0]), seed: 1)
    for network in [
      try ChannelCut.apply([map.groups[0].units[0]], map, to: graph),
      try ChannelMask.apply([map.groups[0].units[0]], map, to: graph),
    ] {
      #expect(network.outputNames == ["y", "k"])
      #expect(try Interpreter.run(network, inputs: [frame])[1] == Tensor(scalar: 2))
    }
  }

  @Test func `refuses to leave nothing, and units that there are not`() throws {
    let graph = try graph(PruneStructures.all[0].text)
    let map = ChannelMap(graph)
    #expect(throws: PruningError.vanishes(tensor: "t")) {
      try ChannelCut.apply(Set(map.groups[0].units), map, to: graph)
    }
    #expect(throws: PruningError.unknownUnit(99_999)) { try ChannelCut.apply([99_999], map, to: graph) }
  }
}
