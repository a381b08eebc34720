// The functions of a convolution's epilogue on 8 floats, with a relative error of about 1e-6.
#ifndef ESPALIER_FUNCTION_F32_AVX2_H
#define ESPALIER_FUNCTION_F32_AVX2_H

#include <immintrin.h>
#include <stddef.h>

#include "../include/espalier_parameters.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// exp(x) within 2 ulp; x is held in [-87.3, 88.3], where the result is normal. NaN stays NaN.
// x = n ln 2 + r with |r| <= ln 2 / 2, then exp(r) = 1 + r + r^2 q(r) with q fitted by minimax.
static inline __m256 exp_f32_avx2(__m256 x) {
  x = _mm256_max_ps(_mm256_set1_ps(-87.3f), x);  // MAXPS and MINPS yield their second operand on NaN
  x = _mm256_min_ps(_mm256_set1_ps(88.3f), x);
  const __m256 n = _mm256_round_ps(
      _mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.62e4p-1f), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.7f7d1cp-20f), r);
  __m256 q = _mm256_set1_ps(0x1.105e86p-7f);
  q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0x1.573322p-5f));
  q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0x1.5557c8p-3f));
  q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0x1.fffde8p-2f));
  q = _mm256_fmadd_ps(_mm256_mul_ps(r, r), q, r);
  const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  const __m256i exponent = _mm256_slli_epi32(biased, 23);
  return _mm256_mul_ps(_mm256_add_ps(q, _mm256_set1_ps(1)), _mm256_castsi256_ps(exponent));
}

// numerator / (1 + exp(-x))
static inline __m256 logistic_f32_avx2(__m256 numerator, __m256 x) {
  const __m256 one = _mm256_set1_ps(1);
  const __m256 e = exp_f32_avx2(_mm256_xor_ps(x, _mm256_set1_ps(-0.0f)));
  return _mm256_div_ps(numerator, _mm256_add_ps(one, e));
}

// tanh(x): x + x^3 q(x^2) below 0.625, where 1 - 2 / (exp(2 |x|) + 1) would cancel.
static inline __m256 tanh_f32_avx2(__m256 x) {
  const __m256 sign = _mm256_and_ps(x, _mm256_set1_ps(-0.0f)), size = _mm256_xor_ps(x, sign);
  const __m256 square = _mm256_mul_ps(x, x);
  __m256 q = _mm256_set1_ps(0.0151953725f);
  q = _mm256_fmadd_ps(q, square, _mm256_set1_ps(-0.0519479029f));
  q = _mm256_fmadd_ps(q, square, _mm256_set1_ps(0.133081749f));
  q = _mm256_fmadd_ps(q, square, _mm256_set1_ps(-0.333323419f));
  const __m256 small = _mm256_fmadd_ps(_mm256_mul_ps(size, square), q, size);
  const __m256 e = exp_f32_avx2(_mm256_add_ps(size, size)), one = _mm256_set1_ps(1);
  const __m256 large = _mm256_sub_ps(one, _mm256_div_ps(_mm256_set1_ps(2), _mm256_add_ps(e, one)));
  const __m256 is_small = _mm256_cmp_ps(size, _mm256_set1_ps(0.625f), _CMP_LT_OQ);
  return _mm256_or_ps(_mm256_blendv_ps(large, small, is_small), sign);
}

static inline __attribute__((always_inline)) __m256 function_f32_avx2(
    int32_t function, __m256 a, __m256 b, __m256 x) {
  const __m256 zero = _mm256_setzero_ps(), one = _mm256_set1_ps(1);
  switch (function) {
    case espalier_function_relu: return _mm256_max_ps(zero, x);
    case espalier_function_clip: return _mm256_min_ps(b, _mm256_max_ps(a, x));
    case espalier_function_leaky_relu:
      return _mm256_blendv_ps(x, _mm256_mul_ps(x, a), _mm256_cmp_ps(x, zero, _CMP_LT_OQ));
    case espalier_function_hard_sigmoid:
      return _mm256_min_ps(one, _mm256_max_ps(zero, _mm256_fmadd_ps(a, x, b)));
    case espalier_function_hard_swish: {
      const __m256 gate = _mm256_fmadd_ps(x, _mm256_set1_ps(1.0f / 6), _mm256_set1_ps(0.5f));
      return _mm256_mul_ps(x, _mm256_min_ps(one, _mm256_max_ps(zero, gate)));
    }
    case espalier_function_sigmoid: return logistic_f32_avx2(one, x);
    case espalier_function_silu: return logistic_f32_avx2(x, _mm256_mul_ps(a, x));
    case espalier_function_tanh: return tanh_f32_avx2(x);
    default: return x;
  }
}

static inline __attribute__((always_inline)) void function_row_avx2(
    int32_t function, __m256 a, __m256 b, float *y, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(y + i, function_f32_avx2(function, a, b, _mm256_loadu_ps(y + i)));
  if (i == count) return;
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)(count - i)), lane);
  const __m256 x = _mm256_maskload_ps(y + i, mask);
  _mm256_maskstore_ps(y + i, mask, function_f32_avx2(function, a, b, x));
}

// y[0, count) = f(y[0, count)), the function chosen once.
static __attribute__((noinline)) void apply_function_avx2(
    int32_t function, float alpha, float beta, float *y, size_t count) {
  const __m256 a = _mm256_set1_ps(alpha), b = _mm256_set1_ps(beta);
  switch (function) {
    case espalier_function_relu:
      function_row_avx2(espalier_function_relu, a, b, y, count);
      break;
    case espalier_function_clip:
      function_row_avx2(espalier_function_clip, a, b, y, count);
      break;
    case espalier_function_leaky_relu:
      function_row_avx2(espalier_function_leaky_relu, a, b, y, count);
      break;
    case espalier_function_hard_sigmoid:
      function_row_avx2(espalier_function_hard_sigmoid, a, b, y, count);
      break;
    case espalier_function_hard_swish:
      function_row_avx2(espalier_function_hard_swish, a, b, y, count);
      break;
    case espalier_function_sigmoid:
      function_row_avx2(espalier_function_sigmoid, a, b, y, count);
      break;
    case espalier_function_silu:
      function_row_avx2(espalier_function_silu, a, b, y, count);
      break;
    case espalier_function_tanh:
      function_row_avx2(espalier_function_tanh, a, b, y, count);
      break;
    default: break;
  }
}

#pragma clang attribute pop

#endif
