// y[n, oy, ox, c] = (sum of row_weights[oy][t] column_weights[ox][s] x[row_indices[oy][t], column_indices[ox][s]]
// + 8192) >> 14, with weights of 7 bits.
#include <string.h>

#include "resize_u8.h"

typedef espalier_resize_u8_parameters resize_u8;

enum { channels_at_once = 256 };

// The taps of one output row or column.
typedef struct resize_taps {
  const int32_t *indices, *weights;
  int64_t count;
} resize_taps;

static inline void sample(const resize_u8 *p, const uint8_t *x, resize_taps row, resize_taps column,
                          int64_t count, uint8_t *y) {
  uint32_t sum[channels_at_once];
  for (int64_t c = 0; c < count; c++) sum[c] = 8192;
  for (int64_t t = 0; t < row.count; t++)
    for (int64_t s = 0; s < column.count; s++) {
      const int32_t weight = row.weights[t] * column.weights[s];
      const uint8_t *tap =
          x + (int64_t)row.indices[t] * p->input_stride_h + (int64_t)column.indices[s] * p->input_stride_w;
      for (int64_t c = 0; c < count; c++) sum[c] += (uint32_t)weight * tap[c];
    }
  for (int64_t c = 0; c < count; c++) {
    const uint32_t value = sum[c] >> 14;
    y[c] = (uint8_t)(value < 255 ? value : 255);
  }
}

static inline void run(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const resize_u8 *p = call->parameters;
  const uint8_t *input = call->operands[0];
  const int32_t *row_indices = call->operands[1], *row_weights = call->operands[2];
  const int32_t *column_indices = call->operands[3], *column_weights = call->operands[4];
  uint8_t *output = call->operands[5];
  const bool copies = p->row_taps == 1 && p->column_taps == 1;
  const int64_t rows = espalier_resize_u8_rows(p), all = (int64_t)p->batch * p->output_height;
  for (int64_t i = first * rows; i < end * rows && i < all; i++) {
    const int64_t n = i / p->output_height, oy = i % p->output_height;
    const resize_taps row = {row_indices + oy * p->row_taps, row_weights + oy * p->row_taps, p->row_taps};
    for (int64_t ox = 0; ox < p->output_width; ox++) {
      const resize_taps column = {column_indices + ox * p->column_taps, column_weights + ox * p->column_taps,
                                  p->column_taps};
      uint8_t *y = output + n * p->output_stride_n + oy * p->output_stride_h + ox * p->output_stride_w;
      const uint8_t *x = input + n * p->input_stride_n;
      if (copies && row.weights[0] == 128 && column.weights[0] == 128) {
        const int64_t from = (int64_t)row.indices[0] * p->input_stride_h +
                             (int64_t)column.indices[0] * p->input_stride_w;
        memcpy(y, x + from, (size_t)p->channels);
        continue;
      }
      for (int64_t c = 0; c < p->channels; c += channels_at_once) {
        const int64_t left = p->channels - c;
        sample(p, x + c, row, column, left < channels_at_once ? left : channels_at_once, y + c);
      }
    }
  }
}
