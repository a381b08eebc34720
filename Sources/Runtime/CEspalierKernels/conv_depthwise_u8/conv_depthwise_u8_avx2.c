// conv_depthwise_u8 on AVX2.
//
// Where pairs fit, VPMADDUBSW's 16-bit sums of two products cannot saturate. Elsewhere weights and inputs are
// split into even and odd bytes and multiplied as 16-bit numbers: slower, as exact.
#if defined(__x86_64__)
#include <immintrin.h>

#include "../common/byte_part_128.h"
#include "../common/quantized_avx2.h"
#include "conv_depthwise_u8.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

static inline __attribute__((always_inline)) __m256i add_quads(__m256i sum, __m256i x, __m256i w, const bool pairs) {
  if (pairs)
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(x, w), _mm256_set1_epi16(1)));
  const __m256i even = _mm256_madd_epi16(
      _mm256_and_si256(x, _mm256_set1_epi16(0xFF)), _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8));
  const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(x, 8), _mm256_srai_epi16(w, 8));
  return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}

#include "conv_depthwise_u8_256.h"

void espalier_conv_depthwise_u8_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  if (((const depthwise_u8 *)call->parameters)->pairs_fit) convolve_items(call, first, end, true);
  else convolve_items(call, first, end, false);
}

#pragma clang attribute pop
#endif
