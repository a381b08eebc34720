internal import EspalierGraph

/// The ONNX operators that are a function of one element, with their attributes' defaults.
enum UnaryTable {
  /// Where a function's `alpha` and `beta` come from.
  struct Entry {
    var kind: ElementFunction.Kind
    var alpha: Parameter?
    var beta: Parameter?
  }

  /// A float attribute and the value that it has where the node does not say.
  struct Parameter {
    var attribute: String
    var fallback: Float
  }

  static var onnxNames: [String] { (Array(plain.keys) + Array(parametrized.keys) + special).sorted() }

  /// The function that a node computes.
  ///
  /// - Precondition: The node's type is one of `onnxNames`.
  static func function(of node: ImportedNode) throws(ImportError) -> ElementFunction {
    if let kind = plain[node.type] { return ElementFunction(kind) }
    if let entry = parametrized[node.type] {
      return ElementFunction(
        entry.kind, alpha: try value(of: entry.alpha, node), beta: try value(of: entry.beta, node))
    }
    return node.type == "Gelu" ? try gelu(node) : try isInf(node)
  }

  /// The ONNX operator that is the function alone, with its attributes; nil where it takes several, or inputs,
  /// or a later opset than exports have.
  static func exported(_ function: ElementFunction) -> (type: String, attributes: [String: AttributeValue])? {
    if function.kind == .isInf {
      let (negative, positive) = (function.alpha != 0, function.beta != 0)
      return ("IsInf", ["detect_negative": .flag(negative), "detect_positive": .flag(positive)])
    }
    guard function.kind != .silu, function.kind != .mish else { return nil }
    if let plain = plain.first(where: { $0.value == function.kind }) { return (plain.key, [:]) }
    guard let entry = parametrized.first(where: { $0.value.kind == function.kind }) else { return nil }
    var attributes: [String: AttributeValue] = [:]
    if let alpha = entry.value.alpha { attributes[alpha.attribute] = .float(function.alpha) }
    if let beta = entry.value.beta { attributes[beta.attribute] = .float(function.beta) }
    return (entry.key, attributes)
  }

  private static func value(
    of parameter: Parameter?, _ node: ImportedNode
  ) throws(ImportError) -> Float {
    guard let parameter else { return 0 }
    return try node.float(parameter.attribute) ?? parameter.fallback
  }

  private static func gelu(_ node: ImportedNode) throws(ImportError) -> ElementFunction {
    switch try node.string("approximate") ?? "none" {
    case "none": return ElementFunction(.geluErf)
    case "tanh": return ElementFunction(.geluTanh)
    case let other: throw node.invalid("approximate", "must be 'none' or 'tanh', but is '\(other)'")
    }
  }

  private static func isInf(_ node: ImportedNode) throws(ImportError) -> ElementFunction {
    let negative = try node.int("detect_negative") ?? 1
    let positive = try node.int("detect_positive") ?? 1
    return ElementFunction(.isInf, alpha: negative != 0 ? 1 : 0, beta: positive != 0 ? 1 : 0)
  }

  private static let special = ["Gelu", "IsInf"]

  private static let plain: [String: ElementFunction.Kind] = [
    "Relu": .relu, "HardSwish": .hardSwish, "Sigmoid": .sigmoid, "Tanh": .tanh, "Exp": .exp, "Log": .log,
    "Sqrt": .sqrt, "Reciprocal": .reciprocal, "Abs": .abs, "Neg": .neg, "Floor": .floor, "Ceil": .ceil,
    "Round": .round, "Sign": .sign, "Softplus": .softplus, "Softsign": .softsign, "Erf": .erf,
    "Mish": .mish, "Sin": .sin, "Cos": .cos, "Tan": .tan, "Asin": .asin, "Acos": .acos, "Atan": .atan,
    "Sinh": .sinh, "Cosh": .cosh, "Asinh": .asinh, "Acosh": .acosh, "Atanh": .atanh, "Not": .not,
    "IsNaN": .isNaN,
  ]

  private static let parametrized: [String: Entry] = [
    "LeakyRelu": Entry(kind: .leakyRelu, alpha: Parameter(attribute: "alpha", fallback: 0.01)),
    "HardSigmoid": Entry(
      kind: .hardSigmoid, alpha: Parameter(attribute: "alpha", fallback: 0.2),
      beta: Parameter(attribute: "beta", fallback: 0.5)),
    "Elu": Entry(kind: .elu, alpha: Parameter(attribute: "alpha", fallback: 1)),
    "Selu": Entry(
      kind: .selu, alpha: Parameter(attribute: "alpha", fallback: 1.673_263_2),
      beta: Parameter(attribute: "gamma", fallback: 1.050_701)),
    "Celu": Entry(kind: .celu, alpha: Parameter(attribute: "alpha", fallback: 1)),
    "ThresholdedRelu": Entry(kind: .thresholdedRelu, alpha: Parameter(attribute: "alpha", fallback: 1)),
    "Shrink": Entry(
      kind: .shrink, alpha: Parameter(attribute: "lambd", fallback: 0.5),
      beta: Parameter(attribute: "bias", fallback: 0)),
    "Swish": Entry(kind: .silu, alpha: Parameter(attribute: "alpha", fallback: 1)),
  ]
}
