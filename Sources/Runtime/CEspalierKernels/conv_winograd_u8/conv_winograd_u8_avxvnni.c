// conv_winograd_u8 by VPDPWSSD on 256 bits.
#if defined(__x86_64__)
#include "../common/byte_epilogue_avx2.h"
#include "conv_winograd_u8.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)

static inline __m256i add_product(__m256i sum, __m256i value, __m256i weight) {
  return _mm256_dpwssd_avx_epi32(sum, value, weight);
}

#include "conv_winograd_u8_256.h"

void espalier_conv_winograd_u8_avxvnni(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}

#pragma clang attribute pop
#endif
