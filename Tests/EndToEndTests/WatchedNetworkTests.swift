import EspalierGraph
import EspalierImport
import EspalierObserve
import EspalierPasses
import EspalierPlan
import EspalierRuntime
import PlanFixtures
import Synchronization
import Testing

/// The traffic-sign network of models/, calibrated with made-up frames and watched while it runs.
@Suite("A watched network") struct WatchedNetworkTests {
  private enum Precision { case float, bytes }

  private static let packs: Result<(float: [UInt8], bytes: [UInt8], plain: [UInt8]), any Error> = Result {
    var graph = try Importer.graph(
      contentsOf: Place.root.appendingPathComponent("models/gtsrb_resnet14.onnx").path,
      options: Importer.Options(shapes: ["input": [1, 3, 32, 32]]))
    try Pipeline.simplify(&graph)
    var source = RoadFrames(seed: 1)
    let frames = source.frames(200)
    let group = FrameGroup(name: "road", frames: frames.indices.map { "\($0)" }) { [frames[$0]] }
    let quantized = try PostTrainingQuantization(
      of: graph, groups: [group], options: PostTrainingQuantization.Options(), engine: engine)
    let packs = try [graph, quantized.graph].map { graph in
      let tensors = try graph.digested(graph.watchedTensors(layerLimit: 6), [group], engine: engine)
      return try PlanWriter.bytes(of: Pipeline.lower(graph, watching: tensors))
    }
    return (packs[0], packs[1], try PlanWriter.bytes(of: Pipeline.lower(quantized.graph)))
  }

  private static func engine(_ graph: Graph) throws -> ([[Float]]) throws -> [[Float]] {
    let box = SessionBox(try Session(Model(bytes: PlanWriter.bytes(of: Pipeline.lower(graph)))))
    return { try box.session.run($0) }
  }

  private final class SessionBox {
    var session: Session
    init(_ session: consuming Session) { self.session = session }
  }

  private static func pack(_ precision: Precision) throws -> [UInt8] {
    let packs = try packs.get()
    return precision == .float ? packs.float : packs.bytes
  }

  /// Rules that are broken after `frames`, by name, over all tensors.
  private func alarms(_ precision: Precision, _ frames: [[Float]], threads: Int = 1) throws -> Set<RoadRule> {
    let seen = AlarmSet()
    var session = try Session(Model(bytes: Self.pack(precision)), threads: threads)
    try session.watch(every: 1) { if $0.isRaised { seen.add($0.rule) } }
    for frame in frames { _ = try session.run([frame]) }
    return seen.rules
  }

  private final class AlarmSet: Sendable {
    private let entries = Mutex<Set<RoadRule>>([])
    var rules: Set<RoadRule> { entries.withLock { $0 } }
    func add(_ rule: RoadRule) { entries.withLock { _ = $0.insert(rule) } }
  }

  @Test(arguments: [Precision.float, .bytes])
  private func `has its input, its output and six layers watched, each with a digest`(precision: Precision)
    throws
  {
    let packed = try PlanReader.read(Self.pack(precision))
    #expect(packed.watches.count == 8)
    #expect(packed.watches.last?.statistics.name == "logits")
    for watch in packed.watches {
      let digest = try #require(watch.digest)
      #expect(digest.frameCount == 200)
      #expect(digest.frameMeans.contains(digest.mean))
      #expect(digest.least < digest.largest && digest.standardDeviation > 0)
    }
  }

  @Test(arguments: [Precision.float, .bytes])
  private func `raises no alarm on frames like those of the calibration`(precision: Precision) throws {
    var source = RoadFrames(seed: 2)
    #expect(try alarms(precision, source.frames(300)).isEmpty)
  }

  @Test(arguments: [Precision.float, .bytes])
  private func `says so where the pictures are much too bright`(precision: Precision) throws {
    var source = RoadFrames(seed: 3)
    let frames = source.frames(20).map { $0.map { min(1, $0 + 1.2) } }
    let found = try alarms(precision, frames)
    #expect(found.contains(.drifted), "\(found)")
    #expect(!found.contains(.frozen) && !found.contains(.notFinite))
  }

