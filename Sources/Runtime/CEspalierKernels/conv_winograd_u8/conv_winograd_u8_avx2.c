// conv_winograd_u8 by VPMADDWD on AVX2.
#if defined(__x86_64__)
#include "../common/byte_epilogue_avx2.h"
#include "conv_winograd_u8.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// sum + the products of two neighboring 16-bit numbers, which fit 32 bits.
static inline __m256i add_product(__m256i sum, __m256i value, __m256i weight) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(value, weight));
}

#include "conv_winograd_u8_256.h"

void espalier_conv_winograd_u8_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}

#pragma clang attribute pop
#endif
