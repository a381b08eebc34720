import EspalierGraph
import EspalierOperators
import EspalierPasses
import EspalierPlan
import EspalierRuntime
import EspalierSearch
import Testing

@Suite("Timing the kernels of layers") struct LayerTunerTests {
  private static let layers: [LayerShape] = [LayerShape.Precision.float32, .bytes].flatMap { precision in
    [
      LayerShape(
        precision, height: 9, width: 11, inputChannels: 20, outputChannels: 18, kernel: [3, 3]),
      LayerShape(precision, height: 5, width: 4, inputChannels: 8, outputChannels: 33),
      LayerShape(
        precision, height: 6, width: 5, inputChannels: 24, outputChannels: 24, kernel: [5, 3],
        strides: [2, 1], dilations: [1, 2], groups: 24),
      LayerShape(
        precision, batch: 2, height: 3, width: 3, inputChannels: 12, outputChannels: 6, kernel: [2, 2],
        groups: 3),
      LayerShape(precision, height: 1, width: 1, inputChannels: 600, outputChannels: 300),
    ]
  }

  @Test(arguments: layers) func `is done on a network of that very layer`(shape: LayerShape) throws {
    let graph = try LayerGraph.make(shape)
    #expect(graph.layerShapes == [shape])
    #expect(graph.outputs.count == LayerGraph.copies(shape))
  }

  private func outputs(_ plan: Plan) throws -> [[Float]] {
    var session = try Session(Model(bytes: try PlanWriter.bytes(of: plan)), threads: 2)
    let count = plan.inputs[0].shape.reduce(1, *)
    return try session.run([(0..<count).map { Float(($0 * 37 + 11) % 101) / 25 - 2 }])
  }

  /// float32 sums in another order, and Winograd's transforms, differ by rounding; bytes do not differ.
  @Test(arguments: layers) func `has candidates that give the same outputs`(shape: LayerShape) throws {
    let graph = try LayerGraph.make(shape)
    let found = try shape.candidates.map { choice in
      try outputs(try Pipeline.lower(graph, choices: KernelChoices([shape: choice])))
    }
    let scale = found[0].joined().map(abs).max() ?? 0
    #expect(scale > 0.1)
    for other in found.dropFirst() {
      for (expected, own) in zip(found[0].joined(), other.joined()) {
        #expect(shape.precision == .bytes ? own == expected : abs(own - expected) <= 1e-5 * scale)
      }
    }
  }

  @Test func `fills a table with a time for each candidate, once`() throws {
    var asked: [Int] = []
    let tuner = LayerTuner(threads: 3) { plans in
      asked.append(plans.count)
      // Every call takes as many microseconds as its plan's number.
      return plans.enumerated().map { index, plan in plan.calls.map { _ in Double(index + 1) } }
    }
    var table = CostTable(processor: board, name: "")
    let shape = Self.layers[0]
    table.add(shape, shape.candidates[1], threads: 3, microseconds: 99)
    #expect(try tuner.measure(Self.layers, into: &table) == table.count - 1)
    #expect(asked.reduce(0, +) == Self.layers.reduce(0) { $0 + $1.candidates.count } - 1)
    #expect(table.microseconds(shape, shape.candidates[1], threads: 3) == 99)
    // Calls that fill halos and copy do not count.
    #expect(table.microseconds(shape, shape.candidates[0], threads: 3) == 1)
    #expect(table.microseconds(shape, shape.candidates[2], threads: 3) == 2)
    #expect(try tuner.measure(Self.layers, into: &table) == 0)
  }

  @Test func `lets the table choose a graph's kernels`() throws {
    let shape = Self.layers[0]
    let graph = try LayerGraph.make(shape)
    var table = CostTable(processor: board, name: "")
    for choice in shape.candidates {
      table.add(shape, choice, threads: 1, microseconds: choice == .winograd(tile: 2) ? 1 : 5)
    }
    let choices = try LayerCosts(table, threads: 1).choices(for: graph)
    #expect(choices[shape] == .winograd(tile: 2))
    let families = try Pipeline.lower(graph, choices: choices).calls.map(\.family)
    #expect(families.contains(2))
    for choice in shape.candidates {
      table.add(shape, choice, threads: 1, microseconds: choice == .gemm(panelsInner: true) ? 1 : 5)
    }
    let others = try LayerCosts(table, threads: 1).choices(for: graph)
    #expect(try Pipeline.lower(graph, choices: others).calls.allSatisfy { $0.family != 2 })
  }

  @Test func `says what float32 costs beyond 8 bits, and where it is faster all the same`() throws {
    let shape = Self.layers[0]
    let graph = try LayerGraph.make(shape)
    func costs(float: Double, bytes: Double) throws -> LayerCosts {
      var table = CostTable(processor: board, name: "")
      for (own, time) in [(shape, float), (shape.computed(in: .bytes), bytes)] {
        for choice in own.candidates { table.add(own, choice, threads: 1, microseconds: time) }
      }
      return try LayerCosts(table, threads: 1)
    }
    let slow = try costs(float: 300, bytes: 100)
    #expect(slow.extraOfFloat(graph.nodes[0], in: graph) == 200)
    #expect(slow.fasterInFloat(graph).isEmpty)
    let names = graph.outputs.map { graph[$0].name }
    #expect(try costs(float: 100, bytes: 300).fasterInFloat(graph) == names)
    // What turning numbers into bytes costs outweighs a little.
    #expect(try costs(float: 100, bytes: 100.01).fasterInFloat(graph).isEmpty)
  }
}
