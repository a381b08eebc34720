// The epilogue of convolutions of bytes in NEON.
#ifndef ESPALIER_COMMON_BYTE_EPILOGUE_NEON_H
#define ESPALIER_COMMON_BYTE_EPILOGUE_NEON_H

#include <string.h>

#include "byte_epilogue.h"
#include "quantized_neon.h"

// One pixel's panel of sums t that begins at channel `offset` of `channels`; output and residual (or NULL) are those of
// channel 0, `range` is that of low … high. `by_addition`: converts in the way of the later processors.
INLINED void store_row_neon(
    const byte_epilogue *end, ptrdiff_t offset, floats_16 t, uint8_t *output, const uint8_t *residual,
    int32_t channels, byte_range range, const bool by_addition) {
  const int64_t left = channels - offset;
  const float *numbers = end->scales_offsets + 2 * offset;
  UNROLLED for (int i = 0; i < 4; i++)
    t.part[i] = vfmaq_f32(
        vld1q_f32(numbers + ESPALIER_PANEL + 4 * i), t.part[i], vld1q_f32(numbers + 4 * i));
  if (residual) {
    const uint8_t *from = residual + offset;
    const floats_16 rest =
        floats_of_bytes(left >= ESPALIER_PANEL ? vld1q_u8(from) : load_part_neon(from, left));
    UNROLLED for (int i = 0; i < 4; i++)
      t.part[i] = vfmaq_f32(t.part[i], rest.part[i], vdupq_n_f32(end->residual_scale));
  }
  if (end->output_is_float) {
    float y[ESPALIER_PANEL];
    UNROLLED for (int i = 0; i < 4; i++) vst1q_f32(y + 4 * i, clamped_neon(t.part[i], end->low, end->high));
    const size_t count = left < ESPALIER_PANEL ? (size_t)left : ESPALIER_PANEL;
    memcpy((float *)(void *)output + offset, y, count * sizeof *y);
    return;
  }
  uint8x16_t bytes = by_addition ? quantized_by_addition_neon(t, range) : quantized_neon(t, range);
  if (end->table) bytes = looked_up_neon(end->table, bytes);
  if (left >= ESPALIER_PANEL) vst1q_u8(output + offset, bytes);
  else store_part_neon(output + offset, left, bytes);
}

#endif
