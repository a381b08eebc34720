// The definition of every espalier_function and espalier_binary, one element at a time.
#ifndef ESPALIER_COMMON_FUNCTION_SCALAR_H
#define ESPALIER_COMMON_FUNCTION_SCALAR_H

#include <math.h>

#include "espalier_parameters.h"

static inline float espalier_sigmoid_scalar(float x) { return 1.0f / (1.0f + expf(-x)); }

static inline float espalier_softplus_scalar(float x) {
  return (x < 0 ? 0 : x) + log1pf(expf(-fabsf(x)));
}

// Functions that may stand in an epilogue. NaN passes through: a comparison with it is false.
static inline float espalier_epilogue_scalar(int32_t function, float x, float alpha, float beta) {
  switch (function) {
    case espalier_function_relu: return x < 0 ? 0 : x;
    case espalier_function_clip: {
      const float low = x < alpha ? alpha : x;
      return low > beta ? beta : low;
    }
    case espalier_function_leaky_relu: return x < 0 ? alpha * x : x;
    case espalier_function_hard_sigmoid: {
      const float line = fmaf(alpha, x, beta);
      return line < 0 ? 0 : line > 1 ? 1 : line;
    }
    case espalier_function_hard_swish: {
      const float line = fmaf(x, 1.0f / 6, 0.5f);
      return x * (line < 0 ? 0 : line > 1 ? 1 : line);
    }
    case espalier_function_sigmoid: return espalier_sigmoid_scalar(x);
    case espalier_function_silu: return x * espalier_sigmoid_scalar(alpha * x);
    case espalier_function_tanh: return tanhf(x);
    default: return x;
  }
}

static inline float espalier_celu_scalar(float x, float alpha) {
  const float bend = alpha * expm1f(x / alpha);
  return (x < 0 ? 0 : x) + (bend < 0 ? bend : 0);
}

// Functions with a kink or a jump, and roundings.
static inline float espalier_piecewise_scalar(int32_t function, float x, float alpha, float beta) {
  switch (function) {
    case espalier_function_abs: return fabsf(x);
    case espalier_function_neg: return -x;
    case espalier_function_floor: return floorf(x);
    case espalier_function_ceil: return ceilf(x);
    case espalier_function_round: return rintf(x);
    case espalier_function_truncate: return truncf(x);
    case espalier_function_sign: return x > 0 ? 1 : x < 0 ? -1 : x;
    case espalier_function_thresholded_relu: return x <= alpha ? 0 : x;
    case espalier_function_shrink: return x < -alpha ? x + beta : x > alpha ? x - beta : x != x ? x : 0;
    case espalier_function_not: return x == 0;
    case espalier_function_bool: return x != 0;
    case espalier_function_is_nan: return x != x;
    case espalier_function_is_inf: return isinf(x) && (x < 0 ? alpha != 0 : beta != 0);
    case espalier_function_affine: return fmaf(alpha, x, beta);
    case espalier_function_reciprocal: return 1 / x;
    case espalier_function_sqrt: return sqrtf(x);
    default: return espalier_epilogue_scalar(function, x, alpha, beta);
  }
}

// Every function of unary_f32.
static inline float espalier_function_scalar(int32_t function, float x, float alpha, float beta) {
  switch (function) {
    case espalier_function_exp: return expf(x);
    case espalier_function_log: return logf(x);
    case espalier_function_elu: return x < 0 ? alpha * expm1f(x) : x;
    case espalier_function_selu: return beta * (x < 0 ? alpha * expm1f(x) : x);
    case espalier_function_celu: return espalier_celu_scalar(x, alpha);
    case espalier_function_softplus: return espalier_softplus_scalar(x);
    case espalier_function_softsign: return x / (1 + fabsf(x));
    case espalier_function_erf: return erff(x);
    case espalier_function_gelu_erf: return 0.5f * x * (1 + erff(x * 0.70710678f));
    case espalier_function_gelu_tanh:
      return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    case espalier_function_mish: return x * tanhf(espalier_softplus_scalar(x));
    case espalier_function_sin: return sinf(x);
    case espalier_function_cos: return cosf(x);
    case espalier_function_tan: return tanf(x);
    case espalier_function_asin: return asinf(x);
    case espalier_function_acos: return acosf(x);
    case espalier_function_atan: return atanf(x);
    case espalier_function_sinh: return sinhf(x);
    case espalier_function_cosh: return coshf(x);
    case espalier_function_asinh: return asinhf(x);
    case espalier_function_acosh: return acoshf(x);
    case espalier_function_atanh: return atanhf(x);
    default: return espalier_piecewise_scalar(function, x, alpha, beta);
  }
}

static inline float espalier_floor_modulo_scalar(float a, float b) {
  const float rest = fmodf(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

// Every operation of binary_f32; maximum and minimum give NaN where either side is NaN.
static inline float espalier_binary_scalar(int32_t operation, float a, float b) {
  switch (operation) {
    case espalier_binary_add: return a + b;
    case espalier_binary_subtract: return a - b;
    case espalier_binary_multiply: return a * b;
    case espalier_binary_divide: return a / b;
    case espalier_binary_maximum: return a != a || a > b ? a : b;
    case espalier_binary_minimum: return a != a || a < b ? a : b;
    case espalier_binary_power: return powf(a, b);
    case espalier_binary_modulo: return fmodf(a, b);
    case espalier_binary_floor_modulo: return espalier_floor_modulo_scalar(a, b);
    case espalier_binary_equal: return a == b;
    case espalier_binary_less: return a < b;
    case espalier_binary_less_or_equal: return a <= b;
    case espalier_binary_greater: return a > b;
    case espalier_binary_greater_or_equal: return a >= b;
    case espalier_binary_and: return a != 0 && b != 0;
    case espalier_binary_or: return a != 0 || b != 0;
    case espalier_binary_xor: return (a != 0) != (b != 0);
    case espalier_binary_prelu: return a < 0 ? a * b : a;
    default: return a;
  }
}

#endif
