// Bytes from sums on AVX-512 with VBMI; see quantized.h for the definition.
#ifndef ESPALIER_COMMON_QUANTIZED_AVX512_H
#define ESPALIER_COMMON_QUANTIZED_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,fma"))), apply_to = function)

// table[y] for 64 bytes.
static inline __m512i looked_up_avx512(const uint8_t *table, __m512i y) {
  const __m512i low =
      _mm512_permutex2var_epi8(_mm512_loadu_si512(table), y, _mm512_loadu_si512(table + 64));
  const __m512i high =
      _mm512_permutex2var_epi8(_mm512_loadu_si512(table + 128), y, _mm512_loadu_si512(table + 192));
  return _mm512_mask_blend_epi8(_mm512_movepi8_mask(y), low, high);
}

// t inside low … high; a NaN gives low.
static inline __m512 clamped_avx512(__m512 t, float low, float high) {
  return _mm512_min_ps(_mm512_max_ps(t, _mm512_set1_ps(low)), _mm512_set1_ps(high));
}

#pragma clang attribute pop

#endif
