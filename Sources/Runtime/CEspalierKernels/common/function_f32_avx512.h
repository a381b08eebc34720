// The functions of a convolution's epilogue on 16 floats, with a relative error of about 1e-6.
#ifndef ESPALIER_FUNCTION_F32_AVX512_H
#define ESPALIER_FUNCTION_F32_AVX512_H

#include <immintrin.h>
#include <stddef.h>

#include "../include/espalier_parameters.h"
#include "function_constant.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)

// 2^(slope x) with a relative error of 2e-7 + 1e-8 |x|; |slope x| is held to 126, where results are normal.
// NaN stays NaN. slope x = n + f with |f| <= 1/2; 2^f is a minimax polynomial with p(0) = 1. Adding the magic
// number rounds to whole n and leaves n + 127 in the lowest bits, ready to become the exponent.
static inline __m512 power_f32_avx512(__m512 slope, __m512 x) {
  const __m512 limit = _mm512_div_ps(_mm512_set1_ps(126), _mm512_abs_ps(slope));
  x = _mm512_max_ps(_mm512_sub_ps(_mm512_setzero_ps(), limit), x);  // NaN: MAXPS and MINPS yield the second
  x = _mm512_min_ps(limit, x);
  const __m512 magic = _mm512_set1_ps(0x1.8p23f + 127), shifted = _mm512_fmadd_ps(slope, x, magic);
  const __m512 f = _mm512_fmsub_ps(slope, x, _mm512_sub_ps(shifted, magic));
  __m512 p = _mm512_set1_ps(0x1.5bba14p-10f);
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.3cea88p-7f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.c6b752p-5f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.ebf9bcp-3f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.62e42ap-1f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1));
  const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
  return _mm512_mul_ps(p, _mm512_castsi512_ps(exponent));
}

// numerator / (1 + exp(-a x))
static inline __m512 logistic_f32_avx512(__m512 numerator, __m512 a, __m512 x) {
  const __m512 e = power_f32_avx512(_mm512_mul_ps(a, _mm512_set1_ps(-1.44269504f)), x);
  return _mm512_div_ps(numerator, _mm512_add_ps(_mm512_set1_ps(1), e));
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
  const __m512 e = power_f32_avx512(_mm512_set1_ps(2.88539008f), size), one = _mm512_set1_ps(1);
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
    case espalier_function_sigmoid: return logistic_f32_avx512(one, one, x);
    case espalier_function_silu: return logistic_f32_avx512(x, a, x);
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
static __attribute__((noinline, unused)) void apply_function_avx512(
    int32_t function, float alpha, float beta, float *y, size_t count) {
  const __m512 a = _mm512_set1_ps(alpha), b = _mm512_set1_ps(beta);
#define USE(constant) function_row_avx512(constant, a, b, y, count)
  ESPALIER_FOR_CONSTANT_FUNCTION(function, USE)
#undef USE
}

#pragma clang attribute pop

#endif
