// conv_gemm_u8 on 128 bits: the tiles, the sums' start and the epilogue that NEON's three forms share.
//
// The including file gives ROWS_LIMIT, start_panel(place, w, start), which says what the sums of a panel's 16
// channels begin with, add_products(place, w, x, rows, start, sum), which gives the panel's sums, and
// BY_ADDITION, which says how it converts between whole numbers and floats; where that is so, a panel's start
// contains adder_bits of its terms. Tile: up to ROWS_LIMIT pixels x 1 panel. Reads whole quads of every run and
// whole panels; writes exactly the valid channels.

// Starts of panels that were computed already: panels come back with every block of pixels.
enum { START_SLOTS = 32 };

typedef struct panel_starts {
  uint64_t panel[START_SLOTS];  // whose start lies here; UINT64_MAX: nobody's
  int32_t start[START_SLOTS][ESPALIER_PANEL];
} panel_starts;

INLINED const int32_t *start_of_panel(
    panel_starts *starts, const conv_gemm_u8_place *place, uint64_t panel, const int8_t *w) {
  const uint64_t slot = panel % START_SLOTS;
  if (starts->panel[slot] != panel) start_panel(place, w, starts->start[slot]);
  starts->panel[slot] = panel;
  return starts->start[slot];
}

INLINED void store_row(
    const conv_gemm_u8_place *place, uint32_t panel, int r, sums_16 sums, byte_range range) {
  const bool has_adders = BY_ADDITION && adder_bits((int64_t)place->p->run_count * place->p->run_length);
  store_row_neon(
      &place->end, (ptrdiff_t)panel * ESPALIER_PANEL, has_adders ? floats_of_adders(sums) : floats_of_sums(sums),
      place->output[r] + place->channel * byte_epilogue_size(&place->end),
      place->residual ? place->residual[r] + place->channel : NULL, place->channels, range, BY_ADDITION);
}

INLINED void tile(const conv_gemm_u8_place *place, uint32_t panel, const int32_t *start, const int rows) {
  const uint8_t *x[ROWS_LIMIT];
  sums_16 sum[ROWS_LIMIT];
  UNROLLED for (int r = 0; r < rows; r++) x[r] = place->input[r] + place->input_offset;
  add_products(place, place->panel + panel * place->panel_size, x, rows, start, sum);
  const byte_range range = byte_range_neon(place->end.low, place->end.high);
  UNROLLED for (int r = 0; r < rows; r++) store_row(place, panel, r, sum[r], range);
}

INLINED void run_tile(
    const conv_gemm_u8_place *place, uint32_t pixels, uint32_t panel, const int32_t *start) {
  switch (pixels) {
    case 1: tile(place, panel, start, 1); break;
    case 2: tile(place, panel, start, 2); break;
#if ROWS_LIMIT > 2
    case 3: tile(place, panel, start, 3); break;
    case 4: tile(place, panel, start, 4); break;
    case 5: tile(place, panel, start, 5); break;
#endif
#if ROWS_LIMIT > 5
    case 6: tile(place, panel, start, 6); break;
#endif
    default: break;
  }
}

// All pixels of an item for a panel before its next panel, which thereby stays in the first-level cache.
INLINED void run_items(const espalier_call *call, uint32_t first, uint32_t end) {
  const pixel_panel_blocks blocks = conv_gemm_u8_cut(call->parameters);
  conv_gemm_u8_pixels pixels;
  panel_starts starts;
  for (int i = 0; i < START_SLOTS; i++) starts.panel[i] = UINT64_MAX;
  uint32_t located = UINT32_MAX;
  for (uint32_t index = first; index < end; index++) {
    const pixel_panel_item item = pixel_panel_item_at(&blocks, index);
    if (item.first_pixel != located) conv_gemm_u8_locate(call, item.first_pixel, item.pixels, &pixels);
    located = item.first_pixel;
    const conv_gemm_u8_place whole = conv_gemm_u8_place_of(call, &blocks, &item, &pixels);
    const uint64_t stored = (uint64_t)item.group * blocks.panels + item.first_panel;
    const uint32_t parts = parts_of(item.pixels, ROWS_LIMIT);
    for (uint32_t panel = 0; panel < item.panels; panel++) {
      const int32_t *start =
          start_of_panel(&starts, &whole, stored + panel, whole.panel + panel * whole.panel_size);
      for (uint32_t i = 0; i < parts; i++) {
        const uint32_t begin = start_of_part(item.pixels, parts, i);
        const conv_gemm_u8_place place = conv_gemm_u8_place_from(whole, begin);
        run_tile(&place, start_of_part(item.pixels, parts, i + 1) - begin, panel, start);
      }
    }
  }
}
