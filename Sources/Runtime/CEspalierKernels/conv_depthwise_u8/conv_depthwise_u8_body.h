// The definition of conv_depthwise_u8: exact int32 sums over the taps of each channel, then the epilogue.
#include "conv_depthwise_u8.h"

typedef espalier_conv_depthwise_u8_parameters depthwise_u8;

enum { channels_at_once = 128 };

// One output pixel's channels [first, first + count).
static inline void convolve(const depthwise_u8 *p, const espalier_call *call, const uint8_t *x,
                            const uint8_t *residual, uint8_t *y, int64_t first, int64_t count) {
  const int64_t panel = espalier_depthwise_channels(p->channels), quads = espalier_depthwise_quads(p->kernel_h);
  const int8_t *w = call->operands[1];
  const float *scale = (const float *)call->operands[2] + first, *offset = scale + panel;
  const uint8_t *table = call->operands[3];
  uint32_t sum[channels_at_once] = {0};  // wraps, as two's complement does
  for (int64_t kx = 0; kx < p->kernel_w; kx++)
    for (int64_t ky = 0; ky < p->kernel_h; ky++) {
      const uint8_t *tap = x + ky * p->tap_stride_h + kx * p->tap_stride_w + first;
      const int8_t *weight = w + ((kx * quads + ky / 4) * panel + first) * 4 + ky % 4;
      for (int64_t c = 0; c < count; c++) sum[c] += (uint32_t)(tap[c] * weight[c * 4]);
    }
  for (int64_t c = 0; c < count; c++) {
    float t = fmaf((float)(int32_t)sum[c], scale[c], offset[c]);
    if (residual) t = fmaf((float)residual[first + c], p->residual_scale, t);
    y[first + c] = espalier_quantized(t, p->low, p->high);
  }
  if (table)
    for (int64_t c = 0; c < count; c++) y[first + c] = table[y[first + c]];
}

static inline void run(const espalier_call *call, uint32_t begin, uint32_t end, void *scratch) {
  (void)scratch;
  const depthwise_u8 *p = call->parameters;
  const uint8_t *input = call->operands[0], *residual = call->operands[4];
  uint8_t *output = call->operands[5];
  const int64_t rows = espalier_conv_depthwise_u8_rows(p), all = (int64_t)p->batch * p->height;
  for (int64_t row = begin * rows; row < end * rows && row < all; row++) {
    const int64_t n = row / p->height, h = row % p->height;
    for (int64_t i = 0; i < p->width; i++) {
      const uint8_t *x = input + n * p->input_stride_n + h * p->input_stride_h + i * p->input_stride_w;
      const uint8_t *r = NULL;
      if (residual)
        r = residual + n * p->residual_stride_n + h * p->residual_stride_h + i * p->residual_stride_w;
      uint8_t *y = output + n * p->output_stride_n + h * p->output_stride_h + i * p->output_stride_w;
      for (int64_t c = 0; c < p->channels; c += channels_at_once) {
        const int64_t left = p->channels - c;
        convolve(p, call, x, r, y, c, left < channels_at_once ? left : channels_at_once);
      }
    }
  }
}
