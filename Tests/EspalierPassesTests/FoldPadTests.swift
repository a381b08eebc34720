import EspalierOperators
import Testing

@Suite("Folding pads") struct FoldPadTests {
  private static let weights = "%w = constant float32[4, 3, 3, 3] random 1"

  private func padded(_ pad: String, then consumer: String) -> String {
    """
    input %x : float32[1, 3, 9, 9]
    \(Self.weights)
    %t = \(pad)
    %y = \(consumer)
    output %y
    """
  }

  @Test func `lets a convolution pad for itself, each side on its own`() throws {
    let graph = try simplified(
      padded(Text.pad("x", [0, 0, 0, 2], [0, 0, 1, 1]), then: Text.conv("t", "w", stride: 2, pad: 1)))
    #expect(graph.summary == ["Conv"])
    #expect(graph.operators(Conv.self)[0].pads == [1, 3, 2, 2])
  }

  @Test(arguments: [
    Text.pad("x", [0, 0, -1, 0], [0, 0, 0, 1]), Text.pad("x", [0, 0, 1, 1], [0, 0, 1, 1], value: 0.5),
    Text.pad("x", [0, 0, 1, 1], [0, 0, 1, 1], mode: "reflect"),
    Text.pad("x", [0, 0, 1, 1], [0, 0, 1, 1], mode: "edge"), Text.pad("x", [1, 0, 1, 1], [0, 0, 1, 1]),
  ])
  func `leaves pads alone that are no zeros around an image`(pad: String) throws {
    #expect(try simplified(padded(pad, then: Text.conv("t", "w"))).summary == ["Pad", "Conv"])
  }

  @Test func `leaves padded channels alone`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 2, 6, 6]
      \(Self.weights)
      %t = \(Text.pad("x", [0, 1, 0, 0], [0, 0, 0, 0]))
      %y = \(Text.conv("t", "w"))
      output %y
      """)
    #expect(graph.summary == ["Pad", "Conv"])
  }

  @Test func `folds a pad into one of two readers and keeps it for the other`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 3, 6, 6]
      \(Self.weights)
      %t = \(Text.pad("x", [0, 0, 1, 1], [0, 0, 1, 1]))
      %y = \(Text.conv("t", "w"))
      %z = \(Text.unary("sigmoid", "t"))
      output %y
      output %z
      """)
    #expect(graph.summary.sorted() == ["Conv", "Pad", "sigmoid"])
  }

  @Test func `makes an average pool count the zeros that it now has itself`() throws {
    let pad = Text.pad("x", [0, 0, 1, 1], [0, 0, 1, 1])
    for counts in [true, false] {
      let graph = try simplified(padded(pad, then: Text.averagePool("t", countsPadding: counts)))
      #expect(graph.summary == ["AveragePool"])
      #expect(graph.operators(AveragePool.self)[0].countsPadding)
    }
  }

  @Test func `leaves an average pool alone whose windows divide by different counts`() throws {
    let pad = Text.pad("x", [0, 0, 1, 1], [0, 0, 1, 1])
    let ownPads = Text.averagePool("t", pad: 1, countsPadding: false)
    #expect(try simplified(padded(pad, then: ownPads)).summary == ["Pad", "AveragePool"])
    let roundsUp = Text.averagePool("t", roundsUp: true, countsPadding: true)
    #expect(try simplified(padded(pad, then: roundsUp)).summary == ["Pad", "AveragePool"])
  }

  @Test func `lets a max pool pad with minus infinity`() throws {
    let pad = Text.pad("x", [0, 0, 1, 1], [0, 0, 1, 1], value: -.infinity)
    let graph = try simplified(padded(pad, then: Text.maxPool("t")))
    #expect(graph.operators(MaxPool.self).map(\.pads) == [[1, 1, 1, 1]])
    #expect(graph.nodes.count == 1)
  }

  @Test func `lets a max pool pad with zeros only where nothing is negative`() throws {
    let pad = Text.pad("x", [0, 0, 1, 1], [0, 0, 1, 1])
    #expect(try simplified(padded(pad, then: Text.maxPool("t"))).summary == ["Pad", "MaxPool"])
    let graph = try simplified(
      """
      input %x : float32[1, 3, 9, 9]
      \(Self.weights)
      %c = \(Text.conv("x", "w"))
      %r = \(Text.unary("relu", "c"))
      %t = \(Text.pad("r", [0, 0, 1, 1], [0, 0, 1, 1]))
      %y = \(Text.maxPool("t"))
      output %y
      """)
    #expect(graph.summary == ["Conv+relu", "MaxPool"])
  }

  @Test func `leaves a max pool alone that would see nothing but padding`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 3, 9, 9]
      %r = \(Text.unary("relu", "x"))
      %t = \(Text.pad("r", [0, 0, 3, 0], [0, 0, 0, 0]))
      %y = \(Text.maxPool("t"))
      output %y
      """)
    #expect(graph.summary == ["relu", "Pad", "MaxPool"])
  }
}
