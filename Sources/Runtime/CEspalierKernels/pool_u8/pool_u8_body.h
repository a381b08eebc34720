// y[n, oy, ox, c] = the largest byte or the quantized average of the window's bytes that lie inside the image.
#include <string.h>

#include "pool_u8.h"

typedef espalier_pool_u8_parameters pool_u8;

enum { channels_at_once = 256 };

static inline const uint8_t *tap_at(const pool_u8 *p, const uint8_t *x, espalier_window h, espalier_window w,
                                    int64_t i, int64_t j) {
  return x + (h.start + i * p->dilation_h) * p->input_stride_h + (w.start + j * p->dilation_w) * p->input_stride_w;
}

static inline void largest(const pool_u8 *p, const uint8_t *x, espalier_window h, espalier_window w,
                           int64_t count, uint8_t *y) {
  memset(y, 0, (size_t)count);
  for (int64_t i = h.first; i < h.end; i++)
    for (int64_t j = w.first; j < w.end; j++) {
      const uint8_t *tap = tap_at(p, x, h, w, i, j);
      for (int64_t c = 0; c < count; c++) y[c] = tap[c] > y[c] ? tap[c] : y[c];
    }
}

static inline void average(const pool_u8 *p, const uint8_t *x, espalier_window h, espalier_window w,
                           int64_t count, uint8_t *y) {
  uint32_t sum[channels_at_once];
  const int64_t inside = (h.end - h.first) * (w.end - w.first);
  const int64_t divisor = espalier_pool_u8_divisor(p->mode, h, w);
  const float scale = divisor ? p->scale / (float)divisor : 0;
  const uint32_t padding = (uint32_t)(divisor - inside) * (uint32_t)p->zero;
  for (int64_t c = 0; c < count; c++) sum[c] = padding;
  for (int64_t i = h.first; i < h.end; i++)
    for (int64_t j = w.first; j < w.end; j++) {
      const uint8_t *tap = tap_at(p, x, h, w, i, j);
      for (int64_t c = 0; c < count; c++) sum[c] += tap[c];
    }
  for (int64_t c = 0; c < count; c++)
    y[c] = espalier_quantized(fmaf((float)(int32_t)sum[c], scale, p->offset), p->low, p->high);
}

static inline void run(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const pool_u8 *p = call->parameters;
  const uint8_t *input = call->operands[0];
  uint8_t *output = call->operands[1];
  const int64_t rows = espalier_pool_u8_rows(p), all = (int64_t)p->batch * p->output_height;
  for (int64_t row = first * rows; row < end * rows && row < all; row++) {
    const int64_t n = row / p->output_height, oy = row % p->output_height;
    const espalier_window h = espalier_pool_u8_row(p, oy);
    for (int64_t ox = 0; ox < p->output_width; ox++) {
      const espalier_window w = espalier_pool_u8_column(p, ox);
      uint8_t *y = output + n * p->output_stride_n + oy * p->output_stride_h + ox * p->output_stride_w;
      for (int64_t c = 0; c < p->channels; c += channels_at_once) {
        const int64_t left = p->channels - c, count = left < channels_at_once ? left : channels_at_once;
        const uint8_t *x = input + n * p->input_stride_n + c;
        if (p->mode == espalier_pool_max) largest(p, x, h, w, count, y + c);
        else average(p, x, h, w, count, y + c);
      }
    }
  }
}
