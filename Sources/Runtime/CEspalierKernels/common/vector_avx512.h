// Vectors of 16 floats in AVX-512 F, BW, DQ and VL: what the kernels' shared templates are written in.
// v_max and v_min yield their second operand where either is NaN. Part loads and stores touch only the
// first `n` elements, 0 <= n <= 16; the rest reads as 0.
#ifndef ESPALIER_COMMON_VECTOR_AVX512_H
#define ESPALIER_COMMON_VECTOR_AVX512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define VL 16
typedef __m512 vec;
typedef __mmask16 vmask;
typedef __mmask16 vpart;

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), \
                             apply_to = function)
#define V static inline __attribute__((always_inline))
#define V_SLOW static __attribute__((noinline, unused))

V vec v_set(float x) { return _mm512_set1_ps(x); }
V vec v_zero(void) { return _mm512_setzero_ps(); }
V vec v_load(const float *p) { return _mm512_loadu_ps(p); }
V void v_store(float *p, vec x) { _mm512_storeu_ps(p, x); }

// Computes x here and now: keeps the compiler from moving sums behind branches, where they would spill.
#define v_pin(x) __asm__ volatile("" : "+v"(x))

V vpart v_part(int64_t n) { return (vpart)((1u << n) - 1); }
V vec v_load_part(const float *p, vpart part) { return _mm512_maskz_loadu_ps(part, p); }
V void v_store_part(float *p, vpart part, vec x) { _mm512_mask_storeu_ps(p, part, x); }
V vec v_keep_part(vpart part, vec x) { return _mm512_maskz_mov_ps(part, x); }
V vec v_select_part(vpart part, vec a, vec b) { return _mm512_mask_blend_ps(part, b, a); }

V vec v_add(vec a, vec b) { return _mm512_add_ps(a, b); }
V vec v_sub(vec a, vec b) { return _mm512_sub_ps(a, b); }
V vec v_mul(vec a, vec b) { return _mm512_mul_ps(a, b); }
V vec v_div(vec a, vec b) { return _mm512_div_ps(a, b); }
V vec v_max(vec a, vec b) { return _mm512_max_ps(a, b); }
V vec v_min(vec a, vec b) { return _mm512_min_ps(a, b); }
V vec v_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }    // a b + c
V vec v_fnma(vec a, vec b, vec c) { return _mm512_fnmadd_ps(a, b, c); }  // c - a b
V vec v_sqrt(vec x) { return _mm512_sqrt_ps(x); }
V vec v_abs(vec x) { return _mm512_abs_ps(x); }
V vec v_neg(vec x) { return _mm512_xor_ps(_mm512_set1_ps(-0.0f), x); }
V vec v_floor(vec x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
V vec v_ceil(vec x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
V vec v_round(vec x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
V vec v_trunc(vec x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
// The magnitude of `x` with the sign of `sign`.
V vec v_copysign(vec x, vec sign) {
  const vec bit = _mm512_set1_ps(-0.0f);
  return _mm512_or_ps(_mm512_andnot_ps(bit, x), _mm512_and_ps(bit, sign));
}

V vmask v_eq(vec a, vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
V vmask v_ne(vec a, vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ); }  // true with NaN
V vmask v_lt(vec a, vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
V vmask v_le(vec a, vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
V vmask v_both(vmask a, vmask b) { return a & b; }
V vmask v_either(vmask a, vmask b) { return a | b; }
V vmask v_differ(vmask a, vmask b) { return a ^ b; }
V vec v_select(vmask mask, vec a, vec b) { return _mm512_mask_blend_ps(mask, b, a); }
V bool v_any(vmask mask) { return mask != 0; }

// x 2^n for whole n.
V vec v_scale(vec x, vec n) { return _mm512_scalef_ps(x, n); }
// Splits finite x > 0 into m 2^e with m in [1, 2).
V vec v_split(vec x, vec *e) {
  *e = _mm512_getexp_ps(x);
  return _mm512_getmant_ps(x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
}

V float v_sum(vec x) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// The greatest of 16 numbers.
V float v_greatest(vec x) {
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

// Elements p[0], p[stride], …: n of them, the rest 0.
V_SLOW vec v_load_strided(const float *p, int64_t stride, int64_t n) {
  float lanes[VL] __attribute__((aligned(64))) = {0};
  for (int64_t i = 0; i < n; i++) lanes[i] = p[i * stride];
  return _mm512_load_ps(lanes);
}
V_SLOW void v_store_strided(float *p, int64_t stride, int64_t n, vec x) {
  float lanes[VL] __attribute__((aligned(64)));
  _mm512_store_ps(lanes, x);
  for (int64_t i = 0; i < n; i++) p[i * stride] = lanes[i];
}
// Elements p[index[0]], …: all 16 indexes lie inside p.
V vec v_gather(const float *p, const int32_t *index) {
  return _mm512_i32gather_ps(_mm512_loadu_si512(index), p, 4);
}

#pragma clang attribute pop
#endif
