import EspalierGradient
import EspalierGraph
import EspalierOperators
import EspalierPasses
import Foundation
import Testing

@Suite("Distillation") struct DistillationTests {
  /// A network and what is left of it when half of the channels within its blocks are cut.
  private static func pair() throws -> (teacher: Graph, student: Graph) {
    let teacher = try SmallNetworks.classifier(inner: 8)
    let map = ChannelMap(teacher)
    var cut: Set<Int> = []
    for group in map.groups where group.layers.count == 1 {
      cut.formUnion(group.units.prefix(group.units.count / 2))
    }
    return (teacher, try ChannelCut.apply(cut, map, to: teacher))
  }

  private static func options(blocks: Int = 10, network: Int = 20, threads: Int = 1) -> DistillationOptions {
    var options = DistillationOptions()
    (options.blockSteps, options.networkSteps, options.threads) = (blocks, network, threads)
    (options.batch, options.rate, options.judgements) = (16, 5e-3, 4)
    options.augmentation.flips = false
    return options
  }

  private static func distillation(_ options: DistillationOptions) throws -> Distillation {
    let (teacher, student) = try pair()
    return Distillation(
      teacher: teacher, student: student, frames: TrainingFrames(SmallNetworks.frames(64)),
      holdout: TrainingFrames(SmallNetworks.frames(32, seed: 2)), options: options)
  }

  private static func weights(_ graph: Graph) -> [[Float]] {
    Tape.trainable(graph).compactMap { graph.constant(of: $0)?.floats }
  }

