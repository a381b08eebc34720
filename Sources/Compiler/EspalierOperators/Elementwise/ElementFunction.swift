internal import EspalierKernels
internal import Foundation

/// A function of one float, as unary operators and kernel epilogues compute it.
///
/// The cases stand in the order of `espalier_function` (espalier_parameters.h): the raw value is its number.
public struct ElementFunction: Sendable, Codable, Equatable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case identity, relu, clip, leakyRelu, hardSigmoid, hardSwish, sigmoid, silu, tanh
    case exp, log, sqrt, reciprocal, abs, neg, floor, ceil, round, sign, elu, selu, celu, softplus, softsign
    case thresholdedRelu, erf, geluErf, geluTanh, mish, sin, cos, tan, asin, acos, atan, sinh, cosh
    case asinh, acosh, atanh, not, isNaN, isInf, shrink, truncate, affine, bool
  }

  public var kind: Kind
  /// Meaning by kind; see `apply`.
  public var alpha: Float
  public var beta: Float

  public init(_ kind: Kind, alpha: Float = 0, beta: Float = 0) {
    self.kind = kind
    self.alpha = alpha
    self.beta = beta
  }

  public static let identity = ElementFunction(.identity)
  public static let relu = ElementFunction(.relu)

  /// The number of the function in `espalier_function`.
  public var kernelCode: Int32 { Int32(Kind.allCases.firstIndex(of: kind) ?? 0) }

  /// Whether convolution and binary kernels can compute it on the way out.
  public var fitsEpilogue: Bool { kernelCode <= ElementFunction(.tanh).kernelCode }
}

// MARK: - Definition

extension ElementFunction {
  /// The function's value by its definition.
  public func apply(_ x: Float) -> Float {
    switch kind {
    case .identity: x
    case .relu: x < 0 ? 0 : x
    case .clip: x.isNaN ? x : Swift.min(Swift.max(x, alpha), beta)
    case .leakyRelu: x < 0 ? alpha * x : x
    case .hardSigmoid: x.isNaN ? x : Swift.max(0, Swift.min(1, alpha * x + beta))
    case .hardSwish: x.isNaN ? x : x * Swift.max(0, Swift.min(1, x / 6 + 0.5))
    case .sigmoid: 1 / (1 + Foundation.exp(-x))
    case .silu: x / (1 + Foundation.exp(-alpha * x))
    case .tanh: Foundation.tanh(x)
    case .affine: x.isNaN ? x : beta.addingProduct(alpha, x)
    default: applyRare(x)
    }
  }

  private func applyRare(_ x: Float) -> Float {
    switch kind {
    case .exp: Foundation.exp(x)
    case .log: Foundation.log(x)
    case .sqrt: x.squareRoot()
    case .reciprocal: 1 / x
    case .abs: Swift.abs(x)
    case .neg: -x
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .truncate: x.rounded(.towardZero)
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .elu: x < 0 ? alpha * Foundation.expm1(x) : x
    case .selu: beta * (x < 0 ? alpha * Foundation.expm1(x) : x)
    case .celu: x < 0 ? Swift.min(0, alpha * Foundation.expm1(x / alpha)) : x
    case .softplus: Swift.max(x, 0) + Foundation.log1p(Foundation.exp(-Swift.abs(x)))
    case .softsign: x / (1 + Swift.abs(x))
    case .thresholdedRelu: x <= alpha ? 0 : x
    case .shrink: x < -alpha ? x + beta : x > alpha ? x - beta : x.isNaN ? x : 0
    default: applyTranscendental(x)
    }
  }

  private func applyTranscendental(_ x: Float) -> Float {
    switch kind {
    case .erf: Foundation.erf(x)
    case .geluErf: 0.5 * x * Foundation.erfc(-x * Float(0.5).squareRoot())
    case .geluTanh:
      x / (1 + Foundation.exp(Float(-1.595_769_1) * (x + 0.044715 * x * x * x)))
    case .mish: x * Foundation.tanh(Swift.max(x, 0) + Foundation.log1p(Foundation.exp(-Swift.abs(x))))
    case .sin: Foundation.sin(x)
    case .cos: Foundation.cos(x)
    case .tan: Foundation.tan(x)
    case .asin: Foundation.asin(x)
    case .acos: Foundation.acos(x)
    case .atan: Foundation.atan(x)
    case .sinh: Foundation.sinh(x)
    case .cosh: Foundation.cosh(x)
    case .asinh: Foundation.asinh(x)
    case .acosh: Foundation.acosh(x)
    case .atanh: Foundation.atanh(x)
    default: applyTest(x)
    }
  }

  /// The kinds that answer a question with 1 or 0.
  private func applyTest(_ x: Float) -> Float {
    let holds =
      switch kind {
      case .not: x == 0
      case .bool: x != 0
      case .isNaN: x.isNaN
      default: x.isInfinite && (x < 0 ? alpha != 0 : beta != 0)
      }
    return holds ? 1 : 0
  }
}
