// conv_depthwise_u8 by USDOT, exact in int32.
#if defined(__aarch64__)
#include "../common/quantized_neon.h"
#include "conv_depthwise_u8.h"

#define BY_ADDITION true

#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)

#include "conv_depthwise_u8_neon.h"

// Unsigned bytes are multiplied as they are.
static void start_block(const block *b, int32_t *start) { (void)b, (void)start; }

INLINED uint8x16_t factor(uint8x16_t x) { return x; }

INLINED int32x4_t add_dot(int32x4_t sum, uint8x16_t x, int8x16_t w) { return vusdotq_s32(sum, x, w); }

#include "conv_depthwise_u8_quads_neon.h"

void espalier_conv_depthwise_u8_neon_i8mm(
    const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  convolve_items(call, first, end);
}

#pragma clang attribute pop
#endif
