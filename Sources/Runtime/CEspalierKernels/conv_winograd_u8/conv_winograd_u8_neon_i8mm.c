// conv_winograd_u8 by USMMLA, without transforms: USMMLA multiplies more than four times as many bytes as SMLAL does
// words, so these are the products of conv_gemm_u8, from its file.
#if defined(__aarch64__)
#include "conv_winograd_u8.h"

void espalier_conv_winograd_u8_neon_i8mm(
    const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  espalier_conv_winograd_u8_direct_neon_i8mm(call, first, end);
}

#endif
