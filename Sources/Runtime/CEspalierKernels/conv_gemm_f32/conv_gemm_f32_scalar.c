// y = f(sum_k x[pixel][runs[k / run_length] + k % run_length] w[k][channel] + bias + residual), defined.
//
// Sums in float32 over k in rising order, one output pixel and one panel of 16 channels at a time.
// Reads `run_length` floats per run and pixel and whole panels; writes exactly `output_channels` floats per
// pixel and group. The caller guarantees what the checker has proved.
#include "conv_gemm_f32.h"

#include "../common/function_f32_scalar.h"
#include "../include/espalier_kernels.h"

static void sum_panel(const conv_gemm *p, const float *x, const int32_t *runs, const float *w, float *sum) {
  for (int32_t run = 0; run < p->run_count; run++)
    for (int32_t k = 0; k < p->run_length; k++, w += ESPALIER_PANEL) {
      const float value = x[(ptrdiff_t)runs[run] + k];
      for (int c = 0; c < ESPALIER_PANEL; c++) sum[c] += value * w[c];
    }
}

void espalier_conv_gemm_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const conv_gemm *p = call->parameters;
  const float *panels = call->operands[2], *bias = call->operands[3];
  const size_t panel_size = (size_t)p->run_count * (size_t)p->run_length * ESPALIER_PANEL;
  const pixel_panel_blocks blocks = conv_gemm_cut(p);
  for (uint32_t index = first; index < end; index++) {
    const pixel_panel_item item = pixel_panel_item_at(&blocks, index);
    const ptrdiff_t group = item.group;
    conv_gemm_pixels pixels;
    conv_gemm_locate(call, item.first_pixel, item.pixels, &pixels);
    for (uint32_t panel = item.first_panel; panel < item.first_panel + item.panels; panel++) {
      const size_t stored = (size_t)group * blocks.panels + panel;
      const ptrdiff_t channel = group * p->output_channels + (ptrdiff_t)panel * ESPALIER_PANEL;
      const int32_t left = p->output_channels - (int32_t)panel * ESPALIER_PANEL;
      const int32_t channels = left < ESPALIER_PANEL ? left : ESPALIER_PANEL;
      for (uint32_t i = 0; i < item.pixels; i++) {
        float sum[ESPALIER_PANEL] = {0};
        const float *x = pixels.input[i] + group * p->input_group;
        sum_panel(p, x, call->operands[1], panels + stored * panel_size, sum);
        for (int32_t c = 0; c < channels; c++) {
          float y = sum[c];
          if (bias) y += bias[stored * ESPALIER_PANEL + (size_t)c];
          if (call->operands[4]) y += pixels.residual[i][channel + c];
          pixels.output[i][channel + c] = function_f32_scalar(p->function, p->alpha, p->beta, y);
        }
      }
    }
  }
}
