internal import EspalierGraph
internal import EspalierObserve

/// Finds the layers whose rounding the outputs feel most, and gives them back to float32.
struct SensitivitySearch {
  let graph: Graph
  let ranges: QuantizationPlanner.Ranges
  let products: [NodeID: QuantizedProduct]
  let groups: [FrameGroup]
  let engine: PostTrainingQuantization.Engine

  /// The planner with the fewest layers in float32, the most sensitive first, that keeps every output's noise
  /// within a limit. At most half of the layers go back; where that is not enough, none does.
  ///
  /// - Parameter finished: Gets how many of the layers were measured.
  func relieved(
    _ planner: QuantizationPlanner, noiseLimit: Double, finished: (_ done: Int, _ total: Int) -> Void
  ) throws -> QuantizationPlanner {
    let judge = OutputJudge(reference: try engine(graph), names: graph.outputNames)
    guard try noise(planner, judge) > noiseLimit else { return planner }
    let order = try mostSensitive(planner, judge, finished)
    var count = 1
    while count <= max(1, order.count / 2) {
      var candidate = planner
      for (node, own) in order.prefix(count) { candidate.keptFloat[node] = Self.reason(own) }
      if try noise(candidate, judge) <= noiseLimit { return candidate }
      count += max(1, count / 3)
    }
    return planner
  }

  /// The layers, each with the noise that the outputs have where it alone computes in 8 bits.
  private func mostSensitive(
    _ planner: QuantizationPlanner, _ judge: OutputJudge, _ finished: (Int, Int) -> Void
  ) throws -> [(node: NodeID, noise: Double)] {
    let layers = graph.nodes.map(\.id).filter { products[$0] != nil && planner.keptFloat[$0] == nil }
    var measured: [(node: NodeID, noise: Double)] = []
    for (index, layer) in layers.enumerated() {
      var alone = planner
      for other in layers where other != layer { alone.keptFloat[other] = "not measured now" }
      measured.append((layer, try noise(alone, judge)))
      finished(index + 1, layers.count)
    }
    return measured.enumerated().sorted { ($1.element.noise, $0.offset) < ($0.element.noise, $1.offset) }
      .map(\.element)
  }

  private func noise(_ planner: QuantizationPlanner, _ judge: OutputJudge) throws -> Double {
    let plan = planner.plan(graph, ranges)
    let quantized = try Quantizer.quantize(graph, plan, products.filter { plan.nodes.contains($0.key) })
    return try judge.errors(of: try engine(quantized), groups).map(\.noise).max() ?? 0
  }

  private static func reason(_ noise: Double) -> String {
    let tenths = (noise * 1_000).rounded() / 10
    return "sensitive: alone in 8 bits it puts noise of \(tenths) % on the outputs"
  }
}
