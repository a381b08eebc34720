// y[n, oy, ox, c] = sum over s of column_weights[ox][s] sum over t of row_weights[oy][t]
// x[n, row_indices[oy][t], column_indices[ox][s], c], in float.
#include "resize_f32.h"

typedef struct axis {
  const int32_t *indices;
  const float *weights;
  int64_t taps;
} axis;

static float sample(const espalier_resize_f32_parameters *p, const float *x, axis row, axis column) {
  float total = 0;
  for (int64_t s = 0; s < column.taps; s++) {
    float sum = 0;
    for (int64_t t = 0; t < row.taps; t++)
      sum += row.weights[t] * x[(int64_t)row.indices[t] * p->input_stride_h +
                                (int64_t)column.indices[s] * p->input_stride_w];
    total += column.weights[s] * sum;
  }
  return total;
}

void espalier_resize_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_resize_f32_parameters *p = call->parameters;
  const float *input = call->operands[0];
  const float *row_weights = call->operands[2], *column_weights = call->operands[4];
  const int32_t *row_indices = call->operands[1], *column_indices = call->operands[3];
  float *output = call->operands[5];
  const int64_t rows = espalier_resize_f32_rows(p), all = (int64_t)p->batch * p->output_height;
  for (int64_t i = first * rows; i < end * rows && i < all; i++) {
    const int64_t n = i / p->output_height, oy = i % p->output_height;
    const axis row = {row_indices + oy * p->row_taps, row_weights + oy * p->row_taps, p->row_taps};
    for (int64_t ox = 0; ox < p->output_width; ox++) {
      const axis column = {column_indices + ox * p->column_taps, column_weights + ox * p->column_taps,
                           p->column_taps};
      float *y = output + n * p->output_stride_n + oy * p->output_stride_h + ox * p->output_stride_w;
      for (int64_t c = 0; c < p->channels; c++)
        y[c] = sample(p, input + n * p->input_stride_n + c, row, column);
    }
  }
}
