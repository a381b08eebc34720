// conv_winograd_u8 without transforms, by the products of conv_gemm_u8: for instruction sets whose products of bytes are
// more than four times as many as those of words. Included behind conv_gemm_u8_neon.h, whose tiles it runs.
#include "../conv_winograd_u8/conv_winograd_u8.h"

// The taps as runs of conv_gemm_u8.
INLINED conv_gemm_u8 direct_parameters(const winograd_u8 *p, uint32_t pairs, int32_t *runs) {
  for (int tap = 0; tap < WINOGRAD_TAPS; tap++) runs[tap] = tap / 3 * p->input_stride_h + tap % 3 * p->input_stride_w;
  return (conv_gemm_u8){
      .groups = 1, .output_channels = p->output_channels, .run_count = WINOGRAD_TAPS,
      .run_length = (int32_t)pairs * 2};
}

// Runs one panel on the pixels of a tile that exist.
INLINED void run_direct_tile(
    const espalier_call *call, const winograd_u8_blocks *b, uint32_t index, conv_gemm_u8_place place,
    const int32_t *start) {
  const winograd_u8 *p = call->parameters;
  const uint8_t *input[WINOGRAD_TILE_LIMIT * WINOGRAD_TILE_LIMIT];
  winograd_u8_tile tile;
  winograd_u8_locate(call, b, index, &tile);
  const uint8_t *corner = winograd_u8_input(call, b, index, &tile.at);
  uint32_t pixels = 0;
  for (int32_t j = 0; j < tile.at.output_columns; j++)
    for (int32_t i = 0; i < tile.at.output_rows; i++, pixels++) {
      input[pixels] = corner + (ptrdiff_t)i * p->input_stride_h + (ptrdiff_t)j * p->input_stride_w;
      tile.output[pixels] = tile.output[j * p->tile + i];
      if (call->operands[4]) tile.residual[pixels] = tile.residual[j * p->tile + i];
    }
  place.input = input, place.output = tile.output;
  place.residual = call->operands[4] ? tile.residual : NULL;
  const uint32_t parts = parts_of(pixels, ROWS_LIMIT);
  for (uint32_t i = 0; i < parts; i++) {
    const uint32_t begin = start_of_part(pixels, parts, i);
    const conv_gemm_u8_place part = conv_gemm_u8_place_from(place, begin);
    run_tile(&part, start_of_part(pixels, parts, i + 1) - begin, 0, start);
  }
}

static void run_direct(const espalier_call *call, uint32_t first, uint32_t end) {
  int32_t runs[WINOGRAD_TAPS];
  const winograd_u8_blocks b = winograd_u8_cut(call->parameters);
  const conv_gemm_u8 parameters = direct_parameters(call->parameters, b.pairs, runs);
  for (uint32_t index = first; index < end; index++) {
    const winograd_item item = winograd_item_at(&b.cut, index);
    for (uint32_t panel = item.first_panel; panel < item.first_panel + item.panels; panel++) {
      const ptrdiff_t channel = (ptrdiff_t)panel * ESPALIER_PANEL;
      const conv_gemm_u8_place place = {
          .p = &parameters, .runs = runs, .channel = channel,
          .channels = parameters.output_channels - (int32_t)channel,
          .panel = (const int8_t *)call->operands[1] + panel * b.panel, .panel_size = b.panel,
          .end = winograd_u8_epilogue(call, panel)};
      int32_t start[ESPALIER_PANEL];
      start_panel(&place, place.panel, start);
      for (uint32_t t = 0; t < item.tiles; t++) run_direct_tile(call, &b, item.first_tile + t, place, start);
    }
  }
}
