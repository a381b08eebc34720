// Vectors of 8 floats in AVX2 and FMA: what the kernels' shared templates are written in.
// v_max and v_min yield their second operand where either is NaN. Part loads and stores touch only the
// first `n` elements, 0 <= n <= 8; the rest reads as 0.
#ifndef ESPALIER_COMMON_VECTOR_AVX2_H
#define ESPALIER_COMMON_VECTOR_AVX2_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define VL 8
typedef __m256 vec;
typedef __m256 vmask;
typedef __m256i vpart;

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define V static inline __attribute__((always_inline))
#define V_SLOW static __attribute__((noinline, unused))

V vec v_set(float x) { return _mm256_set1_ps(x); }
V vec v_zero(void) { return _mm256_setzero_ps(); }
V vec v_load(const float *p) { return _mm256_loadu_ps(p); }
V void v_store(float *p, vec x) { _mm256_storeu_ps(p, x); }

// Computes x here and now: keeps the compiler from moving sums behind branches, where they would spill.
#define v_pin(x) __asm__ volatile("" : "+x"(x))

V vpart v_part(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
V vec v_load_part(const float *p, vpart part) { return _mm256_maskload_ps(p, part); }
V void v_store_part(float *p, vpart part, vec x) { _mm256_maskstore_ps(p, part, x); }
V vec v_keep_part(vpart part, vec x) { return _mm256_and_ps(_mm256_castsi256_ps(part), x); }
V vec v_select_part(vpart part, vec a, vec b) { return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(part)); }

V vec v_add(vec a, vec b) { return _mm256_add_ps(a, b); }
V vec v_sub(vec a, vec b) { return _mm256_sub_ps(a, b); }
V vec v_mul(vec a, vec b) { return _mm256_mul_ps(a, b); }
V vec v_div(vec a, vec b) { return _mm256_div_ps(a, b); }
V vec v_max(vec a, vec b) { return _mm256_max_ps(a, b); }
V vec v_min(vec a, vec b) { return _mm256_min_ps(a, b); }
V vec v_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }    // a b + c
V vec v_fnma(vec a, vec b, vec c) { return _mm256_fnmadd_ps(a, b, c); }  // c - a b
V vec v_sqrt(vec x) { return _mm256_sqrt_ps(x); }
V vec v_abs(vec x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
V vec v_neg(vec x) { return _mm256_xor_ps(_mm256_set1_ps(-0.0f), x); }
V vec v_floor(vec x) { return _mm256_floor_ps(x); }
V vec v_ceil(vec x) { return _mm256_ceil_ps(x); }
V vec v_round(vec x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
V vec v_trunc(vec x) { return _mm256_round_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
// The magnitude of `x` with the sign of `sign`.
V vec v_copysign(vec x, vec sign) {
  const vec bit = _mm256_set1_ps(-0.0f);
  return _mm256_or_ps(_mm256_andnot_ps(bit, x), _mm256_and_ps(bit, sign));
}

V vmask v_eq(vec a, vec b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
V vmask v_ne(vec a, vec b) { return _mm256_cmp_ps(a, b, _CMP_NEQ_UQ); }  // true with NaN
V vmask v_lt(vec a, vec b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
V vmask v_le(vec a, vec b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
V vmask v_both(vmask a, vmask b) { return _mm256_and_ps(a, b); }
V vmask v_either(vmask a, vmask b) { return _mm256_or_ps(a, b); }
V vmask v_differ(vmask a, vmask b) { return _mm256_xor_ps(a, b); }
V vec v_select(vmask mask, vec a, vec b) { return _mm256_blendv_ps(b, a, mask); }
V bool v_any(vmask mask) { return _mm256_movemask_ps(mask) != 0; }

// x 2^n for whole n in -252 ... 254, in two steps so that neither factor overflows.
V vec v_scale(vec x, vec n) {
  const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
  const __m256i rest = _mm256_sub_epi32(whole, half), bias = _mm256_set1_epi32(127);
  const vec a = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  const vec b = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23));
  return _mm256_mul_ps(_mm256_mul_ps(x, a), b);
}
// Splits finite x > 0 into m 2^e with m in [1, 2).
V vec v_split(vec x, vec *e) {
  const vmask tiny = v_lt(x, v_set(0x1p-126f));
  const vec scaled = v_select(tiny, v_mul(x, v_set(0x1p24f)), x);
  const __m256i bits = _mm256_castps_si256(scaled);
  const __m256i power = _mm256_sub_epi32(_mm256_srli_epi32(bits, 23), _mm256_set1_epi32(127));
  *e = v_sub(_mm256_cvtepi32_ps(power), _mm256_and_ps(tiny, v_set(24)));
  return _mm256_castsi256_ps(_mm256_or_si256(_mm256_and_si256(bits, _mm256_set1_epi32(0x007FFFFF)),
                                             _mm256_set1_epi32(0x3F800000)));
}

V float v_sum(vec x) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// The greatest of 8 numbers.
V float v_greatest(vec x) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

// Elements p[0], p[stride], …: n of them, the rest 0.
V_SLOW vec v_load_strided(const float *p, int64_t stride, int64_t n) {
  float lanes[VL] __attribute__((aligned(32))) = {0};
  for (int64_t i = 0; i < n; i++) lanes[i] = p[i * stride];
  return _mm256_load_ps(lanes);
}
V_SLOW void v_store_strided(float *p, int64_t stride, int64_t n, vec x) {
  float lanes[VL] __attribute__((aligned(32)));
  _mm256_store_ps(lanes, x);
  for (int64_t i = 0; i < n; i++) p[i * stride] = lanes[i];
}
// Elements p[index[0]], …: all 8 indexes lie inside p.
V vec v_gather(const float *p, const int32_t *index) {
  return _mm256_i32gather_ps(p, _mm256_loadu_si256((const __m256i *)index), 4);
}

#pragma clang attribute pop
#endif
