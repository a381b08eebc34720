import EspalierGraph
import EspalierOperators
import EspalierPasses
import Testing

/// Nodes in the text form, with the attributes that a test does not care about at their defaults.
enum Text {
  static func conv(
    _ inputs: String..., stride: Int = 1, pad: Int = 0, groups: Int = 1, activation: String = "identity",
    hasBias: Bool = false, hasResidual: Bool = false
  ) -> String {
    """
    Conv(\(list(inputs))) {strides = [\(stride), \(stride)], dilations = [1, 1], \
    pads = [\(pad), \(pad), \(pad), \(pad)], groups = \(groups), activation = \(function(activation)), \
    hasBias = \(hasBias), hasResidual = \(hasResidual)}
    """
  }

  static func transposedConv(_ inputs: String..., groups: Int = 1) -> String {
    """
    ConvTranspose(\(list(inputs))) {strides = [2, 2], dilations = [1, 1], pads = [0, 0, 0, 0], \
    outputPadding = [0, 0], groups = \(groups), activation = \(function("identity")), \
    hasBias = \(inputs.count > 2)}
    """
  }

  static func gemm(_ inputs: String..., alpha: Float = 1, beta: Float = 1, transposesB: Bool = false)
    -> String
  {
    """
    Gemm(\(list(inputs))) {alpha = \(alpha), beta = \(beta), transposesA = false, \
    transposesB = \(transposesB), hasAddend = \(inputs.count > 2), activation = \(function("identity"))}
    """
  }

  static func unary(_ kind: String, _ x: String, _ alpha: Float = 0, _ beta: Float = 0) -> String {
    "Unary(%\(x)) {function = \(function(kind, alpha, beta))}"
  }

  static func binary(_ kind: String, _ a: String, _ b: String) -> String {
    "Binary(%\(a), %\(b)) {kind = \"\(kind)\", activation = \(function("identity"))}"
  }

  static func maxPool(_ x: String, kernel: Int = 3, stride: Int = 2, pad: Int = 0) -> String {
    """
    MaxPool(%\(x)) {kernel = [\(kernel), \(kernel)], strides = [\(stride), \(stride)], dilations = [1, 1], \
    pads = [\(pad), \(pad), \(pad), \(pad)], roundsUp = false, givesIndices = false, countsColumns = false}
    """
  }

  static func averagePool(_ x: String, pad: Int = 0, roundsUp: Bool = false, countsPadding: Bool) -> String {
    """
    AveragePool(%\(x)) {kernel = [3, 3], strides = [2, 2], dilations = [1, 1], \
    pads = [\(pad), \(pad), \(pad), \(pad)], roundsUp = \(roundsUp), countsPadding = \(countsPadding)}
    """
  }

  static func pad(
    _ x: String, _ before: [Int], _ after: [Int], value: Float = 0, mode: String = "constant"
  ) -> String {
    "Pad(%\(x)) {mode = \"\(mode)\", value = \(value), before = \(before), after = \(after)}"
  }

  static func reduce(_ kind: String, _ x: String, _ axes: [Int], keepsAxes: Bool = true) -> String {
    "Reduce(%\(x)) {kind = \"\(kind)\", axes = \(axes), keepsAxes = \(keepsAxes)}"
  }

  /// A map of rank 4 with twice the pixels along each edge, as the nearest ones are.
  static func doubled(_ x: String, from extent: Int = 4) -> String {
    let axes = [2, 3].map {
      "{axis = \($0), extent = \(2 * extent), scale = 2, length = \(2 * extent), start = 0, end = 1}"
    }
    return """
      Resize(%\(x)) {mode = "nearest", coordinates = "asymmetric", nearest = "floor", \
      cubicCoefficient = -0.75, excludesOutside = false, antialiases = false, extrapolationValue = 0, \
      axes = [\(axes.joined(separator: ", "))]}
      """
  }

  static func transpose(_ x: String, _ permutation: [Int]) -> String {
    "Transpose(%\(x)) {permutation = \(permutation)}"
  }

  static func reshape(_ x: String, _ shape: [Int]) -> String {
    "Reshape(%\(x)) {shape = \(shape), allowsZero = false}"
  }

  static func concat(_ inputs: String..., axis: Int) -> String {
    "Concat(\(list(inputs))) {axis = \(axis)}"
  }

