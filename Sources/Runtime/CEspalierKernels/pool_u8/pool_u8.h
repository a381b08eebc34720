// The work items and windows of pool_u8, the same for the checker and every instruction set.
#ifndef ESPALIER_POOL_U8_H
#define ESPALIER_POOL_U8_H

#include "../common/quantized.h"
#include "../common/view.h"
#include "../common/window.h"

// An item is this many output rows, counted through the batch.
static inline int64_t espalier_pool_u8_rows(const espalier_pool_u8_parameters *p) {
  const uint64_t outputs = (uint64_t)p->output_width * (uint64_t)p->channels;
  const uint64_t taps = (uint64_t)p->kernel_h * (uint64_t)p->kernel_w;
  const uint64_t target = 4 * espalier_elements_per_item;
  return espalier_rows_per_item((uint64_t)p->batch * (uint64_t)p->output_height,
                                taps >= target ? target : outputs * taps, target);
}

static inline espalier_window espalier_pool_u8_row(const espalier_pool_u8_parameters *p, int64_t output) {
  return espalier_window_at(output, p->stride_h, p->dilation_h, p->kernel_h, p->input_height, p->pad_top,
                            p->pad_bottom);
}

static inline espalier_window espalier_pool_u8_column(const espalier_pool_u8_parameters *p,
                                                       int64_t output) {
  return espalier_window_at(output, p->stride_w, p->dilation_w, p->kernel_w, p->input_width, p->pad_left,
                            p->pad_right);
}

// What an average divides by; 0 for a window outside image and padding.
static inline int64_t espalier_pool_u8_divisor(int32_t mode, espalier_window h, espalier_window w) {
  return mode == espalier_pool_average_padded ? h.padded * w.padded : (h.end - h.first) * (w.end - w.first);
}

#endif
