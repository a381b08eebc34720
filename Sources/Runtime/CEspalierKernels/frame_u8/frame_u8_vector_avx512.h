// The vectors of frame_u8_vector.h in AVX-512: the including file sets the target.
#ifndef ESPALIER_FRAME_U8_VECTOR_AVX512_H
#define ESPALIER_FRAME_U8_VECTOR_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#define V 16
#define INLINED static inline __attribute__((always_inline))

typedef __m512i vec;

INLINED vec v_load(const void *p) { return _mm512_loadu_si512(p); }
INLINED vec v_set16(int32_t x) { return _mm512_set1_epi16((short)x); }
INLINED vec v_set32(int32_t x) { return _mm512_set1_epi32(x); }
INLINED vec v_and(vec a, vec b) { return _mm512_and_si512(a, b); }
INLINED vec v_or(vec a, vec b) { return _mm512_or_si512(a, b); }
INLINED vec v_xor(vec a, vec b) { return _mm512_xor_si512(a, b); }
INLINED vec v_add16(vec a, vec b) { return _mm512_add_epi16(a, b); }
INLINED vec v_add32(vec a, vec b) { return _mm512_add_epi32(a, b); }
INLINED vec v_sub32(vec a, vec b) { return _mm512_sub_epi32(a, b); }
INLINED vec v_adds16(vec a, vec b) { return _mm512_adds_epi16(a, b); }
INLINED vec v_sub_floor16(vec a, vec b) { return _mm512_subs_epu16(a, b); }
INLINED vec v_max16(vec a, vec b) { return _mm512_max_epi16(a, b); }
INLINED vec v_min16(vec a, vec b) { return _mm512_min_epi16(a, b); }
INLINED vec v_slli16(vec a, const int n) { return _mm512_slli_epi16(a, n); }
INLINED vec v_srai16(vec a, const int n) { return _mm512_srai_epi16(a, n); }
INLINED vec v_slli32(vec a, const int n) { return _mm512_slli_epi32(a, n); }
INLINED vec v_srli32(vec a, const int n) { return _mm512_srli_epi32(a, n); }
INLINED vec v_srlv32(vec a, vec n) { return _mm512_srlv_epi32(a, n); }
INLINED vec v_scaled16(vec a, vec c) { return _mm512_mulhrs_epi16(a, c); }
INLINED vec v_products_high(vec a, vec b) { return _mm512_mulhi_epi16(a, b); }
INLINED vec v_products(vec a, vec b) { return _mm512_madd_epi16(a, b); }
INLINED vec v_gather(const void *p, vec at) { return _mm512_i32gather_epi32(at, p, 1); }
INLINED vec v_shuffle(vec a, vec control) { return _mm512_shuffle_epi8(a, control); }

// The same two bytes of every 32 bits; the places of 32 bits in their 128 are added.
INLINED vec v_shuffle_control(int low, int high) {
  const __m128i places = _mm_setr_epi32(0, 0x40004, 0x80008, 0xC000C);
  return v_add32(v_set32((int32_t)0x80008000 | low | high << 16), _mm512_broadcast_i32x4(places));
}

// Floats rounded to bytes; a NaN gives 0.
INLINED vec v_float_bytes(vec a) {
  const __m512 x = _mm512_max_ps(_mm512_castsi512_ps(a), _mm512_setzero_ps());
  return _mm512_cvtps_epi32(_mm512_min_ps(x, _mm512_set1_ps(255)));
}

// The lower 16 bits of every 32.
INLINED void v_store16(int16_t *p, vec a) {
  _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtepi32_epi16(a));
}

INLINED void v_store_bytes(uint8_t *p, vec a) {
  _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtusepi16_epi8(a));
}

#endif
