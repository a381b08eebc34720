// Vectors of 32 bytes in AVX2: what the templates of the byte kernels are written in.
//
// `wide` holds the same 32 elements with 32 bits each in four registers, in the order in which the instructions
// unpack and pack within 128 bits. Part loads and stores touch only the first n bytes, 1 <= n < VB.
#ifndef ESPALIER_COMMON_BYTE_VECTOR_AVX2_H
#define ESPALIER_COMMON_BYTE_VECTOR_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#include "byte_part_128.h"

#define VB 32
#define VF 8
#define B static inline __attribute__((always_inline))
#define EACH_PART _Pragma("clang loop unroll(full)") for (int k = 0; k < 4; k++)

typedef __m256i bvec;
typedef struct wide_floats { __m256 part[4]; } wide_floats;
typedef struct wide_sums { __m256i part[4]; } wide_sums;

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

B bvec b_zero(void) { return _mm256_setzero_si256(); }
B bvec b_set(uint8_t x) { return _mm256_set1_epi8((char)x); }
B bvec b_load(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
B void b_store(uint8_t *p, bvec x) { _mm256_storeu_si256((__m256i *)(void *)p, x); }

B bvec b_load_part(const uint8_t *p, int64_t n) {
  if (n < 16) return _mm256_zextsi128_si256(load_part_128(p, n));
  const __m128i low = _mm_loadu_si128((const __m128i *)(const void *)p);
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), load_part_128(p + 16, n - 16), 1);
}

B void b_store_part(uint8_t *p, int64_t n, bvec x) {
  if (n < 16) {
    store_part_128(p, n, _mm256_castsi256_si128(x));
    return;
  }
  _mm_storeu_si128((__m128i *)(void *)p, _mm256_castsi256_si128(x));
  store_part_128(p + 16, n - 16, _mm256_extracti128_si256(x, 1));
}

B bvec b_max(bvec a, bvec b) { return _mm256_max_epu8(a, b); }

// Words of the lower and the upper half of every 128 bits.
B bvec b_low_words(bvec x) { return _mm256_unpacklo_epi8(x, b_zero()); }
B bvec b_high_words(bvec x) { return _mm256_unpackhi_epi8(x, b_zero()); }
B bvec b_add_words(bvec a, bvec b) { return _mm256_add_epi16(a, b); }

B wide_sums b_sums(uint32_t x) {
  wide_sums sums;
  EACH_PART sums.part[k] = _mm256_set1_epi32((int32_t)x);
  return sums;
}

// sums += unsigned words, as b_low_words and b_high_words order them.
B wide_sums b_add_to_sums(wide_sums sums, bvec low, bvec high) {
  sums.part[0] = _mm256_add_epi32(sums.part[0], _mm256_unpacklo_epi16(low, b_zero()));
  sums.part[1] = _mm256_add_epi32(sums.part[1], _mm256_unpackhi_epi16(low, b_zero()));
  sums.part[2] = _mm256_add_epi32(sums.part[2], _mm256_unpacklo_epi16(high, b_zero()));
  sums.part[3] = _mm256_add_epi32(sums.part[3], _mm256_unpackhi_epi16(high, b_zero()));
  return sums;
}

// sums += a * the lower 16 bits of `weights` + b * the upper ones.
B wide_sums b_add_products(wide_sums sums, bvec a, bvec b, int32_t weights) {
  const bvec w = _mm256_set1_epi32(weights);
  const bvec low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
  sums.part[0] = _mm256_add_epi32(sums.part[0], _mm256_madd_epi16(b_low_words(low), w));
  sums.part[1] = _mm256_add_epi32(sums.part[1], _mm256_madd_epi16(b_high_words(low), w));
  sums.part[2] = _mm256_add_epi32(sums.part[2], _mm256_madd_epi16(b_low_words(high), w));
  sums.part[3] = _mm256_add_epi32(sums.part[3], _mm256_madd_epi16(b_high_words(high), w));
  return sums;
}

B bvec b_packed(const __m256i *y) {
  return _mm256_packus_epi16(_mm256_packs_epi32(y[0], y[1]), _mm256_packs_epi32(y[2], y[3]));
}

// Unsigned sums >> 14, at most 255.
B bvec b_shifted_14(wide_sums sums) {
  EACH_PART sums.part[k] = _mm256_min_epu32(_mm256_srli_epi32(sums.part[k], 14), _mm256_set1_epi32(255));
  return b_packed(sums.part);
}

B wide_floats b_floats_of_sums(wide_sums sums) {
  wide_floats floats;
  EACH_PART floats.part[k] = _mm256_cvtepi32_ps(sums.part[k]);
  return floats;
}

B wide_floats b_floats(bvec x) { return b_floats_of_sums(b_add_to_sums(b_sums(0), b_low_words(x), b_high_words(x))); }

B wide_floats b_minus(wide_floats x, float y) {
  EACH_PART x.part[k] = _mm256_sub_ps(x.part[k], _mm256_set1_ps(y));
  return x;
}

B wide_floats b_times(wide_floats x, wide_floats y) {
  EACH_PART x.part[k] = _mm256_mul_ps(x.part[k], y.part[k]);
  return x;
}

B wide_floats b_set_floats(float x) {
  wide_floats floats;
  EACH_PART floats.part[k] = _mm256_set1_ps(x);
  return floats;
}

// fma(x, factor, addend).
B wide_floats b_fma(wide_floats x, float factor, wide_floats addend) {
  EACH_PART x.part[k] = _mm256_fmadd_ps(x.part[k], _mm256_set1_ps(factor), addend.part[k]);
  return x;
}

// quantized(t) of the definition.
B bvec b_quantized(wide_floats t, float low, float high) {
  __m256i y[4];
  EACH_PART {
    const __m256 value = _mm256_max_ps(t.part[k], _mm256_set1_ps(low));  // a NaN gives the second operand
    y[k] = _mm256_cvtps_epi32(_mm256_min_ps(value, _mm256_set1_ps(high)));
  }
  return b_packed(y);
}

// 32 neighboring floats, rint(x / scale) + zero; in their own order.
B wide_floats b_load_scaled(const float *x, float scale, float zero) {
  wide_floats t;
  EACH_PART {
    const __m256 place = _mm256_div_ps(_mm256_loadu_ps(x + 8 * k), _mm256_set1_ps(scale));
    const __m256 rounded = _mm256_round_ps(place, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    t.part[k] = _mm256_add_ps(rounded, _mm256_set1_ps(zero));
  }
  return t;
}

// Bytes whose 32 bits were in their own order.
B bvec b_ordered(bvec x) {
  return _mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// table[y].
B bvec b_look_up(const uint8_t *table, bvec y) {
  bvec found = b_zero();
  for (int i = 0; i < 16; i++) {
    const __m128i entries = _mm_loadu_si128((const __m128i *)(const void *)(table + 16 * i));
    // Indexes outside of these 16 entries get their top bit set, for which VPSHUFB gives 0.
    const bvec index = _mm256_adds_epu8(_mm256_xor_si256(y, b_set((uint8_t)(i * 16))), b_set(0x70));
    found = _mm256_or_si256(found, _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(entries), index));
  }
  return found;
}

#pragma clang attribute pop

#endif
