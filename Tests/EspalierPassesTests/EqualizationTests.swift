import EspalierGraph
import EspalierOperators
import Testing

@testable import EspalierPasses

@Suite("Evening out channels") struct EqualizationTests {
  /// What one frame shows of every tensor.
  private static func channels(_ graph: Graph, _ frame: Tensor) throws -> [ValueID: Equalization.Channels] {
    let values = Equalization.values(of: graph)
    let found = try Interpreter.run(graph.observing(values), inputs: [frame])
    var channels: [ValueID: Equalization.Channels] = [:]
    for (value, tensor) in zip(values, found) {
      let plane = tensor.shape.dropFirst(2).reduce(1, *)
      let rows = (0..<tensor.shape[1]).map { tensor.floats[$0 * plane..<($0 + 1) * plane] }
      channels[value] = Equalization.Channels(
        least: rows.map { $0.min() ?? 0 }, largest: rows.map { $0.max() ?? 0 },
        meanSquares: rows.map { $0.reduce(0.0) { $0 + Double($1 * $1) } / Double(plane) })
    }
    return channels
  }

  /// The largest over the least of the channels' greatest magnitudes.
  private static func unevenness(_ name: String, _ graph: Graph, _ frame: Tensor) throws -> Float {
    let value = try #require(graph.nodes.flatMap(\.outputs).first { graph[$0].name == name })
    let own = try #require(try channels(graph, frame)[value])
    let highs = zip(own.least, own.largest).map { max(abs($0), abs($1)) }
    return (highs.max() ?? 0) / (highs.min() ?? 1)
  }

  /// The first layer's channels differ by up to 49.
  private static func network(_ middle: String) throws -> Graph {
    try graph(
      """
      input %x : float32[1, 3, 8, 8]
      %k = constant float32[4, 3, 1, 1] [0.02, 0.01, 0.02, 0.3, -0.2, 0.1, 1, -0.5, 0.3, -0.05, 0.1, 0.02]
      %c = constant float32[4] [0.01, -0.1, 0.2, 0.02]
      \(middle)
      output %y
      """)
  }

  private static let frame = Tensor.random(TensorType(.float32, [1, 3, 8, 8]), seed: 7)

  private static let chains = [
    // A depthwise layer behind a rectifier.
    """
    %t = \(Text.conv("x", "k", "c", activation: "relu", hasBias: true))
    %v = constant float32[4, 1, 3, 3] random 3
    %y = \(Text.conv("t", "v", pad: 1, groups: 4))
    """,
    // Two layers that are added, and one that reads the sum.
    """
    %a = \(Text.conv("x", "k", "c", hasBias: true))
    %b = \(Text.conv("x", "k"))
    %t = \(Text.binary("add", "a", "b"))
    %v = constant float32[5, 4, 1, 1] random 3
    %y = \(Text.conv("t", "v"))
    """,
    // Channels that move.
    """
    %a = \(Text.conv("x", "k", "c", hasBias: true))
    %b = \(Text.conv("x", "k"))
    %t = \(Text.concat("a", "b", axis: 1))
    %v = constant float32[5, 8, 1, 1] random 3
    %y = \(Text.conv("t", "v"))
    """,
  ]

  @Test(arguments: chains) func `changes no output, and makes ranges alike`(chain: String) throws {
    let graph = try Self.network(chain)
    let result = Equalization(graph, try Self.channels(graph, Self.frame)).equalized()
    try Verifier.verify(result)
    let (before, after) = (
      try Interpreter.run(graph, inputs: [Self.frame])[0].floats,
      try Interpreter.run(result, inputs: [Self.frame])[0].floats
    )
    let size = before.reduce(0) { max($0, abs($1)) }
    #expect(zip(before, after).allSatisfy { abs($0 - $1) < 1e-5 * size })
    let (uneven, even) = (
      try Self.unevenness("t", graph, Self.frame), try Self.unevenness("t", result, Self.frame)
    )
    #expect(even < 0.7 * uneven)
  }

  @Test func `leaves channels alone whose clip would move`() throws {
    let graph = try Self.network(
      """
      %t = \(Text.conv("x", "k", "c", hasBias: true))
      %u = \(Text.unary("clip", "t", 0, 6))
      %v = constant float32[4, 1, 3, 3] random 3
      %y = \(Text.conv("u", "v", pad: 1, groups: 4))
      """)
    let result = Equalization(graph, try Self.channels(graph, Self.frame)).equalized()
    #expect(result.text() == graph.text())
  }

  @Test func `leaves what the frame gives and what the caller gets`() throws {
    let graph = try Self.network("%y = \(Text.conv("x", "k", "c", hasBias: true))")
    let result = Equalization(graph, try Self.channels(graph, Self.frame)).equalized()
    #expect(result.text() == graph.text())
  }

  @Test func `takes channels that were silent`() throws {
    let graph = try Self.network(Self.chains[0])
    var channels = try Self.channels(graph, Self.frame)
    for value in channels.keys { channels[value]?.largest[0] = 0; channels[value]?.least[0] = 0 }
    let result = Equalization(graph, channels).equalized()
    let weights = result.nodes.compactMap { result.constant(of: $0.inputs[1])?.floats }.joined()
    #expect(weights.allSatisfy { $0.isFinite })
  }
}