  @Test func `brings a student nearer to its teacher on frames it has not seen`() throws {
    let (graph, history) = try Self.distillation(Self.options(blocks: 60, network: 60)).run()
    let (start, best) = (try #require(history.start), try #require(history.best))
    #expect(best.loss < 0.5 * start.loss)
    #expect(history.blocks.count == 3)
    // What the history says holds for the graph that is given back.
    let teacher = try Self.pair().teacher
    var sum = 0.0
    let frames = SmallNetworks.frames(32, seed: 2)
    for frame in frames {
      let input = Tensor(shape: [1, 3, 8, 8], floats: frame)
      let logs = try [teacher, graph].map {
        Softmax(.log, axis: 1).evaluate(try Interpreter.run($0, inputs: [input]))[0].floats.map(Double.init)
      }
      let p = Softmax(axis: 1).evaluate(try Interpreter.run(teacher, inputs: [input]))[0].floats
      sum += p.indices.reduce(0) { $0 + Double(p[$1]) * (logs[0][$1] - logs[1][$1]) }
    }
    #expect(abs(sum / Double(frames.count) - best.loss) < 1e-5)
  }

  @Test func `gives the same weights whatever the number of threads`() throws {
    let one = try Self.distillation(Self.options()).run().graph
    let three = try Self.distillation(Self.options(threads: 3)).run().graph
    #expect(Self.weights(one) == Self.weights(three))
  }

  @Test func `lets an engine run the teacher, on every thread its own`() throws {
    final class Calls: @unchecked Sendable {
      private let lock = NSLock()
      private(set) var made = 0, frames = 0
      func add(made: Int = 0, frames: Int = 0) {
        lock.withLock { (self.made, self.frames) = (self.made + made, self.frames + frames) }
      }
    }
    let calls = Calls()
    var distillation = try Self.distillation(Self.options(blocks: 0, threads: 3))
    distillation.teacherEngine = { graph in
      calls.add(made: 1)
      return { inputs in
        calls.add(frames: 1)
        let tensors = zip(graph.inputs, inputs).map { Tensor(shape: graph.type(of: $0).shape, floats: $1) }
        return try Interpreter.run(graph, inputs: tensors).map(\.floats)
      }
    }
    let (graph, history) = try distillation.run()
    // Twenty steps of 16 frames, 32 held-back frames for seven judgements, 64 to measure what distances mean.
    #expect(calls.made == 3 && calls.frames == 20 * 16 + 7 * 32 + 64)
    let (start, best) = (try #require(history.start), try #require(history.best))
    #expect(best.loss < start.loss)
    let own = try Self.distillation(Self.options(blocks: 0)).run().graph
    // Another order of sums is a little different, no more.
    for (a, b) in zip(Self.weights(graph).joined(), Self.weights(own).joined()) { #expect(abs(a - b) < 1e-3) }
  }

  @Test func `runs the teacher itself where an engine fails`() throws {
    struct Broken: Error {}
    var distillation = try Self.distillation(Self.options())
    distillation.teacherEngine = { _ in throw Broken() }
    #expect(
      Self.weights(try distillation.run().graph)
        == Self.weights(try Self.distillation(Self.options()).run().graph))
    distillation.teacherEngine = { _ in { _ in throw Broken() } }
    #expect(
      Self.weights(try distillation.run().graph)
        == Self.weights(try Self.distillation(Self.options()).run().graph))
  }

  @Test func `gives other weights for another seed`() throws {
    var options = Self.options()
    options.seed = 1
    let (one, other) = (
      try Self.distillation(Self.options()).run().graph, try Self.distillation(options).run().graph
    )
    #expect(Self.weights(one) != Self.weights(other))
  }

  @Test(arguments: [1, 2, 4]) func `goes on from a checkpoint as if nothing had happened`(at: Int) throws {
    final class Saved { var list: [[UInt8]] = [] }
    let saved = Saved()
    var distillation = try Self.distillation(Self.options())
    distillation.checkpoint = { saved.list.append($0.bytes) }
    let whole = try distillation.run().graph
    // Three blocks and four judgements.
    #expect(saved.list.count == 7)
    let checkpoint = try DistillationCheckpoint(bytes: saved.list[at])
    #expect(checkpoint.finishedBlocks == min(at + 1, 3) && (checkpoint.step > 0) == (at >= 3))
    let resumed = try Self.distillation(Self.options()).run(resuming: checkpoint).graph
    #expect(Self.weights(resumed) == Self.weights(whole))
  }

  @Test func `refuses checkpoints that are damaged or of another network`() throws {
    final class Saved { var last: DistillationCheckpoint? }
    let saved = Saved()
    var distillation = try Self.distillation(Self.options(blocks: 2, network: 2))
    distillation.checkpoint = { saved.last = $0 }
    _ = try distillation.run()
    let checkpoint = try #require(saved.last)
    var bytes = checkpoint.bytes
    #expect(try DistillationCheckpoint(bytes: bytes) == checkpoint)
    bytes[bytes.count / 2] ^= 1
    #expect(throws: CheckpointError.damaged) { try DistillationCheckpoint(bytes: bytes) }
    #expect(throws: CheckpointError.damaged) { try DistillationCheckpoint(bytes: Array(bytes.dropLast(9))) }
    #expect(throws: CheckpointError.notACheckpoint) { try DistillationCheckpoint(bytes: [1, 2, 3]) }
    let teacher = try Self.pair().teacher
    let other = Distillation(
      teacher: teacher, student: teacher, frames: TrainingFrames(SmallNetworks.frames(4)),
      holdout: TrainingFrames(SmallNetworks.frames(4)))
    #expect(throws: DistillationError.foreignCheckpoint) { try other.run(resuming: checkpoint) }
  }

  @Test func `refuses checkpoints of other weights, frames or options`() throws {
    final class Saved { var last: DistillationCheckpoint? }
    let (saved, options) = (Saved(), Self.options(blocks: 2, network: 2))
    var distillation = try Self.distillation(options)
    distillation.checkpoint = { saved.last = $0 }
    _ = try distillation.run()
    let checkpoint = try #require(saved.last)
    let (teacher, student) = try Self.pair()
    var (changed, slower, more) = (student, options, options)
    let weights = try #require(Tape.trainable(student).first)
    let tensor = try #require(student.constant(of: weights))
    changed.replaceConstant(weights, with: Tensor(shape: tensor.shape, floats: tensor.floats.map { -$0 }))
    (slower.rate, more.threads) = (1e-4, 2)
    func resume(_ student: Graph, _ options: DistillationOptions, seed: UInt64 = 2) throws {
      _ = try Distillation(
        teacher: teacher, student: student, frames: TrainingFrames(SmallNetworks.frames(64)),
        holdout: TrainingFrames(SmallNetworks.frames(32, seed: seed)), options: options
      ).run(resuming: checkpoint)
    }
    try resume(student, options)
    try resume(student, more)
    #expect(throws: DistillationError.foreignCheckpoint) { try resume(changed, options) }
    #expect(throws: DistillationError.foreignCheckpoint) { try resume(student, slower) }
    #expect(throws: DistillationError.foreignCheckpoint) { try resume(student, options, seed: 3) }
  }

  @Test func `stops where a checkpoint cannot be kept`() throws {
    struct Full: Error, CustomStringConvertible { let description = "no room" }
    var distillation = try Self.distillation(Self.options(blocks: 2, network: 2))
    distillation.checkpoint = { _ in throw Full() }
    #expect(throws: DistillationError.unsaved("no room")) { try distillation.run() }
  }

  @Test func `leaves a student alone that does all that its teacher does`() throws {
    let teacher = try Self.pair().teacher
    let frames = TrainingFrames(SmallNetworks.frames(16))
    let distillation = Distillation(
      teacher: teacher, student: teacher, frames: frames, holdout: frames,
      options: Self.options(blocks: 0, network: 8))
    let (graph, history) = try distillation.run()
    #expect(Self.weights(graph) == Self.weights(teacher))
    #expect(try #require(history.best).agreement == 1)
  }

  @Test func `ends in time`() throws {
    var options = Self.options(blocks: 1_000_000, network: 1_000_000)
    options.timeLimit = 0.5
    let history = try Self.distillation(options).run().history
    #expect(history.seconds < 10 && history.blocks.count == 3)
  }

  @Test func `compares outputs that hold no classes as they are`() throws {
    func observed(_ graph: Graph) throws -> Graph {
      graph.observing([try #require(graph.nodes.first { $0.name == "block3.p" }).outputs[0]])
    }
    let (teacher, student) = try Self.pair()
    let distillation = Distillation(
      teacher: try observed(teacher), student: try observed(student),
      frames: TrainingFrames(SmallNetworks.frames(64)),
      holdout: TrainingFrames(SmallNetworks.frames(32, seed: 2)),
      options: Self.options(blocks: 40, network: 40))
    let history = try distillation.run().history
    let (start, best) = (try #require(history.start), try #require(history.best))
    #expect(best.loss < 0.5 * start.loss && best.agreement == nil)
  }

  @Test func `takes from outputs what counts of them`() throws {
    func observed(_ graph: Graph) throws -> Graph {
      graph.observing([try #require(graph.nodes.first { $0.name == "block3.p" }).outputs[0]])
    }
    let (teacher, student) = try (observed(Self.pair().teacher), observed(Self.pair().student))
    let plane = teacher.type(of: teacher.outputs[0]).shape.dropFirst(2).reduce(1, *)
    // The first channel, where the second has something.
    func channel(_ index: Int) -> OutputPart.Lattice {
      OutputPart.Lattice(output: 0, first: index * plane, stride: 1, count: 1, step: 1)
    }
    let parts = [OutputPart(places: plane, elements: channel(0), likelihoods: [channel(1)])]
    var options = Self.options(blocks: 0, network: 60)
    options.outputParts = parts
    let (frames, holdout) = (SmallNetworks.frames(64), SmallNetworks.frames(32, seed: 2))
    let (graph, history) = try Distillation(
      teacher: teacher, student: student, frames: TrainingFrames(frames), holdout: TrainingFrames(holdout),
      options: options
    ).run()
    let (start, best) = (try #require(history.start), try #require(history.best))
    #expect(best.loss < 0.5 * start.loss)
    func outputs(_ graph: Graph, _ frames: [[Float]]) throws -> [[[Float]]] {
      try frames.map {
        [try Interpreter.run(graph, inputs: [Tensor(shape: [1, 3, 8, 8], floats: $0)])[0].floats]
      }
    }
    let scale = OutputScale(parts, frames: try outputs(teacher, frames))
    let sum = try zip(outputs(teacher, holdout), outputs(graph, holdout)).reduce(0.0) {
      $0 + scale.distance(from: $1.0, to: $1.1)
    }
    #expect(abs(sum / Double(holdout.count) - best.loss) < 1e-4 * best.loss + 1e-7)
  }

  @Test func `refuses other inputs, other outputs and no frames`() throws {
    let (teacher, student) = try Self.pair()
    let frames = TrainingFrames(SmallNetworks.frames(2))
    let none = TrainingFrames([])
    #expect(throws: DistillationError.noFrames("to train on")) {
      try Distillation(teacher: teacher, student: student, frames: none, holdout: frames).run()
    }
    let inside = try #require(student.nodes.first { $0.name == "block1.a" }).outputs[0]
    #expect(throws: DistillationError.output("block1.a")) {
      try Distillation(
        teacher: teacher, student: student.observing([inside]), frames: frames, holdout: frames
      ).run()
    }
  }
}
