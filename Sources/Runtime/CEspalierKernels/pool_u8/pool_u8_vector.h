// pool_u8 by VB channels of one output at a time, largest bytes and sums in registers. The including file gives
// the vectors.
//
// The last block of an image with more than VB channels overlaps the one before it.
#include "pool_u8_body.h"

enum { taps_of_words = 256 };  // as many bytes as 16 bits hold the sum of

// One output pixel's window.
typedef struct pool_window {
  const uint8_t *first;            // the first tap inside the image
  int64_t rows, columns;           // taps inside the image
  int64_t row_step, column_step;   // bytes from one to the next
  uint32_t padding;                // what the taps outside add
  float scale;
} pool_window;

B bvec channels_at(const uint8_t *x, int64_t part) { return part ? b_load_part(x, part) : b_load(x); }

// The windows that are common have their loops unrolled.
B bvec largest_in(const pool_window *w, int64_t c, int64_t part, const int64_t rows, const int64_t columns) {
  bvec y = b_zero();
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++)
      y = b_max(y, channels_at(w->first + i * w->row_step + j * w->column_step + c, part));
  return y;
}

B bvec largest_vector(const pool_window *w, int64_t c, int64_t part) {
  if (w->rows == 3 && w->columns == 3) return largest_in(w, c, part, 3, 3);
  if (w->rows == 2 && w->columns == 2) return largest_in(w, c, part, 2, 2);
  return largest_in(w, c, part, w->rows, w->columns);
}

B bvec average_vector(const pool_u8 *p, const pool_window *w, int64_t c, int64_t part) {
  wide_sums sums = b_sums(w->padding);
  bvec low = b_zero(), high = b_zero();
  int64_t room = taps_of_words;
  for (int64_t i = 0; i < w->rows; i++) {
    const uint8_t *x = w->first + i * w->row_step + c;
    for (int64_t j = 0; j < w->columns; j++, x += w->column_step) {
      const bvec bytes = channels_at(x, part);
      low = b_add_words(low, b_low_words(bytes));
      high = b_add_words(high, b_high_words(bytes));
      if (--room) continue;
      sums = b_add_to_sums(sums, low, high);
      low = high = b_zero();
      room = taps_of_words;
    }
  }
  sums = b_add_to_sums(sums, low, high);
  const wide_floats t = b_fma(b_floats_of_sums(sums), w->scale, b_set_floats(p->offset));
  return b_quantized(t, p->low, p->high);
}

B void pool_pixel(const pool_u8 *p, const pool_window *w, uint8_t *y) {
  const bool is_max = p->mode == espalier_pool_max;
  const int64_t channels = p->channels;
  if (channels < VB) {
    b_store_part(y, channels, is_max ? largest_vector(w, 0, channels) : average_vector(p, w, 0, channels));
    return;
  }
  for (int64_t block = 0; block < channels; block += VB) {
    const int64_t c = block + VB <= channels ? block : channels - VB;
    b_store(y + c, is_max ? largest_vector(w, c, 0) : average_vector(p, w, c, 0));
  }
}

static inline void run_vectors(const espalier_call *call, uint32_t first, uint32_t end) {
  const pool_u8 *p = call->parameters;
  const uint8_t *input = call->operands[0];
  uint8_t *output = call->operands[1];
  const int64_t rows = espalier_pool_u8_rows(p), all = (int64_t)p->batch * p->output_height;
  for (int64_t row = first * rows; row < end * rows && row < all; row++) {
    const int64_t n = row / p->output_height, oy = row % p->output_height;
    const espalier_window h = espalier_pool_u8_row(p, oy);
    for (int64_t ox = 0; ox < p->output_width; ox++) {
      const espalier_window v = espalier_pool_u8_column(p, ox);
      const int64_t inside = (h.end - h.first) * (v.end - v.first);
      pool_window w = {input, 0, 0, (int64_t)p->dilation_h * p->input_stride_h,
                       (int64_t)p->dilation_w * p->input_stride_w, 0, 0};
      if (inside > 0) {
        w.first = tap_at(p, input + n * p->input_stride_n, h, v, h.first, v.first);
        w.rows = h.end - h.first, w.columns = v.end - v.first;
      }
      if (p->mode != espalier_pool_max) {
        const int64_t divisor = espalier_pool_u8_divisor(p->mode, h, v);
        w.scale = divisor ? p->scale / (float)divisor : 0;
        w.padding = (uint32_t)(divisor - inside) * (uint32_t)p->zero;
      }
      pool_pixel(p, &w, output + n * p->output_stride_n + oy * p->output_stride_h + ox * p->output_stride_w);
    }
  }
}
