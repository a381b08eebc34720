import EspalierGraph
import EspalierOperators
import Testing

@Suite("Folding scales and shifts") struct FoldTests {
  /// γ, β, μ and σ² of some channels.
  private func statistics(_ channels: Int) -> String {
    """
    %g = constant float32[\(channels)] random 21
    %b = constant float32[\(channels)] random 22
    %m = constant float32[\(channels)] random 23
    %s2 = constant float32[\(channels)] splat 0.75
    """
  }

  private func norm(_ x: String) -> String {
    "BatchNormalization(%\(x), %g, %b, %m, %s2) {epsilon = 1e-3}"
  }

  @Test(arguments: [1, 2])
  func `takes a batch normalization into the convolution before it`(groups: Int) throws {
    let graph = try simplified(
      """
      input %x : float32[2, 4, 5, 5]
      %w = constant float32[6, \(4 / groups), 3, 3] random 1
      %c = constant float32[6] random 2
      \(statistics(6))
      %t = \(Text.conv("x", "w", "c", pad: 1, groups: groups, hasBias: true))
      %n = \(norm("t"))
      %y = \(Text.unary("relu", "n"))
      output %y
      """)
    #expect(graph.summary == ["Conv+relu"])
  }

  @Test(arguments: [1, 2])
  func `takes a batch normalization into the transposed convolution before it`(groups: Int) throws {
    let graph = try simplified(
      """
      input %x : float32[2, 4, 3, 3]
      %w = constant float32[4, 3, 2, 2] random 1
      \(statistics(3 * groups))
      %t = \(Text.transposedConv("x", "w", groups: groups))
      %n = \(norm("t"))
      %y = \(Text.unary("relu", "n"))
      output %y
      """)
    #expect(graph.summary == ["ConvTranspose+relu"])
  }

  @Test(arguments: [true, false])
  func `takes a batch normalization into the matrix product before it`(transposesB: Bool) throws {
    let graph = try simplified(
      """
      input %x : float32[2, 4]
      %w = constant float32\(transposesB ? [6, 4] : [4, 6]) random 1
      %c = constant float32[6] random 2
      \(statistics(6))
      %t = \(Text.gemm("x", "w", "c", alpha: 0.5, beta: 2, transposesB: transposesB))
      %y = \(norm("t"))
      output %y
      """)
    #expect(graph.summary == ["Gemm"])
  }

  @Test(arguments: [1, 2])
  func `takes a batch normalization into the convolution behind it`(groups: Int) throws {
    let graph = try simplified(
      """
      input %x : float32[2, 4, 5, 5]
      %w = constant float32[6, \(4 / groups), 3, 3] random 1
      \(statistics(4))
      %n = \(norm("x"))
      %y = \(Text.conv("n", "w", groups: groups))
      output %y
      """)
    #expect(graph.summary == ["Conv"])
  }

  @Test func `leaves a shift before padding alone, but takes a scale`() throws {
    let head = "input %x : float32[2, 4, 5, 5]\n%w = constant float32[6, 4, 3, 3] random 1\n"
    let tail = "\n%y = \(Text.conv("n", "w", pad: 1))\noutput %y"
    let shifted = try simplified(head + statistics(4) + "\n%n = " + norm("x") + tail)
    #expect(shifted.summary == ["BatchNormalization", "Conv"])
    let scale = "%k = constant float32[4, 1, 1] random 5\n%n = \(Text.binary("multiply", "k", "x"))"
    #expect(try simplified(head + scale + tail).summary == ["Conv"])
  }

  @Test func `leaves a convolution alone that something else reads, or that has an activation`() throws {
    let head = """
      input %x : float32[1, 4, 5, 5]
      %w = constant float32[4, 4, 3, 3] random 1
      \(statistics(4))
      %t = \(Text.conv("x", "w"))

      """
    let read = try simplified(head + "%y = \(norm("t"))\noutput %y\noutput %t")
    #expect(read.summary == ["Conv", "BatchNormalization"])
    let active = try simplified(head + "%r = \(Text.unary("relu", "t"))\n%y = \(norm("r"))\noutput %y")
    #expect(active.summary == ["Conv+relu", "BatchNormalization"])
  }

