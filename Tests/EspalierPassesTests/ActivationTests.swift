import EspalierGraph
import EspalierOperators
import Testing

@Suite("Recognizing activations") struct ActivationTests {
  /// x → the lines → y
  private func network(_ lines: String) -> String {
    "input %x : float32[2, 3, 4, 4]\n\(Self.constants)\n\(lines)\noutput %y"
  }

  private static let constants = """
    %one = constant float32[] [1]
    %two = constant float32[] [2]
    %three = constant float32[1] [3]
    %six = constant float32[1, 1, 1, 1] [6]
    %half = constant float32[] [0.5]
    %sixth = constant float32[] [0.16666667]
    %zero = constant float32[] [0]
    %root = constant float32[] [1.4142135]
    %cubic = constant float32[] [0.044715]
    %slope = constant float32[] [0.7978846]
    """

  /// `g = clip(x + 3, 0, 6)` as PyTorch, Paddle and TensorFlow write it.
  private static let gate =
    "%a = \(Text.binary("add", "x", "three"))\n%g = \(Text.unary("clip", "a", 0, 6))\n"

  @Test(arguments: [
    // PaddlePaddle: x · clip(x + 3) / 6
    gate + "%p = \(Text.binary("multiply", "x", "g"))\n%y = \(Text.binary("divide", "p", "six"))",
    // Keras: (x · sixth) · clip, x · (clip · sixth)
    gate + "%p = \(Text.binary("multiply", "g", "sixth"))\n%y = \(Text.binary("multiply", "x", "p"))",
    gate + "%p = \(Text.binary("multiply", "sixth", "x"))\n%y = \(Text.binary("multiply", "p", "g"))",
    // tf2onnx: Relu, Min(6)
    "%a = \(Text.binary("add", "three", "x"))\n%r = \(Text.unary("relu", "a"))\n"
      + "%g = \(Text.binary("minimum", "r", "six"))\n%p = \(Text.binary("multiply", "g", "x"))\n"
      + "%y = \(Text.binary("multiply", "p", "sixth"))",
    // PyTorch up to opset 13
    "%g = \(Text.unary("hardSigmoid", "x", 1 / 6, 0.5))\n%y = \(Text.binary("multiply", "x", "g"))",
    // clip(x / 6 + 1/2, 0, 1)
    "%s = \(Text.binary("divide", "x", "six"))\n%a = \(Text.binary("add", "s", "half"))\n"
      + "%g = \(Text.unary("clip", "a", 0, 1))\n%y = \(Text.binary("multiply", "g", "x"))",
  ])
  func `finds HardSwish in every order of its factors`(lines: String) throws {
    #expect(try simplified(network(lines)).summary == ["hardSwish"])
  }

  @Test func `finds HardSwish whose sixth has gone into what follows`() throws {
    let graph = try simplified(
      network(
        Self.gate
          + """
          %p = \(Text.binary("multiply", "x", "g"))
          %q = \(Text.binary("divide", "p", "six"))
          %s = \(Text.binary("multiply", "q", "two"))
          %y = \(Text.binary("add", "s", "three"))
          """))
    #expect(graph.summary == ["hardSwish", "affine"])
    let scale = try #require(graph.operators(Unary.self).last).function
    #expect(abs(scale.alpha - 2) < 1e-5 && scale.beta == 3)
  }

  @Test(arguments: [
    gate + "%y = \(Text.binary("divide", "g", "six"))",
    gate + "%y = \(Text.binary("multiply", "sixth", "g"))",
  ])
  func `finds HardSigmoid`(lines: String) throws {
    let graph = try simplified(network(lines))
    #expect(graph.summary == ["hardSigmoid"])
    let function = graph.operators(Unary.self)[0].function
    #expect(abs(function.alpha - 1 / 6) < 1e-6 && abs(function.beta - 0.5) < 1e-6)
  }

  @Test(arguments: [
    "%g = \(Text.unary("sigmoid", "x"))\n%y = \(Text.binary("multiply", "x", "g"))",
    "%g = \(Text.unary("sigmoid", "x"))\n%y = \(Text.binary("multiply", "g", "x"))",
    // x / (1 + exp(−x))
    "%n = \(Text.unary("neg", "x"))\n%e = \(Text.unary("exp", "n"))\n%d = \(Text.binary("add", "one", "e"))\n"
      + "%y = \(Text.binary("divide", "x", "d"))",
  ])
  func `finds SiLU`(lines: String) throws {
    #expect(try simplified(network(lines)).summary == ["silu"])
  }

  @Test func `keeps the slope of a gate`() throws {
    let graph = try simplified(
      network(
        """
        %s = \(Text.binary("multiply", "x", "two"))
        %g = \(Text.unary("sigmoid", "s"))
        %y = \(Text.binary("multiply", "g", "x"))
        """))
    #expect(graph.summary == ["silu"])
    #expect(graph.operators(Unary.self)[0].function.alpha == 2)
  }

  @Test(arguments: ["one", "two"])
  func `finds Sigmoid in its exponential`(numerator: String) throws {
    let graph = try simplified(
      network(
        """
        %n = \(Text.unary("neg", "x"))
        %e = \(Text.unary("exp", "n"))
        %d = \(Text.binary("add", "e", "one"))
        %y = \(Text.binary("divide", numerator, "d"))
        """))
    #expect(graph.summary == (numerator == "one" ? ["sigmoid"] : ["sigmoid", "affine"]))
  }

