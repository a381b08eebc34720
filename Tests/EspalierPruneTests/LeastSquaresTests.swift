import EspalierGraph
import EspalierObserve
import EspalierOperators
import EspalierPasses
import Testing

@testable import EspalierPrune

/// Networks in which layer `a` makes every channel twice, up to the output.
private let doubled: [String: @Sendable () throws -> Graph] = [
  "a convolution": {
    var net = Network()
    let a = try net.conv("a", net.input([1, 3, 6, 6]), [8, 3, 3, 3], copies: 2, seed: 1)
    net.output(try net.conv("y", a, [4, 8, 3, 3], seed: 2))
    return net.graph
  },
  "strides and dilations": {
    var net = Network()
    let a = try net.conv("a", net.input([1, 3, 9, 9]), [8, 3, 3, 3], copies: 2, seed: 1)
    let b = try net.conv("b", a, [5, 8, 3, 3], dilation: 2, seed: 2)
    net.output(try net.conv("y", b, [4, 5, 3, 3], stride: 2, relu: false, seed: 3))
    return net.graph
  },
  "groups": {
    var net = Network()
    let a = try net.conv("a", net.input([1, 3, 6, 6]), [12, 3, 1, 1], copies: 6, seed: 1)
    let b = try net.conv("b", a, [6, 6, 3, 3], groups: 2, seed: 2)
    net.output(try net.conv("y", b, [4, 6, 1, 1], seed: 3))
    return net.graph
  },
  "one filter per channel": {
    var net = Network()
    let a = try net.conv("a", net.input([1, 3, 6, 6]), [8, 3, 1, 1], copies: 2, seed: 1)
    let b = try net.conv("b", a, [8, 1, 3, 3], groups: 8, copies: 2, seed: 2)
    net.output(try net.conv("y", b, [4, 8, 1, 1], seed: 3))
    return net.graph
  },
  "a transposed convolution": {
    var net = Network()
    let a = try net.conv("a", net.input([1, 3, 5, 5]), [8, 3, 3, 3], copies: 2, seed: 1)
    let w = net.constant("y.w", .random(TensorType(.float32, [8, 3, 3, 3]), seed: 2))
    let op = ConvTranspose(strides: [2, 2], pads: [1, 1, 0, 0], activation: .relu)
    net.output(try net.append(op, "y", a, w))
    return net.graph
  },
  "lines": {
    var net = Network()
    let x = net.input([1, 3, 12])
    let w = net.constant("w", .repeating([6, 3, 3], copies: 2, seed: 1))
    let line = Conv(strides: [1], dilations: [1], pads: [1, 1], activation: .relu)
    let a = try net.append(line, "a", x, w)
    let v = net.constant("v", .random(TensorType(.float32, [4, 6, 3]), seed: 2))
    net.output(try net.append(Conv(strides: [2], dilations: [1], pads: [1, 0]), "y", a, v))
    return net.graph
  },
  "a product of features": {
    var net = Network()
    let a = try net.conv("a", net.input([1, 3, 3, 3]), [4, 3, 3, 3], copies: 2, seed: 1)
    let f = try net.append(Flatten(axis: 1), "f", a)
    let w = net.constant("y.w", .random(TensorType(.float32, [36, 5]), seed: 2))
    net.output(try net.append(Gemm(alpha: 0.5), "y", f, w))
    return net.graph
  },
]

@Suite("Least squares") struct LeastSquaresTests {
  /// So little ridge that what can be recovered is.
  private let exact = LeastSquares(ridge: 1e-9, rowCount: 100_000)

  @Test(arguments: doubled.keys.sorted())
  func `recover what the smaller network can compute`(name: String) throws {
    let make = try #require(doubled[name])
    let graph = try make()
    let map = ChannelMap(graph)
    let channels = units("a", graph, map)
    // Groups keep the same: there every third of six equal channels is another unit.
    let cut = Set(channels).sorted().suffix(Set(channels).count / 2)
    let network = try CutNetwork(graph, cutting: Set(cut))
    let frames = frames(graph, count: 60)
    #expect(try difference(graph, network.student, frames) > 0.05, "nothing was lost")
    let recovered = try exact.recovered(
      teacher: graph, student: network.student, kept: network.kept, frames: frames, engine: interpreting)
    try Verifier.verify(recovered)
    #expect(try difference(graph, recovered, frames) < 1e-4)
    #expect(recovered.nodes.map(\.name) == network.student.nodes.map(\.name))
  }

  /// A residual block whose inner channels are cut, behind a stream that is cut too.
  private func residual() throws -> (network: CutNetwork, frames: [FrameGroup]) {
    var net = Network()
    let s = try net.conv("s", net.input([1, 3, 6, 6]), [6, 3, 3, 3], seed: 1)
    let i = try net.conv("i", s, [5, 6, 1, 1], seed: 2)
    let t = try net.conv("t", i, [8, 5, 3, 3], seed: 3)
    let u = try net.conv("u", t, [5, 8, 3, 3], residual: i, seed: 4)
    net.output(try net.conv("y", u, [3, 5, 1, 1], seed: 5))
    let map = ChannelMap(net.graph)
    let cut = [units("s", net.graph, map)[1], units("t", net.graph, map)[0], units("t", net.graph, map)[5]]
    return (try CutNetwork(net.graph, cutting: Set(cut)), frames(net.graph, count: 40))
  }

