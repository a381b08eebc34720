// resize_u8 by VB channels of one output at a time. The including file gives the vectors.
//
// Two taps are multiplied at once, each by the product of its row's and its column's weight, which 16 bits hold.
// The last block of an image with more than VB channels overlaps the one before it.
#include "resize_u8_body.h"

B bvec channels_at(const uint8_t *x, int64_t part) { return part ? b_load_part(x, part) : b_load(x); }

B bvec sample_vector(const resize_u8 *p, const uint8_t *x, resize_taps row, resize_taps column, int64_t part) {
  wide_sums sums = b_sums(8192);
  for (int64_t t = 0; t < row.count; t++) {
    const uint8_t *line = x + (int64_t)row.indices[t] * p->input_stride_h;
    for (int64_t s = 0; s < column.count; s += 2) {
      const int64_t other = s + 1 < column.count ? s + 1 : s;
      const int32_t second = other > s ? row.weights[t] * column.weights[other] : 0;
      const bvec a = channels_at(line + (int64_t)column.indices[s] * p->input_stride_w, part);
      const bvec b = channels_at(line + (int64_t)column.indices[other] * p->input_stride_w, part);
      sums = b_add_products(sums, a, b, row.weights[t] * column.weights[s] | second << 16);
    }
  }
  return b_shifted_14(sums);
}

B void sample_pixel(const resize_u8 *p, const uint8_t *x, resize_taps row, resize_taps column, uint8_t *y) {
  const int64_t channels = p->channels;
  if (channels < VB) {
    b_store_part(y, channels, sample_vector(p, x, row, column, channels));
    return;
  }
  for (int64_t block = 0; block < channels; block += VB) {
    const int64_t c = block + VB <= channels ? block : channels - VB;
    b_store(y + c, sample_vector(p, x + c, row, column, 0));
  }
}

B void copy_pixel(const uint8_t *x, int64_t channels, uint8_t *y) {
  int64_t c = 0;
  for (; c + VB <= channels; c += VB) b_store(y + c, b_load(x + c));
  if (c < channels) b_store_part(y + c, channels - c, b_load_part(x + c, channels - c));
}

static inline void run_vectors(const espalier_call *call, uint32_t first, uint32_t end) {
  const resize_u8 *p = call->parameters;
  const int32_t *row_indices = call->operands[1], *row_weights = call->operands[2];
  const int32_t *column_indices = call->operands[3], *column_weights = call->operands[4];
  const int64_t rows = espalier_resize_u8_rows(p), all = (int64_t)p->batch * p->output_height;
  for (int64_t i = first * rows; i < end * rows && i < all; i++) {
    const int64_t n = i / p->output_height, oy = i % p->output_height;
    const resize_taps row = {row_indices + oy * p->row_taps, row_weights + oy * p->row_taps, p->row_taps};
    const uint8_t *x = (const uint8_t *)call->operands[0] + n * p->input_stride_n;
    uint8_t *y = (uint8_t *)call->operands[5] + n * p->output_stride_n + oy * p->output_stride_h;
    const bool copies = row.count == 1 && row.weights[0] == 128 && p->column_taps == 1;
    const bool is_linear = row.count == 2 && p->column_taps == 2;
    for (int64_t ox = 0; ox < p->output_width; ox++, y += p->output_stride_w) {
      const resize_taps column = {column_indices + ox * p->column_taps, column_weights + ox * p->column_taps,
                                  p->column_taps};
      if (copies && column.weights[0] == 128)
        copy_pixel(x + (int64_t)row.indices[0] * p->input_stride_h +
                       (int64_t)column.indices[0] * p->input_stride_w,
                   p->channels, y);
      else if (is_linear)  // loops known to the compiler
        sample_pixel(p, x, (resize_taps){row.indices, row.weights, 2},
                     (resize_taps){column.indices, column.weights, 2}, y);
      else
        sample_pixel(p, x, row, column, y);
    }
  }
}
