// Vectors of 64 bytes in AVX-512 F, BW, DQ and VL: what the templates of the byte kernels are written in.
//
// `wide` holds the same 64 elements with 32 bits each in four registers, in the order in which the instructions
// unpack and pack within 128 bits. Part loads and stores touch only the first n bytes, 1 <= n < VB.
#ifndef ESPALIER_COMMON_BYTE_VECTOR_AVX512_H
#define ESPALIER_COMMON_BYTE_VECTOR_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#define VB 64
#define VF 16
#define B static inline __attribute__((always_inline))
#define EACH_PART _Pragma("clang loop unroll(full)") for (int k = 0; k < 4; k++)

typedef __m512i bvec;
typedef struct wide_floats { __m512 part[4]; } wide_floats;
typedef struct wide_sums { __m512i part[4]; } wide_sums;

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)

B bvec b_zero(void) { return _mm512_setzero_si512(); }
B bvec b_set(uint8_t x) { return _mm512_set1_epi8((char)x); }
B bvec b_load(const uint8_t *p) { return _mm512_loadu_si512(p); }
B void b_store(uint8_t *p, bvec x) { _mm512_storeu_si512(p, x); }

// No wider than needed: a load waits for an earlier store to any of its bytes, also to those under its mask.
B bvec b_load_part(const uint8_t *p, int64_t n) {
  if (n <= 16) return _mm512_zextsi128_si512(_mm_maskz_loadu_epi8((__mmask16)((1u << n) - 1), p));
  if (n <= 32) return _mm512_zextsi256_si512(_mm256_maskz_loadu_epi8((__mmask32)((1ull << n) - 1), p));
  return _mm512_maskz_loadu_epi8((1ull << n) - 1, p);
}
B void b_store_part(uint8_t *p, int64_t n, bvec x) {
  if (n <= 16) _mm_mask_storeu_epi8(p, (__mmask16)((1u << n) - 1), _mm512_castsi512_si128(x));
  else if (n <= 32) _mm256_mask_storeu_epi8(p, (__mmask32)((1ull << n) - 1), _mm512_castsi512_si256(x));
  else _mm512_mask_storeu_epi8(p, (1ull << n) - 1, x);
}

B bvec b_max(bvec a, bvec b) { return _mm512_max_epu8(a, b); }

// Words of the lower and the upper half of every 128 bits.
B bvec b_low_words(bvec x) { return _mm512_unpacklo_epi8(x, b_zero()); }
B bvec b_high_words(bvec x) { return _mm512_unpackhi_epi8(x, b_zero()); }
B bvec b_add_words(bvec a, bvec b) { return _mm512_add_epi16(a, b); }

B wide_sums b_sums(uint32_t x) {
  wide_sums sums;
  EACH_PART sums.part[k] = _mm512_set1_epi32((int32_t)x);
  return sums;
}

// sums += unsigned words, as b_low_words and b_high_words order them.
B wide_sums b_add_to_sums(wide_sums sums, bvec low, bvec high) {
  sums.part[0] = _mm512_add_epi32(sums.part[0], _mm512_unpacklo_epi16(low, b_zero()));
  sums.part[1] = _mm512_add_epi32(sums.part[1], _mm512_unpackhi_epi16(low, b_zero()));
  sums.part[2] = _mm512_add_epi32(sums.part[2], _mm512_unpacklo_epi16(high, b_zero()));
  sums.part[3] = _mm512_add_epi32(sums.part[3], _mm512_unpackhi_epi16(high, b_zero()));
  return sums;
}

