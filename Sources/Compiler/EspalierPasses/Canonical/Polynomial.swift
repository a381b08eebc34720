internal import EspalierGraph
internal import EspalierOperators

/// A value that is computed from another by sums and products: `c₀ + c₁x + c₂x² + c₃x³`.
///
/// Exporters write the same polynomial in many ways; comparing coefficients recognizes them all.
struct Polynomial {
  /// From the constant term up; never more than four.
  private(set) var coefficients: [Double]

  private init(_ coefficients: [Double]) { self.coefficients = coefficients }

  /// Nil where `value` is no such polynomial of `x`.
  init?(_ value: ValueID, in x: ValueID, of graph: Graph, depth: Int = 0) {
    func part(_ input: ValueID) -> Polynomial? { Polynomial(input, in: x, of: graph, depth: depth + 1) }
    if value == x {
      self.init([0, 1])
      return
    }
    if let number = graph.uniformConstant(value) {
      self.init([Double(number)])
      return
    }
    guard depth < 8, let node = graph.producer(of: value) else { return nil }
    var found: Polynomial?
    switch node.op {
    case let unary as Unary where unary.function.kind == .neg: found = part(node.inputs[0])?.scaled(by: -1)
    case let unary as Unary where unary.function.kind == .affine:
      found = part(node.inputs[0])?.scaled(by: Double(unary.function.alpha))
        .plus(Polynomial([Double(unary.function.beta)]))
    case let binary as Binary where binary.activation == .identity:
      guard let a = part(node.inputs[0]), let b = part(node.inputs[1]) else { return nil }
      found = Self.combined(binary.kind, a, b)
    default: return nil
    }
    guard let found, found.coefficients.count <= 4 else { return nil }
    self = found
  }

  /// Whether the coefficients are these, each to within 0.01 % of the largest.
  func isClose(to expected: [Double]) -> Bool {
    let largest = expected.map(\.magnitude).max() ?? 1
    return (0..<max(coefficients.count, expected.count)).allSatisfy { power in
      abs(self[power] - (power < expected.count ? expected[power] : 0)) <= 1e-4 * largest
    }
  }

  /// The coefficient of a power; 0 beyond the highest.
  subscript(power: Int) -> Double { power < coefficients.count ? coefficients[power] : 0 }

  /// Whether there is nothing but `c₁x + c₀`, c₁ not 0.
  var isLinear: Bool { self[1] != 0 && coefficients.dropFirst(2).allSatisfy { $0 == 0 } }

  private static func combined(_ kind: Binary.Kind, _ a: Polynomial, _ b: Polynomial) -> Polynomial? {
    switch kind {
    case .add: return a.plus(b)
    case .subtract: return a.plus(b.scaled(by: -1))
    case .multiply: return a.times(b)
    case .divide where b.coefficients.count == 1 && b[0] != 0: return a.scaled(by: 1 / b[0])
    case .power where b.coefficients == [2]: return a.times(a)
    case .power where b.coefficients == [3]: return a.times(a).times(a)
    default: return nil
    }
  }

  func scaled(by factor: Double) -> Polynomial { Polynomial(coefficients.map { $0 * factor }) }

  private func plus(_ other: Polynomial) -> Polynomial {
    let count = max(coefficients.count, other.coefficients.count)
    return Polynomial((0..<count).map { self[$0] + other[$0] })
  }

  private func times(_ other: Polynomial) -> Polynomial {
    var product = [Double](repeating: 0, count: coefficients.count + other.coefficients.count - 1)
    for (i, a) in coefficients.enumerated() {
      for (j, b) in other.coefficients.enumerated() { product[i + j] += a * b }
    }
    return Polynomial(product)
  }
}
