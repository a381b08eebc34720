// Bytes looked up on AVX2, 16 at once.
#ifndef ESPALIER_COMMON_QUANTIZED_AVX2_H
#define ESPALIER_COMMON_QUANTIZED_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

// table[y] for 16 bytes, two sixteenths of the table in one VPSHUFB.
static inline __m128i looked_up_128(const uint8_t *table, __m128i y) {
  const __m256i bytes = _mm256_broadcastsi128_si256(y);
  __m256i found = _mm256_setzero_si256();
  for (int i = 0; i < 16; i += 2) {
    const __m256i entries = _mm256_loadu_si256((const __m256i *)(const void *)(table + 16 * i));
    const __m256i part = _mm256_inserti128_si256(
        _mm256_set1_epi8((char)(i * 16)), _mm_set1_epi8((char)(i * 16 + 16)), 1);
    // Indexes outside of these 16 entries get their top bit set, for which VPSHUFB gives 0.
    const __m256i index = _mm256_adds_epu8(_mm256_xor_si256(bytes, part), _mm256_set1_epi8(0x70));
    found = _mm256_or_si256(found, _mm256_shuffle_epi8(entries, index));
  }
  return _mm_or_si128(_mm256_castsi256_si128(found), _mm256_extracti128_si256(found, 1));
}

#pragma clang attribute pop

#endif
