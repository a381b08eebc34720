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

static inline int64_t espalier_depthwise_channels(int64_t channels) { return (channels + 15) / 16 * 16; }

// Groups of four taps that lie below each other.
static inline int64_t espalier_depthwise_quads(int64_t kernel_h) { return (kernel_h + 3) / 4; }

#endif
