// conv_depthwise_u8 by SDOT, exact in int32: a byte x enters as x - 128, and sums start with 128 times the
// weights.
#if defined(__aarch64__)
#include "../common/quantized_neon.h"
#include "conv_depthwise_u8.h"

#define BY_ADDITION true

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#include "conv_depthwise_u8_neon.h"

static void start_block(const block *b, int32_t *start) {
  const ptrdiff_t count = b->p->kernel_w * espalier_depthwise_quads(b->p->kernel_h);
  const int8x16_t ones = vdupq_n_s8(1);
  UNROLLED for (int i = 0; i < 4; i++) {
    int32x4_t sum = vdupq_n_s32(0);
    for (ptrdiff_t q = 0; q < count; q++)
      sum = vdotq_s32(sum, vld1q_s8(b->weights + q * b->quad_bytes + 16 * i), ones);
    vst1q_s32(start + 4 * i, vshlq_n_s32(sum, 7));
  }
}

INLINED uint8x16_t factor(uint8x16_t x) { return veorq_u8(x, vdupq_n_u8(0x80)); }

INLINED int32x4_t add_dot(int32x4_t sum, uint8x16_t x, int8x16_t w) {
  return vdotq_s32(sum, vreinterpretq_s8_u8(x), w);
}

#include "conv_depthwise_u8_quads_neon.h"

void espalier_conv_depthwise_u8_neon_dotprod(
    const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  convolve_items(call, first, end);
}

#pragma clang attribute pop
#endif
