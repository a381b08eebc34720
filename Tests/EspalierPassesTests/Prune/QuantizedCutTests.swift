import EspalierGraph
import EspalierObserve
import EspalierOperators
import PlanFixtures
import Testing

@testable import EspalierPasses

/// A network in 8 bits with channels taken out: the same bits as with those channels masked, where both have the
/// same ranges of activations and each filter its own scale, which zeros do not change.
@Suite("Cutting channels in 8 bits") struct QuantizedCutTests {
  /// Ready to be quantized: every activation but clamps is a node of its own.
  private func prepared(_ graph: Graph) throws -> Graph {
    var graph = graph
    try TransposedConvToConv().run(on: &graph)
    try SplitActivations().run(on: &graph)
    return graph
  }

  /// The least and the largest element of every tensor, constants too, by name.
  private func ranges(_ graph: Graph, _ frame: Tensor) throws -> [String: (least: Float, largest: Float)] {
    var ranges: [String: (least: Float, largest: Float)] = [:]
    var tensors = try Interpreter.allValues(of: graph, inputs: [frame])
    for value in graph.valuesInUse { tensors[value] = tensors[value] ?? graph.constant(of: value) }
    for (value, tensor) in tensors {
      guard case .floats(let elements) = tensor.storage else { continue }
      ranges[graph[value].name] = (elements.min() ?? 0, elements.max() ?? 0)
    }
    return ranges
  }

  private func plan(
    _ graph: Graph, _ known: [String: (least: Float, largest: Float)], keeping nodes: Set<String>? = nil
  ) -> QuantizationPlan {
    var ranges: QuantizationPlanner.Ranges = [:]
    // What only one of the networks has is a part of another tensor, and shares its quantization.
    for value in graph.valuesInUse {
      ranges[value] = known[graph[value].name] ?? (0, 0)
    }
    var planner = QuantizationPlanner()
    if let nodes {
      for node in graph.nodes where !nodes.contains(node.name) { planner.keptFloat[node.id] = "kept" }
    }
    return planner.plan(graph, ranges)
  }

  private func quantized(_ graph: Graph, _ plan: QuantizationPlan) throws -> Graph {
    let quantizer = ProductQuantizer(graph: graph, statistics: [:])
    var products: [NodeID: QuantizedProduct] = [:]
    for node in graph.nodes where plan.nodes.contains(node.id) {
      products[node.id] = quantizer.product(of: node)
    }
    return try Quantizer.quantize(graph, plan, products)
  }

  @Test(arguments: PruneStructures.all.map(\.name), [0.2, 0.4, 0.5, 0.7, 0.9])
  func `gives the bits that masking them gives`(name: String, share: Double) throws {
    let text = try #require(PruneStructures.all.first { $0.name == name }).text
    let original = try graph(text)
    let map = ChannelMap(original)
    let units = map.randomCut(of: original, share: share, seed: 7)
    let masked = try prepared(try ChannelMask.apply(units, map, to: original))
    let smaller = try prepared(try ChannelCut.apply(units, map, to: original))
    let frame = Tensor.random(original.type(of: original.inputs[0]), seed: 21)
    let known = try ranges(smaller, frame).merging(try ranges(masked, frame)) { first, _ in first }
    let plans = [masked, smaller].map { plan($0, known) }
    let names = zip([masked, smaller], plans).map { graph, plan in
      Set(graph.nodes.filter { plan.nodes.contains($0.id) }.map(\.name))
    }
    // Cutting may make a Gather of a Slice, which has no 8 bits: then the layers alone compute in them.
    let layerNames = Set(masked.nodes.filter { $0.op is Conv || $0.op is Gemm }.map(\.name))
    let both = names[0] == names[1] ? names[0] : names[0].intersection(names[1]).intersection(layerNames)
    let networks = try [masked, smaller].map { try quantized($0, plan($0, known, keeping: both)) }
    let layers = networks.map { $0.nodes.filter { $0.op is QuantizedConv }.count }
    #expect(layers[0] == layers[1] && layers[0] > 0)
    for seed in [21, 22] as [UInt64] {
      let frame = Tensor.random(original.type(of: original.inputs[0]), seed: seed)
      #expect(
        try Interpreter.run(networks[0], inputs: [frame]) == Interpreter.run(networks[1], inputs: [frame]))
    }
  }
}