// sums += a * the lower 16 bits of `weights` + b * the upper ones.
B wide_sums b_add_products(wide_sums sums, bvec a, bvec b, int32_t weights) {
  const bvec w = _mm512_set1_epi32(weights);
  const bvec low = _mm512_unpacklo_epi8(a, b), high = _mm512_unpackhi_epi8(a, b);
  sums.part[0] = _mm512_add_epi32(sums.part[0], _mm512_madd_epi16(b_low_words(low), w));
  sums.part[1] = _mm512_add_epi32(sums.part[1], _mm512_madd_epi16(b_high_words(low), w));
  sums.part[2] = _mm512_add_epi32(sums.part[2], _mm512_madd_epi16(b_low_words(high), w));
  sums.part[3] = _mm512_add_epi32(sums.part[3], _mm512_madd_epi16(b_high_words(high), w));
  return sums;
}

B bvec b_packed(const __m512i *y) {
  return _mm512_packus_epi16(_mm512_packs_epi32(y[0], y[1]), _mm512_packs_epi32(y[2], y[3]));
}

// Unsigned sums >> 14, at most 255.
B bvec b_shifted_14(wide_sums sums) {
  EACH_PART sums.part[k] = _mm512_min_epu32(_mm512_srli_epi32(sums.part[k], 14), _mm512_set1_epi32(255));
  return b_packed(sums.part);
}

B wide_floats b_floats_of_sums(wide_sums sums) {
  wide_floats floats;
  EACH_PART floats.part[k] = _mm512_cvtepi32_ps(sums.part[k]);
  return floats;
}

B wide_floats b_floats(bvec x) { return b_floats_of_sums(b_add_to_sums(b_sums(0), b_low_words(x), b_high_words(x))); }

B wide_floats b_minus(wide_floats x, float y) {
  EACH_PART x.part[k] = _mm512_sub_ps(x.part[k], _mm512_set1_ps(y));
  return x;
}

B wide_floats b_times(wide_floats x, wide_floats y) {
  EACH_PART x.part[k] = _mm512_mul_ps(x.part[k], y.part[k]);
  return x;
}

B wide_floats b_set_floats(float x) {
  wide_floats floats;
  EACH_PART floats.part[k] = _mm512_set1_ps(x);
  return floats;
}

// fma(x, factor, addend).
B wide_floats b_fma(wide_floats x, float factor, wide_floats addend) {
  EACH_PART x.part[k] = _mm512_fmadd_ps(x.part[k], _mm512_set1_ps(factor), addend.part[k]);
  return x;
}

// quantized(t) of the definition.
B bvec b_quantized(wide_floats t, float low, float high) {
  __m512i y[4];
  EACH_PART {
    const __m512 value = _mm512_max_ps(t.part[k], _mm512_set1_ps(low));  // a NaN gives the second operand
    y[k] = _mm512_cvtps_epi32(_mm512_min_ps(value, _mm512_set1_ps(high)));
  }
  return b_packed(y);
}

// 64 neighboring floats, rint(x / scale) + zero; in their own order.
B wide_floats b_load_scaled(const float *x, float scale, float zero) {
  wide_floats t;
  EACH_PART {
    const __m512 place = _mm512_div_ps(_mm512_loadu_ps(x + 16 * k), _mm512_set1_ps(scale));
    const __m512 rounded = _mm512_roundscale_ps(place, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    t.part[k] = _mm512_add_ps(rounded, _mm512_set1_ps(zero));
  }
  return t;
}

// Bytes whose 32 bits were in their own order.
B bvec b_ordered(bvec x) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, x);
}

// table[y].
B bvec b_look_up(const uint8_t *table, bvec y) {
  bvec found = b_zero();
  for (int i = 0; i < 16; i++) {
    const __m128i entries = _mm_loadu_si128((const __m128i *)(const void *)(table + 16 * i));
    // Indexes outside of these 16 entries get their top bit set, for which VPSHUFB gives 0.
    const bvec index = _mm512_adds_epu8(_mm512_xor_si512(y, b_set((uint8_t)(i * 16))), b_set(0x70));
    found = _mm512_or_si512(found, _mm512_shuffle_epi8(_mm512_broadcast_i32x4(entries), index));
  }
  return found;
}

#pragma clang attribute pop

#endif