  /// As DenseNet has it: the concatenation before has several readers, the convolution behind pads.
  @Test func `computes an activation with a batch normalization that nothing takes`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 4, 5, 5]
      %w = constant float32[6, 4, 3, 3] random 1
      \(statistics(4))
      %n = \(norm("x"))
      %r = \(Text.unary("relu", "n"))
      %y = \(Text.conv("r", "w", pad: 1))
      output %y
      """)
    #expect(graph.summary == ["Conv+relu", "Conv"])
    #expect(graph.operators(Conv.self)[0].groups == 4)
  }

  @Test func `scales the weights of one reader only where two share them`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 4, 5, 5]
      %w = constant float32[4, 4, 3, 3] random 1
      \(statistics(4))
      %t = \(Text.conv("x", "w"))
      %y = \(norm("t"))
      %z = \(Text.conv("x", "w", stride: 2))
      output %y
      output %z
      """)
    #expect(graph.summary == ["Conv", "Conv"])
  }

  /// [C] stands for the last axis in ONNX, not for the channels.
  @Test func `leaves what is scaled along another axis alone`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 4, 6, 6]
      %w = constant float32[4, 4, 3, 3] random 1
      %k = constant float32[4] random 2
      %t = \(Text.conv("x", "w"))
      %y = \(Text.binary("multiply", "t", "k"))
      output %y
      """)
    #expect(graph.summary == ["Conv", "multiply"])
  }

  @Test func `computes what constants decide, and drops what nothing reads`() throws {
    let graph = try simplified(
      """
      input %x : float32[2, 3]
      %c = constant float32[3, 2] random 1
      %c2 = constant float32[3] random 2
      %t = \(Text.transpose("c", [1, 0]))
      %k = \(Text.unary("exp", "t"))
      %a, %b = Split(%k) {axis = 0, sizes = [1, 1]}
      %j = \(Text.concat("b", "a", axis: 0))
      %dead = \(Text.unary("exp", "x"))
      %deader = \(Text.binary("add", "dead", "c2"))
      %y = \(Text.binary("add", "x", "j"))
      output %y
      """)
    #expect(graph.summary == ["add"])
  }

  @Test func `keeps the name of an output that turns out constant or equal to an input`() throws {
    let graph = try simplified(
      """
      input %x : float32[2, 3]
      %c = constant float32[3] random 1
      %k = \(Text.unary("exp", "c"))
      %i = Identity(%x)
      output %k as "constant"
      output %i as "same"
      """)
    #expect(graph.nodes.isEmpty)
    #expect(graph.outputNames == ["constant", "same"])
  }

  @Test func `makes names unique where a node is called as another node's value`() throws {
    let graph = try simplified(
      """
      input %x : float32[1, 2, 4, 4]
      %w = constant float32[2, 2, 1, 1] random 1
      %b = \(Text.conv("x", "w")) @a
      %c = \(Text.unary("relu", "b")) @b
      %a = \(Text.conv("c", "w")) @c
      %d = \(Text.unary("relu", "a")) @d
      output %c
      output %d
      """)
    #expect(graph.summary == ["Conv+relu", "Conv+relu"])
  }
}

@Suite("Fusing into convolutions") struct FuseTests {
  private let head = """
    input %x : float32[1, 4, 5, 5]
    input %r : float32[1, 4, 5, 5]
    %w = constant float32[4, 4, 3, 3] random 1
    %v = constant float32[4, 4, 1, 1] random 2
    %t = \(Text.conv("x", "w", pad: 1))

    """

  @Test(arguments: ["relu", "clip", "leakyRelu", "hardSigmoid", "hardSwish", "sigmoid", "silu", "tanh"])
  func `computes activations on the convolution's way out`(kind: String) throws {
    let graph = try simplified(head + "%y = \(Text.unary(kind, "t", 0.2, 0.7))\noutput %y")
    #expect(graph.summary == ["Conv+\(kind)"])
  }

  @Test func `leaves functions alone that no kernel has on its way out`() throws {
    #expect(try simplified(head + "%y = \(Text.unary("erf", "t"))\noutput %y").summary == ["Conv", "erf"])
  }

  @Test(arguments: [("t", "r"), ("r", "t")])
  func `adds a shortcut and activates, in both orders`(a: String, b: String) throws {
    let graph = try simplified(
      head + "%s = \(Text.binary("add", a, b))\n%y = \(Text.unary("relu", "s"))\noutput %y")
    #expect(graph.summary == ["Conv+r+relu"])
  }

  @Test func `adds a sum that several read`() throws {
    let graph = try simplified(
      head
        + """
        %s = \(Text.binary("add", "t", "r"))
        %y = \(Text.unary("relu", "s"))
        %z = \(Text.conv("s", "v"))
        output %y
        output %z
        """)
    #expect(graph.summary.sorted() == ["Conv", "Conv+r", "relu"])
  }

  @Test func `leaves an addition alone whose convolution has another reader`() throws {
    let graph = try simplified(head + "%y = \(Text.binary("add", "t", "r"))\noutput %y\noutput %t")
    #expect(graph.summary == ["Conv", "add"])
  }

  @Test func `leaves an addition alone that broadcasts or doubles`() throws {
    let broadcast =
      head + "%q = \(Text.reduce("mean", "r", [2, 3]))\n%y = \(Text.binary("add", "t", "q"))\noutput %y"
    #expect(try simplified(broadcast).summary.sorted() == ["Conv", "Reduce", "add"])
    #expect(
      try simplified(head + "%y = \(Text.binary("add", "t", "t"))\noutput %y").summary == ["Conv", "add"])
  }

  @Test func `leaves an activated convolution's sum alone`() throws {
    let text = head + "%a = \(Text.unary("relu", "t"))\n%y = \(Text.binary("add", "a", "r"))\noutput %y"
    #expect(try simplified(text).summary == ["Conv+relu", "add"])
  }

  @Test func `lets the later of two convolutions take the other's output`() throws {
    let graph = try simplified(
      head + "%u = \(Text.conv("r", "v"))\n%y = \(Text.binary("add", "u", "t"))\noutput %y")
    #expect(graph.summary == ["Conv", "Conv+r"])
  }

  /// A feature pyramid adds what it resamples after the lateral convolution.
  @Test func `lets a convolution wait for what it is added to`() throws {
    let graph = try simplified(
      head + "%u = \(Text.unary("exp", "r"))\n%y = \(Text.binary("add", "t", "u"))\noutput %y")
    #expect(graph.summary == ["exp", "Conv+r"])
  }
}
