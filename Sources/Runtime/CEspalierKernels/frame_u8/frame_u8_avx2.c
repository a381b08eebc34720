// Pictures to inputs, 8 pixels a step: frame_u8_vector.h.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#define V 8
#define INLINED static inline __attribute__((always_inline))

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

typedef __m256i vec;

INLINED vec v_load(const void *p) { return _mm256_loadu_si256(p); }
INLINED vec v_set16(int32_t x) { return _mm256_set1_epi16((short)x); }
INLINED vec v_set32(int32_t x) { return _mm256_set1_epi32(x); }
INLINED vec v_and(vec a, vec b) { return _mm256_and_si256(a, b); }
INLINED vec v_or(vec a, vec b) { return _mm256_or_si256(a, b); }
INLINED vec v_xor(vec a, vec b) { return _mm256_xor_si256(a, b); }
INLINED vec v_add16(vec a, vec b) { return _mm256_add_epi16(a, b); }
INLINED vec v_add32(vec a, vec b) { return _mm256_add_epi32(a, b); }
INLINED vec v_sub32(vec a, vec b) { return _mm256_sub_epi32(a, b); }
INLINED vec v_adds16(vec a, vec b) { return _mm256_adds_epi16(a, b); }
INLINED vec v_sub_floor16(vec a, vec b) { return _mm256_subs_epu16(a, b); }
INLINED vec v_max16(vec a, vec b) { return _mm256_max_epi16(a, b); }
INLINED vec v_min16(vec a, vec b) { return _mm256_min_epi16(a, b); }
INLINED vec v_slli16(vec a, const int n) { return _mm256_slli_epi16(a, n); }
INLINED vec v_srai16(vec a, const int n) { return _mm256_srai_epi16(a, n); }
INLINED vec v_slli32(vec a, const int n) { return _mm256_slli_epi32(a, n); }
INLINED vec v_srli32(vec a, const int n) { return _mm256_srli_epi32(a, n); }
INLINED vec v_srlv32(vec a, vec n) { return _mm256_srlv_epi32(a, n); }
INLINED vec v_scaled16(vec a, vec c) { return _mm256_mulhrs_epi16(a, c); }
INLINED vec v_products_high(vec a, vec b) { return _mm256_mulhi_epi16(a, b); }
INLINED vec v_products(vec a, vec b) { return _mm256_madd_epi16(a, b); }
INLINED vec v_gather(const void *p, vec at) { return _mm256_i32gather_epi32(p, at, 1); }
INLINED vec v_shuffle(vec a, vec control) { return _mm256_shuffle_epi8(a, control); }

// The same two bytes of every 32 bits; the places of 32 bits in their 128 are added.
INLINED vec v_shuffle_control(int low, int high) {
  const vec pair = v_set32(0x80008000 | low | high << 16);
  return v_add32(pair, _mm256_setr_epi32(0, 0x40004, 0x80008, 0xC000C, 0, 0x40004, 0x80008, 0xC000C));
}

// Floats rounded to bytes; a NaN gives 0.
INLINED vec v_float_bytes(vec a) {
  const __m256 x = _mm256_max_ps(_mm256_castsi256_ps(a), _mm256_setzero_ps());
  return _mm256_cvtps_epi32(_mm256_min_ps(x, _mm256_set1_ps(255)));
}

// The lower 16 bits of every 32.
INLINED void v_store16(int16_t *p, vec a) {
  const vec packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(a, a), 0xD8);
  _mm_storeu_si128((__m128i *)(void *)p, _mm256_castsi256_si128(packed));
}

INLINED void v_store_bytes(uint8_t *p, vec a) {
  const vec packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(a, a), 0xD8);
  _mm_storeu_si128((__m128i *)(void *)p, _mm256_castsi256_si128(packed));
}

#include "frame_u8_vector.h"

void espalier_frame_u8_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  frame_run(call, first, end, scratch);
}

#pragma clang attribute pop
#endif
