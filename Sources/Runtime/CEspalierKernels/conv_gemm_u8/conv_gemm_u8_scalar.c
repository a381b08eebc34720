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

static void tile(const conv_gemm_u8_place *place, uint32_t pixels, uint32_t panels) {
  for (uint32_t i = 0; i < pixels; i++)
    for (uint32_t panel = 0; panel < panels; panel++) {
      uint32_t sum[ESPALIER_PANEL] = {0};
      sum_panel(
          place, place->input[i] + place->input_offset, place->panel + panel * place->panel_size, sum);
      uint8_t *output = place->output[i] + place->channel * byte_epilogue_size(&place->end);
      const uint8_t *residual = place->residual ? place->residual[i] + place->channel : NULL;
      const uint32_t first = panel * ESPALIER_PANEL, left = (uint32_t)place->channels - first;
      for (uint32_t c = 0; c < ESPALIER_PANEL && c < left; c++)
        byte_epilogue_store(&place->end, first + c, (int32_t)sum[c], output, residual);
    }
}

void espalier_conv_gemm_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  static const uint32_t rows[] = {0, ESPALIER_ITEM_PIXELS, ESPALIER_ITEM_PIXELS, ESPALIER_ITEM_PIXELS,
                                  ESPALIER_ITEM_PIXELS};
  conv_gemm_u8_run(call, first, end, rows, tile);
}
