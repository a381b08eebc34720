// The definition of conv_gemm_u8: exact int32 sums, then one multiply-add per output in float32.
//
// Sums wrap as two's complement does; the compiler proves that those of its own packs do not.
#include "conv_gemm_u8.h"

static void sum_panel(const conv_gemm_u8_place *place, const uint8_t *x, const int8_t *w, uint32_t *sum) {
  const conv_gemm_u8 *p = place->p;
  for (int32_t run = 0; run < p->run_count; run++)
    for (int32_t k = 0; k < p->run_length; k += 4, w += 4 * ESPALIER_PANEL)
      for (int c = 0; c < ESPALIER_PANEL; c++)
        for (int j = 0; j < 4; j++)
          sum[c] += (uint32_t)(x[(ptrdiff_t)place->runs[run] + k + j] * w[c * 4 + j]);
}

static void finish(const conv_gemm_u8_place *place, uint32_t pixel, uint32_t c, int32_t sum) {
  const conv_gemm_u8 *p = place->p;
  const float *numbers = place->scales_offsets + c / ESPALIER_PANEL * 2 * ESPALIER_PANEL + c % ESPALIER_PANEL;
  const ptrdiff_t channel = place->channel + (ptrdiff_t)c;
  float t = fmaf((float)sum, numbers[0], numbers[ESPALIER_PANEL]);
  if (place->residual) t = fmaf((float)place->residual[pixel][channel], p->residual_scale, t);
  if (p->output_is_float) {
    ((float *)(void *)place->output[pixel])[channel] = espalier_clamped(t, p->low, p->high);
    return;
  }
  const uint8_t y = espalier_quantized(t, p->low, p->high);
  place->output[pixel][channel] = place->table ? place->table[y] : y;
}

static void tile(const conv_gemm_u8_place *place, uint32_t pixels, uint32_t panels) {
  for (uint32_t i = 0; i < pixels; i++)
    for (uint32_t panel = 0; panel < panels; panel++) {
      uint32_t sum[ESPALIER_PANEL] = {0};
      sum_panel(
          place, place->input[i] + place->input_offset, place->panel + panel * place->panel_size, sum);
      for (uint32_t c = 0; c < ESPALIER_PANEL && panel * ESPALIER_PANEL + c < (uint32_t)place->channels; c++)
        finish(place, i, panel * ESPALIER_PANEL + c, (int32_t)sum[c]);
    }
}

void espalier_conv_gemm_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  static const uint32_t rows[] = {0, ESPALIER_ITEM_PIXELS, ESPALIER_ITEM_PIXELS, ESPALIER_ITEM_PIXELS,
                                  ESPALIER_ITEM_PIXELS};
  conv_gemm_u8_run(call, first, end, rows, tile);
}