  /// - Parameter ranges: Axis, start, end and step of each.
  static func slice(_ x: String, _ ranges: [(Int, Int, Int, Int)]) -> String {
    let texts = ranges.map { "{axis = \($0.0), start = \($0.1), end = \($0.2), step = \($0.3)}" }
    return "Slice(%\(x)) {ranges = [\(texts.joined(separator: ", "))]}"
  }

  private static func list(_ names: [String]) -> String { names.map { "%\($0)" }.joined(separator: ", ") }

  private static func function(_ kind: String, _ alpha: Float = 0, _ beta: Float = 0) -> String {
    "{kind = \"\(kind)\", alpha = \(alpha), beta = \(beta)}"
  }
}

/// A graph from its text, which must be sound.
func graph(_ text: String) throws -> Graph {
  let operators = Dictionary(
    uniqueKeysWithValues: OperatorRegistry.operators.map { ($0.name, $0 as any Operator.Type) })
  let graph = try Graph(text: text, operators: operators)
  try Verifier.verify(graph)
  return graph
}

/// The graph of a text, simplified.
///
/// Holds it to what every simplification promises: the verifier accepts it, simplifying again finds nothing,
/// its outputs keep their names and types, and they hold the same numbers for seeded inputs.
///
/// - Parameter tolerance: Allowed difference, relative to the largest element of an output: folded weights
///   are rounded again.
func simplified(_ text: String, tolerance: Float = 1e-5) throws -> Graph {
  try simplified(try graph(text), tolerance: tolerance)
}

func simplified(_ original: Graph, tolerance: Float = 1e-5) throws -> Graph {
  var result = original
  try Pipeline.simplify(&result)
  try Verifier.verify(result)
  var again = result
  let counts = try Pipeline.simplify(&again).filter { $0.value > 0 }
  #expect(counts.isEmpty, "simplifying again found more to do")
  #expect(result.outputNames == original.outputNames)
  #expect(result.outputs.map(result.type) == original.outputs.map(original.type))
  #expect(result.inputs.map(result.type) == original.inputs.map(original.type))
  for seed in [UInt64(11), 12] { try expectEqual(original, result, seed: seed, tolerance: tolerance) }
  return result
}

private func expectEqual(_ original: Graph, _ result: Graph, seed: UInt64, tolerance: Float) throws {
  let inputs = original.inputs.enumerated().map { index, value in
    let tensor = Tensor.random(original.type(of: value), seed: seed + UInt64(100 * index))
    // Beyond −3 and 3, so that clipped functions clip.
    return Tensor(shape: tensor.shape, floats: tensor.floats.map { $0 * 5 })
  }
  let expected = try Interpreter.run(original, inputs: inputs)
  let found = try Interpreter.run(result, inputs: inputs)
  for (name, (expected, found)) in zip(original.outputNames, zip(expected, found)) {
    let bound = tolerance * (expected.asFloats.map(\.magnitude).max() ?? 0) + 1e-30
    let difference = zip(expected.asFloats, found.asFloats).map { abs($0 - $1) }.max() ?? 0
    #expect(difference <= bound, "\(name) differs by \(difference)")
  }
}

extension Graph {
  /// What is left, node by node: `Conv`, `Conv+relu` with an activation, `Conv+r+relu` with a residual,
  /// `affine` or `silu` for functions of one element, `add` or `add+relu` for those of two.
  var summary: [String] { nodes.map { summary(of: $0.op) } }

  private func summary(of op: any Operator) -> String {
    func with(_ activation: ElementFunction) -> String {
      activation == .identity ? "" : "+\(activation.kind.rawValue)"
    }
    return switch op {
    case let unary as Unary: unary.function.kind.rawValue
    case let binary as Binary: binary.kind.rawValue + with(binary.activation)
    case let conv as Conv: "Conv" + (conv.hasResidual ? "+r" : "") + with(conv.activation)
    case let conv as ConvTranspose: "ConvTranspose" + with(conv.activation)
    case let gemm as Gemm: "Gemm" + with(gemm.activation)
    default: op.name
    }
  }

  /// The operators of one type, in order.
  func operators<Kind: Operator>(_ kind: Kind.Type) -> [Kind] { nodes.compactMap { $0.op as? Kind } }
}
