// y[c] = x[c] / (k + alpha / size * sum of x^2 over channels c - (size-1)/2 ... c + size/2) ^ beta for every
// pixel of an NHWC image, the window clipped to the channels.
//
// Source: ONNX `LRN`, opset 13.
#include <math.h>

#include "lrn_f32.h"

static void normalize(const espalier_lrn_f32_parameters *p, const float *x, float *y) {
  for (int64_t c = 0; c < p->channels; c++) {
    const int64_t low = c - (p->size - 1) / 2, high = c + p->size / 2;
    float sum = 0;
    for (int64_t i = low < 0 ? 0 : low; i <= high && i < p->channels; i++) sum += x[i] * x[i];
    y[c] = x[c] / powf(p->k + p->alpha / (float)p->size * sum, p->beta);
  }
}

void espalier_lrn_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_lrn_f32_parameters *p = call->parameters;
  const float *input = call->operands[0];
  float *output = call->operands[1];
  const int64_t rows = espalier_lrn_f32_rows(p), all = (int64_t)p->batch * p->height;
  for (int64_t row = first * rows; row < end * rows && row < all; row++) {
    const int64_t n = row / p->height, h = row % p->height;
    for (int64_t w = 0; w < p->width; w++)
      normalize(p, input + n * p->input_stride_n + h * p->input_stride_h + w * p->input_stride_w,
                output + n * p->output_stride_n + h * p->output_stride_h + w * p->output_stride_w);
  }
}
