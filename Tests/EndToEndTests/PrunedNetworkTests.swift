import EspalierGraph
import EspalierImport
import EspalierOperators
import EspalierPasses
import EspalierPlan
import EspalierRuntime
import PlanFixtures
import Testing

/// Networks that others trained, with channels taken out at random: what cutting gives must be what masking gives.
@Suite(
  "Pruned networks",
  .enabled(
    if: !Place.goldenCases.isEmpty,
    "needs the models in ../shared/assets (or ESPALIER_ASSETS) and the outputs that tools/golden makes"))
struct PrunedNetworkTests {
  /// Of all channels that layers make the share that may be cut, at least. The others are the networks' outputs,
  /// and what attention and the heads of detectors transpose.
  private static let share: [String: Double] = [
    "gtsrb_resnet14": 0.96, "gtsrb_resnet14_bn": 0.96, "cifar_resnet20": 0.98, "cifar_resnet20_bn": 0.98,
    "mobilenet_v2_224": 0.9, "efficientnet_lite0_224": 0.92, "squeezenet1_1_227": 0.74,
    "yolox_nano_416": 0.95, "fastestdet_352": 0.96, "vehicle_detection_adas_0002": 0.93,
    "road_segmentation_adas_0001": 0.99, "twinlitenet_360x640": 0.93, "ultraface_rfb_320": 0.96,
    "ppocrv4_det_dynamic": 0.99, "ppocr_cls_dynamic": 0.99,
  ]

  private static let names = Place.goldenCases.filter { !$0.contains("@") }

  private func simplified(_ name: String, _ golden: Golden) throws -> Graph {
    var graph = try Importer.graph(
      contentsOf: Place.model(of: name),
      options: Importer.Options(shapes: [golden.inputName: [1] + golden.frameShape]))
    try Pipeline.simplify(&graph)
    return graph
  }

  /// A share of every group, at least one channel staying in each tensor.
  private func cut(_ graph: Graph, _ map: ChannelMap, share: Double, seed: UInt64) -> Set<Int> {
    var generator = SeededGenerator(seed: seed)
    var cut: Set<Int> = []
    for group in map.groups {
      let count = min(group.units.count - 1, Int(Double(group.units.count) * share))
      cut.formUnion(group.units.shuffled(using: &generator).prefix(count))
    }
    for value in graph.nodes.flatMap(\.outputs) where map.kept(value, cutting: cut)?.isEmpty ?? false {
      if let unit = map.units[value]?.first { cut.remove(unit) }
    }
    return cut
  }

  private func outputs(_ graph: Graph, _ frame: [Float]) throws -> [[Float]] {
    let plan = try Pipeline.lower(graph, choices: .products(in: graph))
    var session = try Session(try Model(bytes: try PlanWriter.bytes(of: plan)))
    return try session.run([frame])
  }

  @Test(arguments: names) func `leave few channels that may not be cut, for reasons`(name: String) throws {
    let graph = try simplified(name, try Golden(case: name))
    let map = ChannelMap(graph)
    var (made, reasons) = (0, [String: Int]())
    for node in graph.nodes {
      guard case .mixed = node.op.channelRule(graph.inputTypes(of: node)),
        let units = map.units[node.outputs[0]]
      else { continue }
      made += units.count
      for unit in units { if let reason = map.frozen[unit] { reasons[reason, default: 0] += 1 } }
    }
    let free = made - reasons.values.reduce(0, +)
    let list = reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) (\($0.key))" }
    print("\(name): \(free) of \(made) channels may be cut, in \(map.groups.count) groups; not", list)
    #expect(Double(free) >= Double(made) * (try #require(Self.share[name])))
  }

  /// Both sum the same numbers, with and without zeros between them, in other blocks: 1e-5 of the greatest output.
  @Test(arguments: names, [0.1, 0.3, 0.5, 0.7, 0.9])
  func `compute what they compute with the same channels masked`(name: String, share: Double) throws {
    let golden = try Golden(case: name)
    let graph = try simplified(name, golden)
    let map = ChannelMap(graph)
    let units = cut(graph, map, share: share, seed: UInt64(share * 10))
    #expect(units.count > map.groups.count / 2)
    let masked = try ChannelMask.apply(units, map, to: graph)
    let smaller = try ChannelCut.apply(units, map, to: graph)
    try Verifier.verify(smaller)
    let frame = golden.frames[0]
    let expected = try outputs(masked, frame)
    for (index, found) in try outputs(smaller, frame).enumerated() {
      let difference = Difference(found, expected[index])
      #expect(difference.relativeError <= 1e-5, "\(smaller.outputNames[index])")
    }
  }
}
