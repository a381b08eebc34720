import EspalierGraph
import EspalierOperators
import Testing

/// Graphs as tf2onnx writes them: everything but convolutions and pools between transposes.
@Suite("Sinking transposes") struct LayoutTests {
  /// x → Conv → Transpose to NHWC → the lines (from `t` to `u`) → Transpose to NCHW → Conv → y
  private func network(_ lines: String, channels: Int = 4) -> String {
    """
    input %x : float32[1, 3, 6, 8]
    %w = constant float32[4, 3, 3, 3] random 1
    %v = constant float32[2, \(channels), 1, 1] random 2
    %c = \(Text.conv("x", "w", pad: 1))
    %t = \(Text.transpose("c", [0, 2, 3, 1]))
    \(lines)
    %n = \(Text.transpose("u", [0, 3, 1, 2]))
    %y = \(Text.conv("n", "v"))
    output %y
    """
  }

  private func operators(_ lines: String, channels: Int = 4) throws -> [String] {
    try simplified(network(lines, channels: channels)).summary
  }

  @Test func `takes both transposes out where an activation stands between them`() throws {
    #expect(try operators("%u = \(Text.unary("relu", "t"))") == ["Conv+relu", "Conv"])
  }

  @Test func `adds a bias and a batch normalization in channels-last order`() throws {
    let lines = """
      %b = constant float32[4] random 3
      %k = constant float32[1, 1, 1, 4] random 4
      %s = \(Text.binary("add", "t", "b"))
      %m = \(Text.binary("multiply", "s", "k"))
      %u = \(Text.unary("relu", "m"))
      """
    #expect(try operators(lines) == ["Conv+relu", "Conv"])
  }

  @Test func `joins two branches along the last axis`() throws {
    let lines = """
      %c2 = \(Text.conv("x", "w", pad: 1))
      %t2 = \(Text.transpose("c2", [0, 2, 3, 1]))
      %r = \(Text.unary("sigmoid", "t2"))
      %u = \(Text.concat("t", "r", axis: 3))
      """
    let graph = try simplified(network(lines, channels: 8))
    #expect(graph.summary.sorted() == ["Concat", "Conv", "Conv", "Conv+sigmoid"])
    #expect(graph.operators(Concat.self).map(\.axis) == [1])
  }

  @Test func `adds a shortcut`() throws {
    let lines = """
      %c2 = \(Text.conv("x", "w", pad: 1))
      %t2 = \(Text.transpose("c2", [0, 2, 3, 1]))
      %s = \(Text.binary("add", "t", "t2"))
      %u = \(Text.unary("relu", "s"))
      """
    #expect(try operators(lines) == ["Conv", "Conv+r+relu", "Conv"])
  }

