import EspalierGraph
import EspalierObserve
import EspalierOperators
import EspalierPasses
import Testing

@Suite("Planning what computes in 8 bits") struct QuantizationPlannerTests {
  /// Every tensor was seen from -1 to its place in the graph.
  private func ranges(_ graph: Graph) -> QuantizationPlanner.Ranges {
    var ranges: QuantizationPlanner.Ranges = [:]
    for value in graph.inputs + graph.nodes.flatMap(\.outputs) {
      ranges[value] = (-1, Float(1 + value.index))
    }
    return ranges
  }

  private func plan(_ text: String, kept: [String] = []) throws -> (graph: Graph, plan: QuantizationPlan) {
    let graph = try graph(text)
    var planner = QuantizationPlanner()
    for node in graph.nodes where kept.contains(node.name) { planner.keptFloat[node.id] = "kept" }
    return (graph, planner.plan(graph, ranges(graph)))
  }

  private func names(_ found: (graph: Graph, plan: QuantizationPlan)) -> [String] {
    found.graph.nodes.filter { found.plan.nodes.contains($0.id) }.map(\.name)
  }

  private static let weights = """
    input %x : float32[1, 4, 8, 8]
    %w = constant float32[4, 4, 3, 3] random 1
    """

  @Test func `a pool has the quantization of what it reads, wide enough for both`() throws {
    let found = try plan(
      """
      \(Self.weights)
      %t = \(Text.conv("x", "w", pad: 1, activation: "relu"))
      %p = \(Text.maxPool("t", pad: 1))
      %y = \(Text.conv("p", "w", pad: 1))
      output %y
      """)
    #expect(names(found).count == 3)
    let nodes = found.graph.nodes
    let (sum, pooled) = (nodes[0].outputs[0], nodes[1].outputs[0])
    let own = try #require(found.plan.quantizations[sum])
    #expect(own == found.plan.quantizations[pooled])
    #expect(own == Quantization(least: -1, largest: Float(1 + pooled.index)))
  }

  /// Rounded together, channels that batch normalization would make alike lose what it magnifies.
  @Test(arguments: [(1, true), (9, false)])
  func `batch normalization that magnifies stays in float32`(factor: Int, fits: Bool) throws {
    let factors = [Int](repeating: factor, count: 4)
    let found = try plan(
      """
      \(Self.weights)
      %t = \(Text.conv("x", "w", pad: 1))
      %gamma = constant float32[4] \(factors)
      %zero = constant float32[4] [0, 0, 0, 0]
      %one = constant float32[4] [1, 1, 1, 1]
      %n = BatchNormalization(%t, %gamma, %zero, %zero, %one) {epsilon = 0.00001}
      %y = \(Text.conv("n", "w", pad: 1))
      output %y
      """)
    #expect(names(found).contains("n") == fits)
    let reason = found.plan.reasons.first { $0.node == "n" }?.reason
    #expect(reason == (fits ? nil : "channels of its input differ too much for 8 bits in common"))
  }

  @Test func `what is concatenated has one quantization`() throws {
    let found = try plan(
      """
      \(Self.weights)
      %a = \(Text.conv("x", "w", pad: 1))
      %b = \(Text.conv("x", "w", pad: 1))
      %t = \(Text.concat("a", "b", axis: 1))
      %v = constant float32[2, 8, 1, 1] random 2
      %y = \(Text.conv("t", "v"))
      output %y
      """)
    let nodes = found.graph.nodes
    let quantizations = nodes.prefix(3).map { found.plan.quantizations[$0.outputs[0]] }
    #expect(Set(quantizations).count == 1)
    #expect(quantizations[0] == Quantization(least: -1, largest: Float(1 + nodes[2].outputs[0].index)))
  }

  @Test func `what is kept in float32 says why, and leaves the rest alone`() throws {
    let text = """
      \(Self.weights)
      %a = \(Text.conv("x", "w", pad: 1))
      %y = \(Text.conv("a", "w", pad: 1))
      output %y
      """
    let all = try plan(text)
    let first = all.graph.nodes[0].name
    let found = try plan(text, kept: [first])
    #expect(names(all).count == 2)
    #expect(names(found) == [all.graph.nodes[1].name])
    #expect(found.plan.reasons.map(\.node) == [first])
    #expect(found.plan.reasons.map(\.reason) == ["kept"])
  }

  @Test func `a table or a pool whose neighbors are float32 stays so too`() throws {
    let found = try plan(
      """
      \(Self.weights)
      %a = \(Text.unary("sigmoid", "x"))
      %b = \(Text.conv("a", "w", pad: 1))
      %y = \(Text.maxPool("b"))
      output %y
      """)
    #expect(names(found).count == 1)
    #expect(
      found.plan.reasons.map(\.reason).sorted()
        == ["its inputs are float32", "only float32 reads its outputs"])
  }

  @Test func `a sigmoid's range needs no frames`() throws {
    let found = try plan(
      """
      \(Self.weights)
      %a = \(Text.conv("x", "w", pad: 1))
      %b = \(Text.unary("sigmoid", "a"))
      %y = \(Text.conv("b", "w", pad: 1))
      output %y
      """)
    #expect(
      found.plan.quantizations[found.graph.nodes[1].outputs[0]] == Quantization(scale: 1 / 256, zeroPoint: 0))
  }

  @Test func `operators without 8-bit kernels say so`() throws {
    let found = try plan(
      """
      \(Self.weights)
      %a = \(Text.conv("x", "w", pad: 1))
      %b = \(Text.binary("divide", "a", "a"))
      %y = \(Text.conv("b", "w", pad: 1))
      output %y
      """)
    #expect(names(found).count == 2)
    #expect(found.plan.reasons.map(\.reason) == ["there is no 8-bit kernel for divide"])
  }

  @Test func `a product whose addend differs from row to row stays float32`() throws {
    let found = try plan(
      """
      input %x : float32[2, 4]
      %w = constant float32[4, 6] random 1
      %c = constant float32[2, 6] random 2
      %y = \(Text.gemm("x", "w", "c"))
      output %y
      """)
    #expect(found.plan.nodes.isEmpty)
    #expect(found.plan.reasons.map(\.reason) == ["its addend differs from row to row"])
  }
}
