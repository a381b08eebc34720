import EspalierGraph
import EspalierImport
import EspalierMedia
import EspalierObserve
import EspalierPasses
import EspalierPlan
import EspalierRuntime
import Foundation
import Testing

@testable import EspalierPrune

/// Networks and pictures that are not ours to publish; ESPALIER_ASSETS names another folder.
private enum Assets {
  static let folder =
    ProcessInfo.processInfo.environment["ESPALIER_ASSETS"].map { URL(fileURLWithPath: $0) }
    ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("../shared/assets")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  static let haveSigns = Files.exists(path("models/gtsrb_resnet14.onnx"))

  /// Traffic signs, `[3, 32, 32]` in -1...1, and their classes: records of 3 073 bytes, every `step`-th.
  static func signs(_ file: String, step: Int) throws -> (frames: [[Float]], labels: [Int]) {
    let bytes = try Files.read(path("data/gtsrb/\(file)"))
    var (frames, labels): ([[Float]], [Int]) = ([], [])
    for start in stride(from: 0, to: bytes.count, by: 3_073 * step) {
      labels.append(Int(bytes[start]))
      frames.append((start + 1..<start + 3_073).map { (Float(bytes[$0]) / 255 - 0.5) / 0.5 })
    }
    return (frames, labels)
  }
}

/// Runs graphs through a pack that is never written.
private func packing(_ graph: Graph) throws -> Observer.Execute {
  let runner = try Runner(graph)
  return { try runner.session.run($0) }
}

private final class Runner {
  var session: Session

  init(_ graph: Graph) throws {
    var limits = PlanLimits()
    limits.portCount = max(limits.portCount, graph.inputs.count + graph.outputs.count)
    let bytes = try PlanWriter.bytes(of: try Pipeline.lower(graph), limits: limits)
    session = try Session(Model(bytes: bytes, limits: limits), threads: 1)
  }
}

@Suite("Real networks, pruned") struct RealNetworkTests {
  @Test(.enabled(if: Assets.haveSigns, "the assets are not here"))
  func `know traffic signs again after least squares`() throws {
    var graph = try Importer.graph(
      contentsOf: Assets.path("models/gtsrb_resnet14.onnx"),
      options: Importer.Options(shapes: ["input": [1, 3, 32, 32]]))
    try Pipeline.simplify(&graph)
    let map = ChannelMap(graph)
    let pictures = try Assets.signs("train_calib_32x32.bin", step: 20).frames
    let frames = [FrameGroup(name: "signs", frames: pictures.indices.map(String.init)) { [pictures[$0]] }]
    let ranks = try FilterRanks.compute(
      graph, map, criterion: .obs, frames: frames, engine: packing)
    // Half of the channels inside of blocks.
    let cut = Set(
      ranks.groups.filter { $0.layers.count == 1 }.flatMap { $0.units.prefix($0.units.count / 2) })
    let small = try ChannelCut.apply(cut, map, to: graph)
    let recovered = try LeastSquares(rowCount: 3_000).recovered(
      teacher: graph, student: small, kept: KeptChannels(graph, map, cutting: cut), frames: frames,
      engine: packing)
    let test = try Assets.signs("test_32x32.bin", step: 5)
    let accuracy = try [graph, small, recovered].map { try self.accuracy($0, test) }
    #expect(accuracy[0] > 0.97)
    #expect(accuracy[1] < 0.7)
    #expect(accuracy[2] > 0.93)
    let held = [
      FrameGroup(name: "held", frames: test.frames.indices.map(String.init)) { [test.frames[$0]] }
    ]
    let found = try Disagreement(original: graph, candidate: recovered, frames: held, engine: packing)
    #expect(found.isClassifier)
    #expect(abs(accuracy[0] - accuracy[2]) <= found.rate)
    #expect(found.rate < 0.06)
  }

  private func accuracy(_ graph: Graph, _ test: (frames: [[Float]], labels: [Int])) throws -> Double {
    let execute = try packing(graph)
    var right = 0
    for (frame, label) in zip(test.frames, test.labels) {
      let scores = try execute([frame])[0]
      if scores.indices.max(by: { scores[$0] < scores[$1] }) == label { right += 1 }
    }
    return Double(right) / Double(test.labels.count)
  }
}
