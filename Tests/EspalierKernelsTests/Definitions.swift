import CEspalierKernels
import Foundation

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
private func clip(_ x: Double, _ low: Double, _ high: Double) -> Double {
  x.isNaN ? x : min(max(x, low), high)
}

/// What `espalier_function` promises of every function, in double precision.
func definition(_ function: espalier_function, _ x: Double, _ alpha: Double, _ beta: Double) -> Double {
  switch function {
  case espalier_function_identity: x
  case espalier_function_relu: x.isNaN ? x : max(x, 0)
  case espalier_function_clip: clip(x, alpha, beta)
  case espalier_function_leaky_relu: x < 0 ? alpha * x : x
  case espalier_function_hard_sigmoid: clip(alpha * x + beta, 0, 1)
  case espalier_function_hard_swish: x * clip(x / 6 + 0.5, 0, 1)
  case espalier_function_sigmoid: sigmoid(x)
  case espalier_function_silu: x * sigmoid(alpha * x)
  case espalier_function_tanh: tanh(x)
  case espalier_function_exp: exp(x)
  case espalier_function_log: log(x)
  case espalier_function_sqrt: x.squareRoot()
  case espalier_function_reciprocal: 1 / x
  case espalier_function_abs: abs(x)
  case espalier_function_neg: -x
  case espalier_function_floor: floor(x)
  case espalier_function_ceil: ceil(x)
  case espalier_function_round: x.rounded(.toNearestOrEven)
  case espalier_function_sign: x.isNaN ? x : x > 0 ? 1 : x < 0 ? -1 : 0
  case espalier_function_elu: x < 0 ? alpha * expm1(x) : x
  case espalier_function_selu: beta * (x < 0 ? alpha * expm1(x) : x)
  case espalier_function_celu: x.isNaN ? x : max(0, x) + min(0, alpha * expm1(x / alpha))
  case espalier_function_softplus: x.isNaN ? x : softplus(x)
  case espalier_function_softsign: x / (1 + abs(x))
  case espalier_function_thresholded_relu: x <= alpha ? 0 : x
  default: rareDefinition(function, x, alpha, beta)
  }
}

private func rareDefinition(
  _ function: espalier_function, _ x: Double, _ alpha: Double, _ beta: Double
) -> Double {
  switch function {
  case espalier_function_erf: erf(x)
  case espalier_function_gelu_erf: 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
  case espalier_function_gelu_tanh:
    0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  case espalier_function_mish: x.isNaN ? x : x * tanh(softplus(x))
  case espalier_function_sin: sin(x)
  case espalier_function_cos: cos(x)
  case espalier_function_tan: tan(x)
  case espalier_function_asin: asin(x)
  case espalier_function_acos: acos(x)
  case espalier_function_atan: atan(x)
  case espalier_function_sinh: sinh(x)
  case espalier_function_cosh: cosh(x)
  case espalier_function_asinh: asinh(x)
  case espalier_function_acosh: acosh(x)
  case espalier_function_atanh: atanh(x)
  case espalier_function_not: x == 0 ? 1 : 0
  case espalier_function_is_nan: x.isNaN ? 1 : 0
  case espalier_function_is_inf: x == .infinity && beta != 0 || x == -.infinity && alpha != 0 ? 1 : 0
  case espalier_function_shrink: x < -alpha ? x + beta : x > alpha ? x - beta : x.isNaN ? x : 0
  case espalier_function_truncate: trunc(x)
  case espalier_function_affine: alpha * x + beta
  case espalier_function_bool: x != 0 ? 1 : 0
  default: .signalingNaN
  }
}

/// What `espalier_binary` promises of every operation, in double precision.
func definition(_ operation: espalier_binary, _ a: Double, _ b: Double) -> Double {
  let rest = fmod(a, b)
  return switch operation {
  case espalier_binary_add: a + b
  case espalier_binary_subtract: a - b
  case espalier_binary_multiply: a * b
  case espalier_binary_divide: a / b
  case espalier_binary_maximum: a.isNaN || b.isNaN ? .nan : max(a, b)
  case espalier_binary_minimum: a.isNaN || b.isNaN ? .nan : min(a, b)
  case espalier_binary_power: pow(a, b)
  case espalier_binary_modulo: rest
  case espalier_binary_floor_modulo: rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  case espalier_binary_equal: a == b ? 1 : 0
  case espalier_binary_less: a < b ? 1 : 0
  case espalier_binary_less_or_equal: a <= b ? 1 : 0
  case espalier_binary_greater: a > b ? 1 : 0
  case espalier_binary_greater_or_equal: a >= b ? 1 : 0
  case espalier_binary_and: a != 0 && b != 0 ? 1 : 0
  case espalier_binary_or: a != 0 || b != 0 ? 1 : 0
  case espalier_binary_xor: (a != 0) != (b != 0) ? 1 : 0
  case espalier_binary_prelu: a < 0 ? a * b : a
  default: .signalingNaN
  }
}
