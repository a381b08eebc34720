public import EspalierGraph

/// `y = activation(kind(a, b))`, with a and b broadcast to one shape.
///
/// Integers are computed in their own type, wrapping around as two's complement does; division cuts toward
/// zero. `activation` is what passes fuse into the operator; ONNX itself has none.
///
/// Source: ONNX `Add`, `Sub`, `Mul`, `Div`, `Pow`, `Mod`, `Equal`, …, `And`, `Or`, `Xor`, `BitShift`,
/// `BitwiseAnd`, …, opset 7 and later (NumPy-style broadcasting).
public struct Binary: LowerableOperator {
  /// The cases up to `prelu` stand in the order of `espalier_binary`: their position is its number.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case add, subtract, multiply, divide, maximum, minimum, power
    /// The sign of a, as C's fmod.
    case modulo
    /// The sign of b, as Python's %.
    case floorModulo
    case equal, less, lessOrEqual, greater, greaterOrEqual, and, or, xor
    /// `a < 0 ? a b : a`, b broadcast to a's shape.
    case prelu
    case shiftLeft, shiftRight, bitwiseAnd, bitwiseOr, bitwiseXor
  }

  public static let name = "Binary"
  public static var onnxNames: [String] { kinds.keys.sorted() + ["Mod", "BitShift"] }

  public let kind: Kind
  public let activation: ElementFunction

  /// - Precondition: An activation other than identity fits epilogues, and the kind computes numbers.
  public init(_ kind: Kind, activation: ElementFunction = .identity) {
    precondition(activation == .identity || (activation.fitsEpilogue && !kind.givesTruthValues))
    self.kind = kind
    self.activation = activation
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .coupled(inputs) }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    switch kind {
    case .add, .subtract, .multiply, .maximum, .minimum, .prelu: .requantized
    case .divide, .power, .modulo, .floorModulo: .float(reason: "8 bits are too few for \(kind.rawValue)")
    case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or, .xor:
      .float(reason: "truth values have no scale")
    case .shiftLeft, .shiftRight, .bitwiseAnd, .bitwiseOr, .bitwiseXor:
      .float(reason: "bit patterns have no scale")
    }
  }
}

extension Binary.Kind {
  /// The number in `espalier_binary`; nil where no kernel computes it.
  var kernelCode: Int32? {
    guard let index = Self.allCases.firstIndex(of: self), let last = Self.allCases.firstIndex(of: .prelu)
    else { return nil }
    return index <= last ? Int32(index) : nil
  }

  var isComparison: Bool {
    switch self {
    case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual: true
    default: false
    }
  }

  var isLogic: Bool { self == .and || self == .or || self == .xor }

  var isBitwise: Bool {
    switch self {
    case .shiftLeft, .shiftRight, .bitwiseAnd, .bitwiseOr, .bitwiseXor: true
    default: false
    }
  }

  /// Whether the result is true or false rather than a number.
  public var givesTruthValues: Bool { isComparison || isLogic }
}

// MARK: - Import

extension Binary {
  private static let kinds: [String: Kind] = [
    "Add": .add, "Sub": .subtract, "Mul": .multiply, "Div": .divide, "Pow": .power,
    "Equal": .equal, "Less": .less, "LessOrEqual": .lessOrEqual, "Greater": .greater,
    "GreaterOrEqual": .greaterOrEqual, "And": .and, "Or": .or, "Xor": .xor,
    "BitwiseAnd": .bitwiseAnd, "BitwiseOr": .bitwiseOr, "BitwiseXor": .bitwiseXor,
  ]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (a, b) = (try node.requiredInput(0), try node.requiredInput(1))
    return try builder.add(
      Binary(try kind(of: node)), [a.value, b.value], outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    switch kind {
    case .bitwiseAnd, .bitwiseOr, .bitwiseXor: throw builder.noForm("\(kind.rawValue) came with opset 18")
    case .shiftLeft: builder.write("BitShift", attributes: ["direction": .string("LEFT")])
    case .shiftRight: builder.write("BitShift", attributes: ["direction": .string("RIGHT")])
    case .modulo: builder.write("Mod", attributes: ["fmod": .flag(true)])
    case .floorModulo: builder.write("Mod", attributes: ["fmod": .flag(false)])
    case .maximum: builder.write("Max", then: activation)
    case .minimum: builder.write("Min", then: activation)
    case .prelu: builder.write("PRelu", then: activation)
    default:
      guard let name = Self.kinds.first(where: { $0.value == kind })?.key else {
        throw builder.noForm("\(kind.rawValue) has no operator")
      }
      builder.write(name, then: activation)
    }
  }

  private static func kind(of node: ImportedNode) throws(ImportError) -> Kind {
    if let kind = kinds[node.type] { return kind }
    if node.type == "Mod" { return try node.int("fmod") ?? 0 == 0 ? .floorModulo : .modulo }
    switch try node.string("direction") {
    case "LEFT": return .shiftLeft
    case "RIGHT": return .shiftRight
    case let other:
      throw node.invalid("direction", "must be 'LEFT' or 'RIGHT', but is '\(other ?? "")'")
    }
  }
}

// MARK: - Output types

extension Binary {
  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2 else { throw .inputCount(expected: "2", found: inputs.count) }
    let (a, b) = (inputs[0], inputs[1])
    try checkElements(a, b)
    guard let shape = a.shape.broadcast(with: b.shape), kind != .prelu || shape == a.shape else {
      throw .broadcast(a, b)
    }
    return [TensorType(kind.givesTruthValues ? .bool : a.element, shape)]
  }

  private func checkElements(_ a: TensorType, _ b: TensorType) throws(ShapeError) {
    guard kind == .power || a.element == b.element else {
      throw .element(input: 1, expected: a.element.rawValue, found: b)
    }
    if kind.isLogic, a.element != .bool {
      throw .element(input: 0, expected: "truth values", found: a)
    }
    if kind.isBitwise, a.element.isFloating || a.element == .bool {
      throw .element(input: 0, expected: "integers", found: a)
    }
    if activation != .identity, !a.element.isFloating {
      throw .element(input: 0, expected: "floats, which \(activation.kind.rawValue) needs", found: a)
    }
  }
}
