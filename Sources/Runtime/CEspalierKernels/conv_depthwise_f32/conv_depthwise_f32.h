// The work items of conv_depthwise_f32, the same for the checker and every instruction set.
#ifndef ESPALIER_CONV_DEPTHWISE_F32_H
#define ESPALIER_CONV_DEPTHWISE_F32_H

#include "../common/view.h"

// An item is this many output rows, counted through the batch.
static inline int64_t espalier_conv_depthwise_f32_rows(const espalier_conv_depthwise_f32_parameters *p) {
  const uint64_t outputs = (uint64_t)p->width * (uint64_t)p->channels;
  const uint64_t taps = (uint64_t)p->kernel_h * (uint64_t)p->kernel_w;
  const uint64_t target = 8 * espalier_elements_per_item;
  return espalier_rows_per_item((uint64_t)p->batch * (uint64_t)p->height,
                                taps >= target ? target : outputs * taps, target);
}

static inline int64_t espalier_padded_channels(int64_t channels) { return (channels + 15) / 16 * 16; }

#endif
