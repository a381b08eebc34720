// y[n, oy, ox, c] = f(bias[c] + sum over ky, kx of x[n, oy, ox, ky, kx, c] w[ky, kx, c] + residual), summed
// in float, row of taps by row.
#include "../common/function_scalar.h"
#include "conv_depthwise_f32.h"

static void convolve(const espalier_conv_depthwise_f32_parameters *p, const float *x, const float *w,
                     const float *bias, const float *residual, float *y) {
  const int64_t panel = espalier_padded_channels(p->channels);
  for (int64_t c = 0; c < p->channels; c++) {
    float sum = bias ? bias[c] : 0;
    for (int64_t ky = 0; ky < p->kernel_h; ky++)
      for (int64_t kx = 0; kx < p->kernel_w; kx++)
        sum += x[ky * p->tap_stride_h + kx * p->tap_stride_w + c] * w[(ky * p->kernel_w + kx) * panel + c];
    if (residual) sum += residual[c];
    y[c] = espalier_epilogue_scalar(p->function, sum, p->alpha, p->beta);
  }
}

void espalier_conv_depthwise_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end,
                                        void *scratch) {
  (void)scratch;
  const espalier_conv_depthwise_f32_parameters *p = call->parameters;
  const float *x = call->operands[0], *w = call->operands[1], *bias = call->operands[2];
  const float *residual = call->operands[3];
  float *y = call->operands[4];
  const int64_t rows = espalier_conv_depthwise_f32_rows(p), all = (int64_t)p->batch * p->height;
  for (int64_t row = first * rows; row < end * rows && row < all; row++) {
    const int64_t n = row / p->height, h = row % p->height;
    for (int64_t i = 0; i < p->width; i++)
      convolve(p, x + n * p->input_stride_n + h * p->input_stride_h + i * p->input_stride_w, w, bias,
               residual ? residual + n * p->residual_stride_n + h * p->residual_stride_h +
                              i * p->residual_stride_w
                        : NULL,
               y + n * p->output_stride_n + h * p->output_stride_h + i * p->output_stride_w);
  }
}
