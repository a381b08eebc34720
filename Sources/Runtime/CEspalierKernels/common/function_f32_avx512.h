// The functions of a convolution's epilogue on 16 floats, with a relative error of about 1e-6.
#ifndef ESPALIER_FUNCTION_F32_AVX512_H
#define ESPALIER_FUNCTION_F32_AVX512_H

#include <immintrin.h>
#include <stddef.h>

#include "../include/espalier_parameters.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)

// exp(x) within 2 ulp; x is held in [-87.3, 88.3], where the result is normal. NaN stays NaN.
// x = n ln 2 + r with |r| <= ln 2 / 2, then exp(r) = 1 + r + r^2 q(r) with q fitted by minimax.
static inline __m512 exp_f32_avx512(__m512 x) {
  x = _mm512_max_ps(_mm512_set1_ps(-87.3f), x);  // MAXPS and MINPS yield their second operand on NaN
  x = _mm512_min_ps(_mm512_set1_ps(88.3f), x);
  const __m512 n =
      _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.62e4p-1f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.7f7d1cp-20f), r);
  __m512 q = _mm512_set1_ps(0x1.105e86p-7f);
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0x1.573322p-5f));
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0x1.5557c8p-3f));
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0x1.fffde8p-2f));
  q = _mm512_fmadd_ps(_mm512_mul_ps(r, r), q, r);
  return _mm512_scalef_ps(_mm512_add_ps(q, _mm512_set1_ps(1)), n);
}

// numerator / (1 + exp(-x))
static inline __m512 logistic_f32_avx512(__m512 numerator, __m512 x) {
  const __m512 one = _mm512_set1_ps(1);
  const __m512 e = exp_f32_avx512(_mm512_xor_ps(x, _mm512_set1_ps(-0.0f)));
  return _mm512_div_ps(numerator, _mm512_add_ps(one, e));
}

// tanh(x): x + x^3 q(x^2) below 0.625, where 1 - 2 / (exp(2 |x|) + 1) would cancel.
static inline __m512 tanh_f32_avx512(__m512 x) {
  const __m512 sign = _mm512_and_ps(x, _mm512_set1_ps(-0.0f)), size = _mm512_xor_ps(x, sign);
  const __m512 square = _mm512_mul_ps(x, x);
  __m512 q = _mm512_set1_ps(0.0151953725f);
  q = _mm512_fmadd_ps(q, square, _mm512_set1_ps(-0.0519479029f));
  q = _mm512_fmadd_ps(q, square, _mm512_set1_ps(0.133081749f));
  q = _mm512_fmadd_ps(q, square, _mm512_set1_ps(-0.333323419f));
  const __m512 small = _mm512_fmadd_ps(_mm512_mul_ps(size, square), q, size);
  const __m512 e = exp_f32_avx512(_mm512_add_ps(size, size)), one = _mm512_set1_ps(1);
  const __m512 large = _mm512_sub_ps(one, _mm512_div_ps(_mm512_set1_ps(2), _mm512_add_ps(e, one)));
  const __mmask16 is_small = _mm512_cmp_ps_mask(size, _mm512_set1_ps(0.625f), _CMP_LT_OQ);
  return _mm512_or_ps(_mm512_mask_blend_ps(is_small, large, small), sign);
}

static inline __attribute__((always_inline)) __m512 function_f32_avx512(
    int32_t function, __m512 a, __m512 b, __m512 x) {
  const __m512 zero = _mm512_setzero_ps(), one = _mm512_set1_ps(1);
  switch (function) {
    case espalier_function_relu: return _mm512_max_ps(zero, x);
    case espalier_function_clip: return _mm512_min_ps(b, _mm512_max_ps(a, x));
    case espalier_function_leaky_relu:
      return _mm512_mask_mul_ps(x, _mm512_cmp_ps_mask(x, zero, _CMP_LT_OQ), x, a);
    case espalier_function_hard_sigmoid:
      return _mm512_min_ps(one, _mm512_max_ps(zero, _mm512_fmadd_ps(a, x, b)));
    case espalier_function_hard_swish: {
      const __m512 gate = _mm512_fmadd_ps(x, _mm512_set1_ps(1.0f / 6), _mm512_set1_ps(0.5f));
      return _mm512_mul_ps(x, _mm512_min_ps(one, _mm512_max_ps(zero, gate)));
    }
    case espalier_function_sigmoid: return logistic_f32_avx512(one, x);
    case espalier_function_silu: return logistic_f32_avx512(x, _mm512_mul_ps(a, x));
    case espalier_function_tanh: return tanh_f32_avx512(x);
    default: return x;
  }
}

static inline __attribute__((always_inline)) void function_row_avx512(
    int32_t function, __m512 a, __m512 b, float *y, size_t count) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    _mm512_storeu_ps(y + i, function_f32_avx512(function, a, b, _mm512_loadu_ps(y + i)));
  if (i == count) return;
  const __mmask16 mask = (__mmask16)((1u << (count - i)) - 1);
  const __m512 x = _mm512_maskz_loadu_ps(mask, y + i);
  _mm512_mask_storeu_ps(y + i, mask, function_f32_avx512(function, a, b, x));
}

// y[0, count) = f(y[0, count)), the function chosen once.
static __attribute__((noinline)) void apply_function_avx512(
    int32_t function, float alpha, float beta, float *y, size_t count) {
  const __m512 a = _mm512_set1_ps(alpha), b = _mm512_set1_ps(beta);
  switch (function) {
    case espalier_function_relu:
      function_row_avx512(espalier_function_relu, a, b, y, count);
      break;
    case espalier_function_clip:
      function_row_avx512(espalier_function_clip, a, b, y, count);
      break;
    case espalier_function_leaky_relu:
      function_row_avx512(espalier_function_leaky_relu, a, b, y, count);
      break;
    case espalier_function_hard_sigmoid:
      function_row_avx512(espalier_function_hard_sigmoid, a, b, y, count);
      break;
    case espalier_function_hard_swish:
      function_row_avx512(espalier_function_hard_swish, a, b, y, count);
      break;
    case espalier_function_sigmoid:
      function_row_avx512(espalier_function_sigmoid, a, b, y, count);
      break;
    case espalier_function_silu:
      function_row_avx512(espalier_function_silu, a, b, y, count);
      break;
    case espalier_function_tanh:
      function_row_avx512(espalier_function_tanh, a, b, y, count);
      break;
    default: break;
  }
}

#pragma clang attribute pop

#endif