  @Test func `finds Mish, with Softplus whole or in pieces`() throws {
    let tail = "%t = \(Text.unary("tanh", "s"))\n%y = \(Text.binary("multiply", "x", "t"))"
    #expect(try simplified(network("%s = \(Text.unary("softplus", "x"))\n" + tail)).summary == ["mish"])
    let pieces = """
      %e = \(Text.unary("exp", "x"))
      %d = \(Text.binary("add", "e", "one"))
      %s = \(Text.unary("log", "d"))

      """
    #expect(try simplified(network(pieces + tail), tolerance: 1e-4).summary == ["mish"])
  }

  /// `g = 1 + erf(x / √2)`
  private static let errorGate = """
    %d = \(Text.binary("divide", "x", "root"))
    %e = \(Text.unary("erf", "d"))
    %g = \(Text.binary("add", "e", "one"))

    """

  @Test(arguments: [
    // PyTorch: (x · (1 + erf)) · ½
    errorGate + "%p = \(Text.binary("multiply", "x", "g"))\n%y = \(Text.binary("multiply", "p", "half"))",
    // Keras: ½x · (1 + erf)
    errorGate + "%p = \(Text.binary("multiply", "half", "x"))\n%y = \(Text.binary("multiply", "p", "g"))",
    errorGate + "%p = \(Text.binary("multiply", "half", "g"))\n%y = \(Text.binary("multiply", "p", "x"))",
  ])
  func `finds GELU`(lines: String) throws {
    #expect(try simplified(network(lines)).summary == ["geluErf"])
  }

  @Test(arguments: [
    // x³ by Pow
    "%c = \(Text.binary("power", "x", "three"))\n%k = \(Text.binary("multiply", "c", "cubic"))\n"
      + "%i = \(Text.binary("add", "x", "k"))\n%a = \(Text.binary("multiply", "i", "slope"))\n",
    // x · (1 + 0.044715 x²)
    "%q = \(Text.binary("multiply", "x", "x"))\n%k = \(Text.binary("multiply", "cubic", "q"))\n"
      + "%l = \(Text.binary("add", "k", "one"))\n%m = \(Text.binary("multiply", "x", "slope"))\n"
      + "%a = \(Text.binary("multiply", "m", "l"))\n",
  ])
  func `finds GELU by the hyperbolic tangent`(cubic: String) throws {
    let tail = """
      %t = \(Text.unary("tanh", "a"))
      %g = \(Text.binary("add", "t", "one"))
      %p = \(Text.binary("multiply", "half", "x"))
      %y = \(Text.binary("multiply", "p", "g"))
      """
    #expect(try simplified(network(cubic + tail)).summary == ["geluTanh"])
  }

  @Test(arguments: [
    // Another gate, another slope, another shift, another bound.
    "%g = \(Text.unary("sigmoid", "z"))\n%y = \(Text.binary("multiply", "x", "g"))",
    "%a = \(Text.binary("add", "x", "two"))\n%g = \(Text.unary("clip", "a", 0, 6))\n"
      + "%y = \(Text.binary("multiply", "x", "g"))",
    "%a = \(Text.binary("add", "x", "three"))\n%g = \(Text.unary("clip", "a", 0, 5))\n"
      + "%y = \(Text.binary("multiply", "x", "g"))",
    "%e = \(Text.unary("erf", "x"))\n%g = \(Text.binary("add", "e", "one"))\n"
      + "%y = \(Text.binary("multiply", "x", "g"))",
  ])
  func `leaves what only looks alike`(lines: String) throws {
    let graph = try simplified("input %z : float32[2, 3, 4, 4]\n" + network(lines))
    let found: Set = ["silu", "hardSwish", "geluErf", "geluTanh", "mish"]
    #expect(found.isDisjoint(with: graph.summary))
  }

  @Test func `joins bounds`() throws {
    let relu = "%a = \(Text.binary("maximum", "x", "zero"))\n"
    #expect(try simplified(network(relu + "%y = \(Text.unary("relu", "a"))")).summary == ["relu"])
    let six = try simplified(network(relu + "%y = \(Text.binary("minimum", "six", "a"))"))
    #expect(six.operators(Unary.self).map(\.function) == [ElementFunction(.clip, alpha: 0, beta: 6)])
  }

  @Test func `finds LeakyRelu and PRelu`() throws {
    let slope = "%s = \(Text.binary("multiply", "x", "sixth"))\n%y = \(Text.binary("maximum", "s", "x"))"
    #expect(try simplified(network(slope)).summary == ["leakyRelu"])
    let halves = """
      %p = \(Text.unary("relu", "x"))
      %n = \(Text.unary("neg", "x"))
      %q = \(Text.unary("relu", "n"))

      """
    let uniform = "%s = \(Text.binary("multiply", "half", "q"))\n%y = \(Text.binary("subtract", "p", "s"))"
    let leaky = try simplified(network(halves + uniform))
    #expect(leaky.operators(Unary.self).map(\.function) == [ElementFunction(.leakyRelu, alpha: 0.5)])
    let perChannel = """
      %w = constant float32[3, 1, 1] [0.25, -0.5, 0.125]
      %s = \(Text.binary("multiply", "w", "q"))
      %y = \(Text.binary("add", "p", "s"))
      """
    #expect(try simplified(network(halves + perChannel)).summary == ["prelu"])
  }
}