  @Test(arguments: [Precision.float, .bytes])
  private func `says so where the camera is covered`(precision: Precision) throws {
    let black = [[Float]](repeating: [Float](repeating: -1, count: 3072), count: 20)
    let found = try alarms(precision, black)
    #expect(found.contains(.frozen), "every picture is the same: \(found)")
    #expect(!found.isDisjoint(with: [.drifted, .spread]), "\(found)")
  }

  @Test(arguments: [Precision.float, .bytes])
  private func `says so where pictures are noise`(precision: Precision) throws {
    var source = RoadFrames(seed: 4)
    let found = try alarms(precision, (0..<20).map { _ in source.noise() })
    #expect(!found.isDisjoint(with: [.drifted, .spread, .saturated]), "\(found)")
    #expect(!found.contains(.frozen))
  }

  @Test func `says so where numbers are none`() throws {
    var source = RoadFrames(seed: 5)
    var frames = source.frames(3)
    frames[1][100] = .nan
    #expect(try alarms(.float, frames).contains(.notFinite))
  }

  @Test(arguments: 1...4)
  func `gives the bits of the network that is not watched`(threads: Int) throws {
    var source = RoadFrames(seed: 6)
    var plain = try Session(Model(bytes: Self.packs.get().plain))
    var watched = try Session(Model(bytes: Self.pack(.bytes)), threads: threads)
    try watched.watch(every: 2)
    for frame in source.frames(12) {
      let (expected, found) = (try plain.run([frame]), try watched.run([frame]))
      #expect(found == expected)
    }
    let watchedFrames = watched.watchedFrameCount
    #expect(watchedFrames == 6)
  }

  /// Sums of bytes are exact, and those of floats have one order.
  @Test(arguments: [Precision.float, .bytes])
  private func `shows the same whatever the number of threads`(precision: Precision) throws {
    var source = RoadFrames(seed: 7)
    let frames = source.frames(4)
    var seen: [[TensorObservation?]] = []
    for threads in 1...4 {
      var session = try Session(Model(bytes: Self.pack(precision)), threads: threads)
      try session.watch(every: 1)
      for frame in frames { _ = try session.run([frame]) }
      seen.append((0..<8).map { session.observation(of: $0) })
    }
    #expect(seen[0].allSatisfy { $0 != nil })
    #expect(seen.allSatisfy { $0 == seen[0] })
  }

  /// What the calibration frames themselves show lies inside the digest, and is as wide as it.
  @Test(arguments: [Precision.float, .bytes])
  private func `remembers of calibration frames what a session sees of them`(precision: Precision) throws {
    var source = RoadFrames(seed: 1)
    let model = try Model(bytes: Self.pack(precision))
    var session = try Session(model)
    try session.watch(every: 1)
    var seen = [[TensorObservation]](repeating: [], count: 8)
    for frame in source.frames(200) {
      _ = try session.run([frame])
      for tensor in 0..<8 {
        let observation = session.observation(of: tensor)
        seen[tensor].append(try #require(observation))
      }
    }
    for (watch, found) in zip(model.watches, seen) {
      let digest = try #require(watch.digest)
      // Float32 rounds means; kernels may add up float32 products in another order than the calibration's did.
      let tolerance = 1e-4 * max(1, digest.standardDeviation)
      func close(_ a: Float?, _ b: Float) -> Bool { abs((a ?? .nan) - b) <= tolerance }
      #expect(close(found.map(\.mean).min(), digest.frameMeans.lowerBound), "\(watch.statistics.name)")
      #expect(close(found.map(\.mean).max(), digest.frameMeans.upperBound))
      #expect(close(found.map(\.standardDeviation).min(), digest.frameDeviations.lowerBound))
      #expect(close(found.map(\.standardDeviation).max(), digest.frameDeviations.upperBound))
      #expect(close(found.map(\.least).min(), digest.least))
      #expect(close(found.map(\.largest).max(), digest.largest))
      #expect(close(found.map(\.saturatedShare).max(), digest.saturatedShare))
    }
  }
}
