// y[n, oy, ox, c] = the maximum, average or p-norm of the window's elements that lie inside the image. An
// empty window gives -infinity as maximum and 0 otherwise; a NaN makes the maximum NaN.
#include <math.h>

#include "pool_f32.h"

static float maximum(const espalier_pool_f32_parameters *p, const float *x, espalier_window h,
                     espalier_window w) {
  float best = -INFINITY;
  for (int64_t i = h.first; i < h.end; i++)
    for (int64_t j = w.first; j < w.end; j++) {
      const float value = x[(h.start + i * p->dilation_h) * p->input_stride_h +
                            (w.start + j * p->dilation_w) * p->input_stride_w];
      best = best != best || best > value ? best : value;
    }
  return best;
}

// The sum of x, or of |x|^p.
static float sum(const espalier_pool_f32_parameters *p, const float *x, espalier_window h,
                 espalier_window w) {
  float total = 0;
  for (int64_t i = h.first; i < h.end; i++)
    for (int64_t j = w.first; j < w.end; j++) {
      const float value = x[(h.start + i * p->dilation_h) * p->input_stride_h +
                            (w.start + j * p->dilation_w) * p->input_stride_w];
      total += p->mode == espalier_pool_lp ? powf(fabsf(value), p->p) : value;
    }
  return total;
}

static float pool(const espalier_pool_f32_parameters *p, const float *x, espalier_window h,
                  espalier_window w) {
  if (p->mode == espalier_pool_max) return maximum(p, x, h, w);
  const float total = sum(p, x, h, w);
  if (p->mode == espalier_pool_lp) return powf(total, 1 / p->p);
  const int64_t divisor = espalier_pool_f32_divisor(p->mode, h, w);
  return divisor ? total / (float)divisor : 0;
}

void espalier_pool_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_pool_f32_parameters *p = call->parameters;
  const float *input = call->operands[0];
  float *output = call->operands[1];
  const espalier_pool_f32_items cut = espalier_pool_f32_cut(p);
  for (uint32_t item = first; item < end; item++) {
    const espalier_pool_f32_piece piece = espalier_pool_f32_piece_at(p, &cut, item);
    for (int64_t row = piece.row; row < piece.row_end; row++) {
      const int64_t n = row / p->output_height, oy = row % p->output_height;
      const espalier_window h = espalier_pool_f32_row(p, oy);
      for (int64_t ox = 0; ox < p->output_width; ox++) {
        const espalier_window w = espalier_pool_f32_column(p, ox);
        const float *x = input + n * p->input_stride_n;
        float *y = output + n * p->output_stride_n + oy * p->output_stride_h + ox * p->output_stride_w;
        for (int64_t c = piece.channel; c < piece.channel + piece.channels; c++) y[c] = pool(p, x + c, h, w);
      }
    }
  }
}
