// What pixels become, element by element: step 4 of the definition, and what lies around the picture.
#ifndef ESPALIER_FRAME_U8_OUTPUT_H
#define ESPALIER_FRAME_U8_OUTPUT_H

#include "frame_u8.h"

// Elements [first, end) of a row, in all channels.
static inline void frame_fill(const frame_u8 *p, void *output, int64_t first, int64_t end) {
  for (int64_t c = 0; c < frame_channel_count(p); c++) {
    const int64_t base = c * p->output_stride_c, step = p->output_stride_w;
    if (p->output_is_float) {
      uint32_t *to = (uint32_t *)output + base;
      for (int64_t x = first; x < end; x++) to[x * step] = p->fill[c];
    } else {
      uint8_t *to = (uint8_t *)output + base;
      for (int64_t x = first; x < end; x++) to[x * step] = (uint8_t)p->fill[c];
    }
  }
}

// Step 4, element by element.
static inline void frame_look_up(
    const frame_u8 *p, const void *tables, const uint8_t *bytes, int64_t first, void *output) {
  const int64_t room = frame_row_room(p), step = p->output_stride_w;
  for (int64_t c = 0; c < frame_channel_count(p); c++) {
    const int64_t base = c * p->output_stride_c + p->left * step;
    const uint8_t *from = bytes + c * room;
    if (p->output_is_float) {
      const uint32_t *table = (const uint32_t *)tables + c * FRAME_TABLE;
      uint32_t *to = (uint32_t *)output + base;
      for (int64_t x = first; x < p->placed_width; x++) to[x * step] = table[from[x]];
    } else {
      const uint8_t *table = (const uint8_t *)tables + c * FRAME_TABLE;
      uint8_t *to = (uint8_t *)output + base;
      for (int64_t x = first; x < p->placed_width; x++) to[x * step] = table[from[x]];
    }
  }
}

#endif
