// The functions of a convolution's epilogue on 8 floats, with a relative error of about 1e-6.
#ifndef ESPALIER_FUNCTION_F32_AVX2_H
#define ESPALIER_FUNCTION_F32_AVX2_H

#include <immintrin.h>
#include <stddef.h>

#include "../include/espalier_parameters.h"
#include "function_constant.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// 2^(slope x) with a relative error of 2e-7 + 1e-8 |x|; |slope x| is held to 126, where results are normal.
// NaN stays NaN. slope x = n + f with |f| <= 1/2; 2^f is a minimax polynomial with p(0) = 1. Adding the magic
// number rounds to whole n and leaves n + 127 in the lowest bits, ready to become the exponent.
static inline __m256 power_f32_avx2(__m256 slope, __m256 x) {
  const __m256 limit = _mm256_div_ps(_mm256_set1_ps(126), _mm256_andnot_ps(_mm256_set1_ps(-0.0f), slope));
  x = _mm256_max_ps(_mm256_sub_ps(_mm256_setzero_ps(), limit), x);  // NaN: MAXPS and MINPS yield the second
  x = _mm256_min_ps(limit, x);
  const __m256 magic = _mm256_set1_ps(0x1.8p23f + 127), shifted = _mm256_fmadd_ps(slope, x, magic);
  const __m256 f = _mm256_fmsub_ps(slope, x, _mm256_sub_ps(shifted, magic));
  __m256 p = _mm256_set1_ps(0x1.5bba14p-10f);
  p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(0x1.3cea88p-7f));
  p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(0x1.c6b752p-5f));
  p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(0x1.ebf9bcp-3f));
  p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(0x1.62e42ap-1f));
  p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(1));
  const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
  return _mm256_mul_ps(p, _mm256_castsi256_ps(exponent));
}

// numerator / (1 + exp(-a x))
static inline __m256 logistic_f32_avx2(__m256 numerator, __m256 a, __m256 x) {
  const __m256 e = power_f32_avx2(_mm256_mul_ps(a, _mm256_set1_ps(-1.44269504f)), x);
  return _mm256_div_ps(numerator, _mm256_add_ps(_mm256_set1_ps(1), e));
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
  const __m256 e = power_f32_avx2(_mm256_set1_ps(2.88539008f), size), one = _mm256_set1_ps(1);
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
    case espalier_function_sigmoid: return logistic_f32_avx2(one, one, x);
    case espalier_function_silu: return logistic_f32_avx2(x, a, x);
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
static __attribute__((noinline, unused)) void apply_function_avx2(
    int32_t function, float alpha, float beta, float *y, size_t count) {
  const __m256 a = _mm256_set1_ps(alpha), b = _mm256_set1_ps(beta);
#define USE(constant) function_row_avx2(constant, a, b, y, count)
  ESPALIER_FOR_CONSTANT_FUNCTION(function, USE)
#undef USE
}

#pragma clang attribute pop

#endif