  @Test func `pads, cuts, splits and resamples`() throws {
    #expect(
      try operators("%u = \(Text.pad("t", [0, 1, 2, 0], [0, 0, 1, 0], value: 2))") == ["Conv", "Pad", "Conv"])
    #expect(
      try operators("%u = \(Text.slice("t", [(1, 0, 6, 2), (-2, 1, 7, 1)]))") == ["Conv", "Slice", "Conv"])
    let split = "%a, %b = Split(%t) {axis = 3, sizes = [1, 3]}\n%u = \(Text.concat("b", "a", axis: 3))"
    let graph = try simplified(network(split))
    #expect(graph.summary == ["Conv", "Split", "Concat", "Conv"])
    #expect(graph.operators(Split.self).map(\.axis) == [1])
    let resize = """
      %u = Resize(%t) {mode = "linear", coordinates = "half_pixel", nearest = "floor", cubicCoefficient = -0.75, \
      excludesOutside = false, antialiases = false, extrapolationValue = 0, \
      axes = [{axis = 1, extent = 12, scale = 2, length = 12, start = 0, end = 1}, \
      {axis = 2, extent = 16, scale = 2, length = 16, start = 0, end = 1}]}
      """
    #expect(try operators(resize) == ["Conv", "Resize", "Conv"])
  }

  @Test func `folds a pad that stood between the transposes into the convolution`() throws {
    #expect(try operators("%u = \(Text.pad("t", [0, 1, 1, 0], [0, 1, 1, 0]))") == ["Conv", "Conv"])
  }

  @Test func `normalizes and weighs over the last axis`() throws {
    let softmax = "%u = Softmax(%t) {kind = \"plain\", axis = 3, flattens = false}"
    let graph = try simplified(network(softmax))
    #expect(graph.summary == ["Conv", "Softmax", "Conv"])
    #expect(graph.operators(Softmax.self).map(\.axis) == [1])
    let norm = """
      %gamma = constant float32[4] random 7
      %beta = constant float32[4] random 8
      %u = LayerNormalization(%t, %gamma, %beta) \
      {axis = 3, epsilon = 1e-5, centers = true, hasBias = true, outputCount = 1}
      """
    // What the normalization scales and shifts goes into the convolution behind it.
    #expect(try operators(norm) == ["Conv", "MeanVarianceNormalization", "Conv"])
  }

  @Test func `makes products with a matrix convolutions of one tap`() throws {
    let lines = """
      %m = constant float32[4, 5] random 9
      %b = constant float32[5] random 10
      %p = MatMul(%t, %m)
      %s = \(Text.binary("add", "p", "b"))
      %u = \(Text.unary("relu", "s"))
      """
    #expect(try operators(lines, channels: 5) == ["Conv", "Conv+relu", "Conv"])
  }

  @Test func `squeezes and excites`() throws {
    let lines = """
      %k = constant float32[4, 4, 1, 1] random 5
      %q = \(Text.reduce("mean", "t", [1, 2]))
      %qn = \(Text.transpose("q", [0, 3, 1, 2]))
      %e = \(Text.conv("qn", "k"))
      %et = \(Text.transpose("e", [0, 2, 3, 1]))
      %g = \(Text.unary("sigmoid", "et"))
      %u = \(Text.binary("multiply", "t", "g"))
      """
    #expect(try operators(lines) == ["Conv", "Reduce", "Conv+sigmoid", "multiply", "Conv"])
  }

  @Test func `squeezes and excites through matrix products`() throws {
    let lines = """
      %k = constant float32[4, 4] random 5
      %q = \(Text.reduce("mean", "t", [1, 2], keepsAxes: false))
      %e = MatMul(%q, %k)
      %g = \(Text.unary("sigmoid", "e"))
      %r = \(Text.reshape("g", [1, 1, 1, 4]))
      %u = \(Text.binary("multiply", "t", "r"))
      """
    #expect(try operators(lines) == ["Conv", "Reduce", "Gemm+sigmoid", "Reshape", "multiply", "Conv"])
  }

  @Test func `leaves the transpose of an output behind everything else`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 3, 4, 4]
      %t = \(Text.transpose("x", [0, 2, 3, 1]))
      %y = \(Text.unary("relu", "t"))
      output %y
      """)
    #expect(graph.summary == ["relu", "Transpose"])
  }

  @Test func `moves other permutations only to where they cancel`() throws {
    let softmax = "%s = Softmax(%t) {kind = \"plain\", axis = 3, flattens = false}\n"
    let head = "input %x : float32[1, 3, 4, 5]\n%t = \(Text.transpose("x", [0, 3, 2, 1]))\n" + softmax
    let pair = try simplified(head + "%y = \(Text.transpose("s", [0, 3, 2, 1]))\noutput %y")
    #expect(pair.summary == ["Softmax"])
    #expect(try simplified(head + "output %s").summary == ["Transpose", "Softmax"])
  }

  @Test func `makes reshapes of transposes that move nothing, and one of several`() throws {
    let graph = try simplified(
      """
      input %x : float32[2, 5, 1, 1]
      %t = \(Text.transpose("x", [0, 2, 3, 1]))
      %r = \(Text.reshape("t", [2, 5]))
      %y = Flatten(%r) {axis = 0}
      output %y
      """)
    #expect(graph.summary == ["Reshape"])
  }
}
