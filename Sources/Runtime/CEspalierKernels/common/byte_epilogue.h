// What convolutions of bytes make of their sums: the numbers behind the definition in
// espalier_quantized_parameters.h, for the channels from one panel of 16 on.
#ifndef ESPALIER_COMMON_BYTE_EPILOGUE_H
#define ESPALIER_COMMON_BYTE_EPILOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pixel_panel_items.h"
#include "quantized.h"

typedef struct byte_epilogue {
  const float *scales_offsets;  // 16 scales and 16 offsets per panel
  const uint8_t *table;         // or NULL
  float residual_scale;
  float low, high;
  bool output_is_float;
} byte_epilogue;

// Bytes of an output element.
static inline ptrdiff_t byte_epilogue_size(const byte_epilogue *end) { return end->output_is_float ? 4 : 1; }

// Stores channel c of a pixel. `output` and `residual` (NULL where there is none) are those of channel 0.
static inline void byte_epilogue_store(
    const byte_epilogue *end, uint32_t c, int32_t sum, uint8_t *output, const uint8_t *residual) {
  const float *numbers = end->scales_offsets + c / ESPALIER_PANEL * 2 * ESPALIER_PANEL + c % ESPALIER_PANEL;
  float t = fmaf((float)sum, numbers[0], numbers[ESPALIER_PANEL]);
  if (residual) t = fmaf((float)residual[c], end->residual_scale, t);
  if (end->output_is_float) {
    ((float *)(void *)output)[c] = espalier_clamped(t, end->low, end->high);
    return;
  }
  const uint8_t y = espalier_quantized(t, end->low, end->high);
  output[c] = end->table ? end->table[y] : y;
}

#endif
