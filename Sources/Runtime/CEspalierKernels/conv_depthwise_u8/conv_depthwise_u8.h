// The work items of conv_depthwise_u8, the same for the checker and every instruction set.
#ifndef ESPALIER_CONV_DEPTHWISE_U8_H
#define ESPALIER_CONV_DEPTHWISE_U8_H

#include "../common/quantized.h"
#include "../common/view.h"

// An item is this many output rows, counted through the batch.
static inline int64_t espalier_conv_depthwise_u8_rows(const espalier_conv_depthwise_u8_parameters *p) {
  const uint64_t outputs = (uint64_t)p->width * (uint64_t)p->channels;
  const uint64_t taps = (uint64_t)p->kernel_h * (uint64_t)p->kernel_w;
  const uint64_t target = 8 * espalier_elements_per_item;
  return espalier_rows_per_item((uint64_t)p->batch * (uint64_t)p->height,
                                taps >= target ? target : outputs * taps, target);
}

// The outputs that are computed for all channels before the next ones.
typedef struct espalier_depthwise_tile {
  int64_t rows;
  int32_t columns;
} espalier_depthwise_tile;

// With a stride, few enough that their inputs stay in the first-level cache, so that blocks of channels, which
// share cache lines, find them there. Without one, every input is used so often that whole rows are faster.
static inline espalier_depthwise_tile espalier_depthwise_tile_of(const espalier_conv_depthwise_u8_parameters *p) {
  enum { bytes_of_inputs = 16384, fewest = 8 };
  if (p->input_stride_w == p->tap_stride_w) return (espalier_depthwise_tile){p->height, p->width};
  const int64_t column = ((int64_t)p->kernel_h + 1) * p->input_stride_w;
  const int64_t columns = column > 0 ? bytes_of_inputs / column : p->width;
  const int64_t limit = columns < fewest ? fewest : columns;
  const int64_t parts = (p->width + limit - 1) / limit;
  return (espalier_depthwise_tile){2, (int32_t)((p->width + parts - 1) / parts)};
}

static inline int64_t espalier_depthwise_channels(int64_t channels) { return (channels + 15) / 16 * 16; }

// Groups of four taps that lie below each other.
static inline int64_t espalier_depthwise_quads(int64_t kernel_h) { return (kernel_h + 3) / 4; }

#endif
