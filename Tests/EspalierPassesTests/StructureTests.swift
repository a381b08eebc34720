import EspalierGraph
import EspalierOperators
import Testing

@Suite("Recognizing structures") struct StructureTests {
  /// The four slices of YOLOv5's Focus, each axis by a slice of its own, in YOLOX's order.
  private func focus(_ order: [(dy: Int, dx: Int)], tail: String) -> String {
    let parts = order.enumerated().map { index, offset in
      """
      %r\(index) = \(Text.slice("x", [(2, offset.dy, .max, 2)]))
      %s\(index) = \(Text.slice("r\(index)", [(3, offset.dx, .max, 2)]))
      """
    }
    return """
      input %x : float32[1, 3, 8, 12]
      %w = constant float32[4, 12, 3, 3] random 1
      \(parts.joined(separator: "\n"))
      %f = \(Text.concat("s0", "s1", "s2", "s3", axis: 1))
      %y = \(Text.conv("f", "w", pad: 1))
      \(tail)
      output %y
      """
  }

  private static let corners = [(dy: 0, dx: 0), (dy: 1, dx: 0), (dy: 0, dx: 1), (dy: 1, dx: 1)]

  @Test func `lets a convolution read what a Focus deals out`() throws {
    for order in [Self.corners, Self.corners.reversed()] {
      let graph = try simplified(focus(order, tail: ""))
      #expect(graph.summary == ["Conv"])
      #expect(graph.operators(Conv.self)[0].strides == [2, 2])
    }
  }

  @Test func `lets a convolution read what SpaceToDepth deals out`() throws {
    let graph = try simplified(
      """
      input %x : float32[2, 3, 8, 12]
      %w = constant float32[4, 12, 3, 3] random 1
      %f = SpaceToDepth(%x) {blockSize = 2}
      %y = \(Text.conv("f", "w", pad: 1))
      output %y
      """)
    #expect(graph.summary == ["Conv"])
  }

  @Test(arguments: [
    ([1, 2, 2, 3, 4, 5], [0, 3, 4, 1, 5, 2], "DepthToSpace"),
    ([1, 3, 2, 2, 4, 5], [0, 1, 4, 2, 5, 3], "DepthToSpace"),
    ([1, 12, 2, 2, 4, 5], [0, 1, 4, 3, 5, 2], "Transpose"),
  ])
  func `finds channels that become pixels`(split: [Int], permutation: [Int], name: String) throws {
    let channels = split.reduce(1, *) / 20
    let graph = try simplified(
      """
      input %x : float32[1, \(channels), 4, 5]
      %a = \(Text.reshape("x", split))
      %b = \(Text.transpose("a", permutation))
      %y = \(Text.reshape("b", name == "Transpose" ? [1, 8, 6, 20] : [1, 3, 8, 10]))
      output %y
      """)
    #expect(graph.summary == (name == "Transpose" ? ["Reshape", "Transpose", "Reshape"] : [name]))
  }

  @Test func `finds pixels that become channels`() throws {
    let graph = try simplified(
      """
      input %x : float32[2, 3, 4, 6]
      %a = \(Text.reshape("x", [2, 3, 2, 2, 3, 2]))
      %b = \(Text.transpose("a", [0, 3, 5, 1, 2, 4]))
      %y = \(Text.reshape("b", [2, 12, 2, 3]))
      output %y
      """)
    #expect(graph.summary == ["SpaceToDepth"])
  }

  @Test func `leaves a Focus alone that something else reads, or that repeats a corner`() throws {
    let read = try simplified(focus(Self.corners, tail: "output %f"))
    #expect(read.summary.contains("Concat"))
    let repeated = [Self.corners[0], Self.corners[0], Self.corners[2], Self.corners[3]]
    #expect(try simplified(focus(repeated, tail: "")).summary.contains("Concat"))
  }

  @Test(arguments: [[1, 2, 3, 4, 5], [1, 2, 3, 20]])
  func `finds a channel shuffle`(split: [Int]) throws {
    let permutation = [0, 2, 1] + Array(3..<split.count)
    let graph = try simplified(
      """
      input %x : float32[1, 6, 4, 5]
      %a = \(Text.reshape("x", split))
      %b = \(Text.transpose("a", permutation))
      %y = \(Text.reshape("b", [1, 6, 4, 5]))
      output %y
      """)
    #expect(graph.operators(ChannelShuffle.self).map(\.groups) == [2])
    #expect(graph.nodes.count == 1)
  }