  /// Of a least squares fit the differences have mean 0 and nothing in common with the inputs.
  @Test func `fit every sum less the shortcut, from what the recovered layers before give`() throws {
    let (network, frames) = try residual()
    let recovered = try exact.recovered(
      teacher: network.teacher, student: network.student, kept: network.kept, frames: frames,
      engine: interpreting)
    let names = ["i", "t", "u", "y"]
    let (teacher, student) = (
      try network.teacher.opened(at: Set(names)), try recovered.opened(at: Set(names))
    )
    for name in names {
      let sums = (try #require(teacher.sums[name]), try #require(student.sums[name]))
      let layer = try #require(student.graph.producer(of: sums.1))
      let samples = InputSamples(layer, in: student.graph)
      let kept = network.kept[name] ?? Array(0..<teacher.graph.type(of: sums.0).shape[1])
      let expected = interpreting(teacher.graph.observing([sums.0]))
      let found = interpreting(student.graph.observing([sums.1, layer.inputs[0]]))
      var (inputs, differences): ([Float], [Float]) = ([], [])
      for frame in frames[0].frames.indices {
        let places = Array(0..<samples.places)
        let elements = try found(frames[0].elements(frame))
        var (a, b): ([Float], [Float]) = ([], [])
        let wanted = try expected(frames[0].elements(frame))[0]
        samples.appendOutputs(
          wanted, channels: kept, of: wanted.count / samples.places, at: places, to: &a)
        samples.appendOutputs(
          elements[0], channels: Array(kept.indices), of: kept.count, at: places, to: &b)
        differences += zip(a, b).map { $0 - $1 }
        samples.append(elements[1], at: places, to: &inputs)
      }
      let (rows, width, length) = (inputs.count / samples.rowLength, kept.count, samples.rowLength)
      let power = differences.reduce(0) { $0 + Double($1 * $1) } / Double(differences.count)
      #expect(power > 1e-6, "\(name) has nothing to fit")
      for output in 0..<width {
        let own = (0..<rows).map { Double(differences[$0 * width + output]) }
        #expect(abs(own.reduce(0, +) / Double(rows)) < 1e-4 * power.squareRoot())
        for input in 0..<length {
          let product = (0..<rows).reduce(0.0) { $0 + own[$1] * Double(inputs[$1 * length + input]) }
          #expect(abs(product / Double(rows)) < 1e-3 * power.squareRoot(), "\(name) \(output) \(input)")
        }
      }
    }
  }

  @Test func `run what lies before a layer once, and no more`() throws {
    final class Nodes { var names: [String] = [] }
    let (network, frames) = try residual()
    let run = Nodes()
    _ = try exact.recovered(
      teacher: network.teacher, student: network.student, kept: network.kept, frames: frames
    ) { graph in
      run.names += graph.nodes.map(\.name)
      return interpreting(graph)
    }
    // The student's layers that others read, each once; the teacher's all, opened at those that are fitted.
    let own = run.names.filter { !$0.contains("before activation") }
    #expect(["s", "i", "t", "u"].map { name in own.filter { $0 == name }.count } == [2, 2, 2, 2])
  }

  @Test func `begin a network where another part of it ended`() throws {
    let (network, frames) = try residual()
    let graph = network.teacher
    let frontier = graph.frontier(before: ["u", "y"])
    #expect(frontier.map { graph[$0].name } == ["t", "i"])
    #expect(graph.frontier(before: ["s"]) == graph.inputs)
    let rest = try graph.part(from: ["t", "i"], to: graph.outputs)
    try Verifier.verify(rest)
    #expect(rest.nodes.map(\.name) == ["u", "y"])
    let frame = frames[0].elements(0)
    let middle = try interpreting(graph.observing(frontier))(frame)
    let places = rest.inputs.map { rest[$0].name == "t" ? 0 : 1 }
    #expect(try interpreting(rest)(places.map { middle[$0] }) == interpreting(graph)(frame))
  }

  @Test func `leave layers before the cut as they are`() throws {
    let (network, frames) = try residual()
    let recovered = try LeastSquares().recovered(
      teacher: network.teacher, student: network.student, kept: network.kept, frames: frames,
      engine: interpreting)
    func weights(_ graph: Graph, _ name: String) -> Tensor? {
      graph.nodes.first { $0.name == name }.flatMap { graph.constant(of: $0.inputs[1]) }
    }
    #expect(weights(recovered, "s") == weights(network.student, "s"))
    #expect(weights(recovered, "i") != weights(network.student, "i"))
  }

  @Test func `leave layers with too many inputs as they are`() throws {
    let (network, frames) = try residual()
    var few = LeastSquares()
    few.inputLimit = 12
    let recovered = try few.recovered(
      teacher: network.teacher, student: network.student, kept: network.kept, frames: frames,
      engine: interpreting)
    let changed = zip(recovered.nodes, network.student.nodes).filter { new, old in
      recovered.constant(of: new.inputs[1]) != network.student.constant(of: old.inputs[1])
    }
    // 3x3 windows over 5 and 6 channels have more; `i` and `y` see one pixel.
    #expect(changed.map(\.0.name) == ["i", "y"])
  }

  @Test func `give the same bits again, and lie nearer to the original than the cut`() throws {
    let (network, frames) = try residual()
    func recovered() throws -> Graph {
      try LeastSquares(rowCount: 300).recovered(
        teacher: network.teacher, student: network.student, kept: network.kept, frames: frames,
        engine: interpreting)
    }
    let (first, second) = (try recovered(), try recovered())
    #expect(try difference(first, second, frames) == 0)
    let far = try Disagreement(
      original: network.teacher, candidate: network.student, frames: frames, engine: interpreting)
    let near = try Disagreement(
      original: network.teacher, candidate: first, frames: frames, engine: interpreting)
    #expect(near.divergence < 0.5 * far.divergence)
  }

  @Test func `keep weights of inputs that never change`() throws {
    let (network, _) = try residual()
    let zeros = FrameGroup(name: "dark", frames: ["a"]) { _ in [[Float](repeating: 0, count: 108)] }
    let recovered = try LeastSquares().recovered(
      teacher: network.teacher, student: network.student, kept: network.kept, frames: [zeros],
      engine: interpreting)
    let values = recovered.nodes.flatMap(\.inputs).compactMap { recovered.constant(of: $0)?.floats }.joined()
    #expect(values.allSatisfy { $0.isFinite })
  }

  @Test func `refuse frames and networks that do not fit`() throws {
    let (network, frames) = try residual()
    func recover(_ frames: [FrameGroup], _ kept: KeptChannels) throws {
      _ = try LeastSquares().recovered(
        teacher: network.teacher, student: network.student, kept: kept, frames: frames,
        engine: interpreting)
    }
    #expect(throws: ObservationError.noFrames(group: "")) { try recover([], network.kept) }
    let broken = FrameGroup(name: "bad", frames: ["a.png"]) { _ in [[Float](repeating: .nan, count: 108)] }
    #expect(throws: ObservationError.notFinite(value: "i/before activation", frame: "a.png")) {
      try recover([broken], network.kept)
    }
    #expect(throws: RecoveryError.channelCount(layer: "s", expected: 6, found: 5)) {
      try recover(frames, KeptChannels())
    }
  }

  @Test func `follow cuts of what earlier cuts left`() throws {
    let (network, frames) = try residual()
    let map = ChannelMap(network.student)
    let cut: Set<Int> = [units("t", network.student, map)[2]]
    let second = try ChannelCut.apply(cut, map, to: network.student)
    let kept = KeptChannels(network.student, map, cutting: cut).following(network.kept)
    // Channels 0 and 5 went first; of 1, 2, 3, 4, 6 and 7 the third goes now.
    #expect(kept["t"] == [1, 2, 4, 6, 7])
    #expect(kept["s"] == [0, 2, 3, 4, 5])
    _ = try LeastSquares().recovered(
      teacher: network.teacher, student: second, kept: kept, frames: frames, engine: interpreting)
  }

  @Test func `match every channel's mean and deviation with statistics alone`() throws {
    let (network, frames) = try residual()
    let recovered = try Reestimation(rowCount: 100_000).recovered(
      teacher: network.teacher, student: network.student, kept: network.kept, frames: frames,
      engine: interpreting)
    // The layers without a shortcut: their sums are what was matched.
    for name in ["i", "t", "y"] {
      let expected = try statistics(name, network.teacher, frames, network.kept[name])
      let found = try statistics(name, recovered, frames, nil)
      #expect(expected.count == found.count)
      for (a, b) in zip(expected, found) {
        #expect(abs(a.mean - b.mean) < 1e-4 * (abs(a.mean) + a.deviation))
        #expect(abs(a.deviation - b.deviation) < 1e-4 * a.deviation)
      }
    }
  }

  private func statistics(
    _ name: String, _ graph: Graph, _ frames: [FrameGroup], _ kept: [Int]?
  ) throws -> [(mean: Double, deviation: Double)] {
    let opened = try graph.opened(at: [name])
    let sum = try #require(opened.sums[name])
    let execute = interpreting(opened.graph.observing([sum]))
    let channels = opened.graph.type(of: sum).shape[1]
    var elements = [[Double]](repeating: [], count: channels)
    for frame in frames[0].frames.indices {
      let found = try execute(frames[0].elements(frame))[0]
      let plane = found.count / channels
      for (index, element) in found.enumerated() { elements[index / plane].append(Double(element)) }
    }
    return (kept ?? Array(0..<channels)).map { channel in
      let count = Double(elements[channel].count)
      let mean = elements[channel].reduce(0, +) / count
      let square = elements[channel].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      return (mean, square.squareRoot())
    }
  }
}
