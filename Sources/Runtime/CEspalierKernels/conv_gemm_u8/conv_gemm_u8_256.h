// conv_gemm_u8 on 256 bits: the tiles that AVX2 and AVX-VNNI share.
//
// The including file gives ROWS_LIMIT, add_products(place, panel, x, rows, halves, way, sum), which adds the products of
// one panel, or of its first half, in one of its ways. Tile: up to ROWS_LIMIT pixels x 1 panel of 16 channels, two
// accumulators a pixel. Reads whole quads of every run and whole panels; writes exactly the tile's valid channels.

INLINED void convolve(
    const conv_gemm_u8_place *place, uint32_t panel, const int rows, const int halves, const int way) {
  const uint8_t *x[ROWS_LIMIT];
  panel_sum sum[ROWS_LIMIT];
  UNROLLED for (int r = 0; r < rows; r++) {
    x[r] = place->input[r] + place->input_offset;
    sum[r].half[0] = sum[r].half[1] = _mm256_setzero_si256();
  }
  add_products(place, panel, x, rows, halves, way, sum);
  const bool whole = (size_t)place->channels >= ((size_t)panel + 1) * ESPALIER_PANEL;
  if (halves == 2 && whole && !place->residual && !place->end.table && !place->end.output_is_float) {
    store_bytes_avx2(&place->end, panel, rows, sum, place->output, place->channel);
    return;
  }
  panel_sum stored[ROWS_LIMIT];  // sums themselves have no address, and so stay in registers
  UNROLLED for (int r = 0; r < rows; r++) stored[r] = sum[r];
  store_rows_avx2(
      &place->end, panel, (uint32_t)rows, stored, place->output, place->residual, place->channel, place->channels);
}

// Functions for every number of rows and way, of a whole panel and of its first half: what others need would cost
// registers.
#define TILE(rows, way)                                                                                        \
  static __attribute__((noinline)) void tile_##rows##_##way(const conv_gemm_u8_place *place, uint32_t panel) { \
    convolve(place, panel, rows, 2, way);                                                                      \
  }                                                                                                            \
  static __attribute__((noinline)) void half_##rows##_##way(const conv_gemm_u8_place *place, uint32_t panel) { \
    convolve(place, panel, rows, 1, way);                                                                      \
  }

typedef void (*panel_tile)(const conv_gemm_u8_place *place, uint32_t panel);

// Whether the first half of a panel holds all of its channels.
INLINED bool is_half(const conv_gemm_u8_place *place, uint32_t panel) {
  return (size_t)place->channels <= (size_t)panel * ESPALIER_PANEL + ESPALIER_PANEL / 2;
}
