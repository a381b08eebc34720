// conv_depthwise_u8 by VPDPBUSD on 256 bits, exact in int32.
#if defined(__x86_64__)
#include <immintrin.h>

#include "../common/byte_part_128.h"
#include "../common/quantized_avx2.h"
#include "conv_depthwise_u8.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)

static inline __attribute__((always_inline)) __m256i add_quads(__m256i sum, __m256i x, __m256i w, const bool pairs) {
  (void)pairs;
  return _mm256_dpbusd_avx_epi32(sum, x, w);
}

#include "conv_depthwise_u8_256.h"

void espalier_conv_depthwise_u8_avxvnni(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  convolve_items(call, first, end, false);
}

#pragma clang attribute pop
#endif
