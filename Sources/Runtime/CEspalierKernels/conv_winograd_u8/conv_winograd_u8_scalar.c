// The definition of conv_winograd_u8: the sums of conv_gemm_u8, without any transform.
#include "conv_winograd_u8.h"

// sum[c] = the products of one pixel with a panel, [tap][quad][16][4].
static void sum_panel(const winograd_u8 *p, const uint8_t *x, const int8_t *w, uint32_t *sum) {
  for (int tap = 0; tap < WINOGRAD_TAPS; tap++) {
    const uint8_t *at = x + (ptrdiff_t)(tap / 3) * p->input_stride_h + (ptrdiff_t)(tap % 3) * p->input_stride_w;
    for (int32_t k = 0; k < p->input_channels; k += 4, w += 4 * WINOGRAD_PANEL)
      for (int c = 0; c < WINOGRAD_PANEL; c++)
        for (int j = 0; j < 4; j++) sum[c] += (uint32_t)(at[k + j] * w[c * 4 + j]);
  }
}

static void finish_pixel(
    const espalier_call *call, const winograd_u8_blocks *b, const winograd_item *item, const uint8_t *x,
    uint8_t *output, const uint8_t *residual) {
  const winograd_u8 *p = call->parameters;
  for (uint32_t panel = item->first_panel; panel < item->first_panel + item->panels; panel++) {
    const byte_epilogue end = winograd_u8_epilogue(call, panel);
    const int32_t first = (int32_t)panel * WINOGRAD_PANEL;
    uint32_t sum[WINOGRAD_PANEL] = {0};
    sum_panel(p, x, (const int8_t *)call->operands[1] + panel * b->panel, sum);
    for (int32_t c = 0; c < WINOGRAD_PANEL && first + c < p->output_channels; c++)
      byte_epilogue_store(
          &end, (uint32_t)c, (int32_t)sum[c], output + first * byte_epilogue_size(&end),
          residual ? residual + first : NULL);
  }
}

void espalier_conv_winograd_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const winograd_u8 *p = call->parameters;
  const winograd_u8_blocks b = winograd_u8_cut(p);
  for (uint32_t index = first; index < end; index++) {
    const winograd_item item = winograd_item_at(&b.cut, index);
    for (uint32_t t = item.first_tile; t < item.first_tile + item.tiles; t++) {
      winograd_u8_tile tile;
      winograd_u8_locate(call, &b, t, &tile);
      const uint8_t *input = winograd_u8_input(call, &b, t, &tile.at);
      for (int32_t j = 0; j < tile.at.output_columns; j++)
        for (int32_t i = 0; i < tile.at.output_rows; i++) {
          const int32_t pixel = j * p->tile + i;
          finish_pixel(
              call, &b, &item, input + (ptrdiff_t)i * p->input_stride_h + (ptrdiff_t)j * p->input_stride_w,
              tile.output[pixel], call->operands[4] ? tile.residual[pixel] : NULL);
        }
    }
  }
}
