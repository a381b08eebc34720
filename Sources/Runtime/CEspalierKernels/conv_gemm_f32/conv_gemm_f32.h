// What conv_gemm_f32's checker and all its instruction sets share: items and the addresses of their pixels.
#ifndef ESPALIER_CONV_GEMM_F32_H
#define ESPALIER_CONV_GEMM_F32_H

#include <stdbool.h>

#include "../common/pixel_panel_items.h"
#include "../include/espalier_call.h"
#include "../include/espalier_parameters.h"

typedef espalier_conv_gemm_f32_parameters conv_gemm;

// The addresses of an item's pixels: first channel of the first group.
typedef struct conv_gemm_pixels {
  const float *input[ESPALIER_ITEM_PIXELS];
  float *output[ESPALIER_ITEM_PIXELS];
  const float *residual[ESPALIER_ITEM_PIXELS];  // not set where there is no residual
} conv_gemm_pixels;

static inline pixel_panel_blocks conv_gemm_cut(const conv_gemm *p) {
  return cut_pixels_and_panels(
      (uint32_t)p->batch * (uint32_t)p->height * (uint32_t)p->width, (uint32_t)p->output_channels,
      (uint32_t)p->groups, p->panels_inner != 0, 1);
}

// Finds the addresses of pixels [first, first + count).
static inline void conv_gemm_locate(
    const espalier_call *call, uint32_t first, uint32_t count, conv_gemm_pixels *pixels) {
  const conv_gemm *p = call->parameters;
  const float *input = call->operands[0], *residual = call->operands[4];
  float *output = call->operands[5];
  const uint32_t width = (uint32_t)p->width, height = (uint32_t)p->height;
  uint32_t row = first / width, x = first % width;
  for (uint32_t i = 0; i < count; row++, x = 0) {
    const ptrdiff_t n = row / height, y = row % height;
    const float *in = input + n * p->input_stride_n + y * p->input_stride_h;
    float *out = output + n * p->output_stride_n + y * p->output_stride_h;
    const float *rest = residual;
    if (residual) rest += n * p->residual_stride_n + y * p->residual_stride_h;
    for (; x < width && i < count; x++, i++) {
      pixels->input[i] = in + (ptrdiff_t)x * p->input_stride_w;
      pixels->output[i] = out + (ptrdiff_t)x * p->output_stride_w;
      if (residual) pixels->residual[i] = rest + (ptrdiff_t)x * p->residual_stride_w;
    }
  }
}

#endif