  @Test func `leaves a transpose alone that is no shuffle of channels`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 6, 4, 5]
      %a = \(Text.reshape("x", [1, 2, 3, 4, 5]))
      %b = \(Text.transpose("a", [0, 2, 1, 4, 3]))
      %y = \(Text.reshape("b", [1, 6, 4, 5]))
      output %y
      """)
    #expect(graph.summary == ["Reshape", "Transpose", "Reshape"])
  }

  /// As ShuffleNetV2+ writes it.
  @Test func `finds channels that a shuffle deals out to two branches`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 6, 4, 5]
      %a = \(Text.reshape("x", [3, 2, 20]))
      %b = \(Text.transpose("a", [1, 0, 2]))
      %c = \(Text.reshape("b", [2, -1, 3, 4, 5]))
      %y = Gather(%c) {axis = 0, table = {shape = [], indices = [0]}}
      %z = Gather(%c) {axis = 0, table = {shape = [], indices = [-1]}}
      output %y
      output %z
      """)
    #expect(graph.operators(Slice.self).map { $0.ranges[0].start } == [0, 1])
    #expect(graph.nodes.count == 2)
  }

  @Test func `joins neighboring parts again`() throws {
    let split = """
      input %x : float32[1, 6, 4, 4]
      input %z : float32[1, 2, 4, 4]
      %a, %b, %c = Split(%x) {axis = 1, sizes = [1, 2, 3]}

      """
    let whole = try simplified(split + "%y = \(Text.concat("a", "b", "c", "z", axis: 1))\noutput %y")
    #expect(whole.summary == ["Concat"])
    let two = try simplified(split + "%y = \(Text.concat("z", "b", "c", axis: 1))\noutput %y")
    #expect(two.summary == ["Slice", "Concat"])
    let turned = try simplified(split + "%y = \(Text.concat("b", "a", axis: 1))\noutput %y")
    #expect(turned.summary == ["Split", "Concat"])
    let all = try simplified(split + "%y = \(Text.concat("a", "b", "c", axis: 1))\noutput %y\noutput %z")
    #expect(all.nodes.isEmpty)
  }

  /// PaddleOCR's RSE blocks: x + x · gate(mean x)
  @Test func `adds a gated value to itself by a larger gate`() throws {
    let head = """
      input %x : float32[1, 4, 5, 5]
      %w = constant float32[4, 4, 1, 1] random 1
      %q = \(Text.reduce("mean", "x", [2, 3]))
      %g = \(Text.conv("q", "w"))
      %t = \(Text.binary("multiply", "x", "g"))
      %s = \(Text.binary("add", "x", "t"))
      %y = \(Text.unary("relu", "s"))
      output %y

      """
    #expect(try simplified(head).summary == ["Reduce", "Conv", "multiply+relu"])
    #expect(try simplified(head + "output %t").summary.contains("add+relu"))
  }

  /// d = x − mean(x), v = mean(d²), y = d / √(v + ε) · γ + β, as PyTorch exports before opset 17.
  private func layerNormalization(axis: Int, root: String, parameters: [Int]) -> String {
    """
    input %x : float32[2, 3, 4, 5]
    %eps = constant float32[] [1e-5]
    %two = constant float32[] [2]
    %half = constant float32[] [0.5]
    %gamma = constant float32\(parameters) random 1
    %beta = constant float32\(parameters) random 2
    %m = \(Text.reduce("mean", "x", [axis]))
    %d = \(Text.binary("subtract", "x", "m"))
    %q = \(Text.binary("power", "d", "two"))
    %v = \(Text.reduce("mean", "q", [axis]))
    %e = \(Text.binary("add", "v", "eps"))
    %r = \(root)
    %n = \(Text.binary("divide", "d", "r"))
    %s = \(Text.binary("multiply", "gamma", "n"))
    %y = \(Text.binary("add", "s", "beta"))
    output %y
    """
  }

  @Test(arguments: [Text.unary("sqrt", "e"), Text.binary("power", "e", "half")])
  func `finds a layer normalization`(root: String) throws {
    let graph = try simplified(layerNormalization(axis: 3, root: root, parameters: [5]))
    #expect(graph.summary == ["LayerNormalization"])
    #expect(graph.operators(LayerNormalization.self)[0].epsilon == 1e-5)
  }

  /// As ConvNeXt normalizes over the channels of NCHW.
  @Test func `finds a normalization over the channels`() throws {
    let graph = try simplified(
      layerNormalization(axis: 1, root: Text.unary("sqrt", "e"), parameters: [3, 1, 1]))
    #expect(graph.summary == ["MeanVarianceNormalization", "multiply", "add"])
    #expect(graph.operators(MeanVarianceNormalization.self)[0].axes == [1])
  }

  @Test func `leaves a normalization alone whose mean is of something else`() throws {
    let text = layerNormalization(axis: 3, root: Text.unary("sqrt", "e"), parameters: [5])
      .replacing("\(Text.reduce("mean", "q", [3]))", with: Text.reduce("mean", "q", [2]))
    #expect(try simplified(text).summary.contains("sqrt"))
  }

  @Test func `finds vectors divided by their length`() throws {
    let norm = "%n = \(Text.reduce("l2", "x", [1]))\n%c = \(Text.unary("clip", "n", 1e-12, .infinity))\n"
    let sums =
      "%q = \(Text.binary("multiply", "x", "x"))\n%s = \(Text.reduce("sum", "q", [1]))\n"
      + "%c = \(Text.unary("sqrt", "s"))\n"
    for lines in [norm, norm + "%e = Expand(%c) {shape = [2, 3, 4]}\n", sums] {
      let last = lines.contains("Expand") ? "e" : "c"
      let graph = try simplified(
        "input %x : float32[2, 3, 4]\n\(lines)%y = \(Text.binary("divide", "x", last))\noutput %y")
      #expect(graph.operators(LpNormalization.self) == [LpNormalization(axis: 1)])
      #expect(graph.nodes.count == 1)
    }
  }
}

extension String {
  /// The text with one part, which must be in it, replaced.
  fileprivate func replacing(_ part: String, with other: String) -> String {
    let parts = split(separator: part, omittingEmptySubsequences: false)
    precondition(parts.count > 1)
    return parts.joined(separator: other)
  }
}
