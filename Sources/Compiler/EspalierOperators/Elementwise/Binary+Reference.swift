public import EspalierGraph
internal import Foundation

extension Binary {
  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let (a, b) = (inputs[0], inputs[1])
    guard let shape = a.shape.broadcast(with: b.shape) else {
      throw .invalid("\(a.type) and \(b.type) do not broadcast")
    }
    let pairs = (a.shape.broadcastOffsets(to: shape), b.shape.broadcastOffsets(to: shape))
    switch (a.storage, b.storage) {
    case (.floats(let x), .floats(let y)):
      return [floats(x, y, pairs, shape, a.type.element)]
    case (.integers(let x), .integers(let y)):
      return [try integers(x, y, pairs, shape, a.type.element)]
    case (.floats(let x), .integers):
      return [floats(x, b.asFloats, pairs, shape, a.type.element)]
    case (.integers, .floats(let y)):
      let powers = zip(pairs.0, pairs.1).map { offsets in
        pow(Double(a.integers[offsets.0]), Double(y[offsets.1]))
      }
      return [Tensor(shape: shape, element: a.type.element, integers: powers.map(a.type.element.truncating))]
    }
  }

  private func floats(
    _ x: [Float], _ y: [Float], _ offsets: ([Int], [Int]), _ shape: Shape, _ element: ElementType
  ) -> Tensor {
    let result = zip(offsets.0, offsets.1).map { activation.apply(kind.apply(x[$0.0], y[$0.1])) }
    return kind.givesTruthValues
      ? Tensor(shape: shape, booleans: result.map { $0 != 0 })
      : Tensor(shape: shape, element: element, floats: result)
  }

  private func integers(
    _ x: [Int64], _ y: [Int64], _ offsets: ([Int], [Int]), _ shape: Shape, _ element: ElementType
  ) throws(EvaluationError) -> Tensor {
    let arithmetic = IntegerArithmetic(element)
    var result: [Int64] = []
    result.reserveCapacity(offsets.0.count)
    for (i, j) in zip(offsets.0, offsets.1) {
      result.append(try arithmetic.apply(kind, x[i], y[j]))
    }
    return Tensor(shape: shape, element: kind.givesTruthValues ? .bool : element, integers: result)
  }
}

extension Binary.Kind {
  /// The value for floats; truth values are 1 and 0, a NaN wins in maximum and minimum.
  func apply(_ a: Float, _ b: Float) -> Float {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .maximum: a.isNaN ? a : b.isNaN ? b : Swift.max(a, b)
    case .minimum: a.isNaN ? a : b.isNaN ? b : Swift.min(a, b)
    case .power: Foundation.pow(a, b)
    case .modulo: fmod(a, b)
    case .floorModulo: Self.floorModulo(a, b)
    case .prelu: a < 0 ? a * b : a
    default: holds(a, b) ? 1 : 0
    }
  }

  private static func floorModulo(_ a: Float, _ b: Float) -> Float {
    let remainder = fmod(a, b)
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
  }

  /// Whether a comparison or logic holds.
  ///
  /// - Precondition: The kind gives truth values.
  func holds<Number: Comparable & ExpressibleByIntegerLiteral>(_ a: Number, _ b: Number) -> Bool {
    switch self {
    case .equal: a == b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    case .and: a != 0 && b != 0
    case .or: a != 0 || b != 0
    case .xor: (a != 0) != (b != 0)
    default: preconditionFailure("\(self) gives numbers")
    }
  }
}
