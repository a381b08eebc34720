// resize_f32 on vectors of VL channels: every output pixel straight from the input pixels that it is made of.
// Nearest (1 x 1 taps) and linear (2 x 2) are unrolled. Reads and writes exactly the images' elements.
// Included behind vector_<isa>.h, inside its target attribute.

// The taps of an output row or of an output pixel within it.
typedef struct resize_axis {
  const int32_t *indices;
  const float *weights;
  int64_t taps, stride;
} resize_axis;

V vec resize_sample(const float *x, resize_axis row, resize_axis column, int64_t row_taps,
                    int64_t column_taps, bool whole, vpart part) {
  vec total = v_zero();
  for (int64_t s = 0; s < column_taps; s++) {
    const float *from = x + column.indices[s] * column.stride;
    vec sum = v_zero();
    for (int64_t t = 0; t < row_taps; t++) {
      const float *p = from + row.indices[t] * row.stride;
      sum = v_fma(v_set(row.weights[t]), whole ? v_load(p) : v_load_part(p, part), sum);
    }
    total = v_fma(v_set(column.weights[s]), sum, total);
  }
  return total;
}

V void resize_pixel(const float *x, resize_axis row, resize_axis column, int64_t row_taps,
                    int64_t column_taps, float *y, int64_t channels) {
  for (; channels >= VL; channels -= VL, x += VL, y += VL)
    v_store(y, resize_sample(x, row, column, row_taps, column_taps, true, v_part(0)));
  if (channels == 0) return;
  const vpart part = v_part(channels);
  v_store_part(y, part, resize_sample(x, row, column, row_taps, column_taps, false, part));
}

// y = x, as it is where the only tap has the weight 1.
V void resize_copy(const float *x, float *y, int64_t channels) {
  for (; channels >= VL; channels -= VL, x += VL, y += VL) v_store(y, v_load(x));
  if (channels > 0) v_store_part(y, v_part(channels), v_load_part(x, v_part(channels)));
}

static void resize_row(const espalier_resize_f32_parameters *p, const float *x, resize_axis row,
                       resize_axis column, float *y) {
  const bool nearest = row.taps == 1 && column.taps == 1, linear = row.taps == 2 && column.taps == 2;
  for (int64_t ox = 0; ox < p->output_width; ox++, y += p->output_stride_w) {
    if (nearest && row.weights[0] * column.weights[0] == 1)
      resize_copy(x + row.indices[0] * row.stride + column.indices[0] * column.stride, y, p->channels);
    else if (linear) resize_pixel(x, row, column, 2, 2, y, p->channels);
    else resize_pixel(x, row, column, row.taps, column.taps, y, p->channels);
    column.indices += column.taps;
    column.weights += column.taps;
  }
}

static void resize_items(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_resize_f32_parameters *p = call->parameters;
  const float *input = call->operands[0];
  float *output = call->operands[5];
  const resize_axis column = {call->operands[3], call->operands[4], p->column_taps, p->input_stride_w};
  const int64_t rows = espalier_resize_f32_rows(p), all = (int64_t)p->batch * p->output_height;
  for (int64_t i = first * rows; i < end * rows && i < all; i++) {
    const int64_t n = i / p->output_height, oy = i % p->output_height;
    const resize_axis row = {(const int32_t *)call->operands[1] + oy * p->row_taps,
                             (const float *)call->operands[2] + oy * p->row_taps, p->row_taps,
                             p->input_stride_h};
    resize_row(p, input + n * p->input_stride_n, row, column,
               output + n * p->output_stride_n + oy * p->output_stride_h);
  }
}
