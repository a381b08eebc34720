// conv_gemm_u8 on 256 bits: the tiles and the epilogue that AVX2 and AVX-VNNI share.
//
// The including file gives add_products(place, rows, sum), which adds the products of one panel, and
// ROWS_LIMIT. Tile: up to ROWS_LIMIT pixels x 1 panel of 16 channels, two accumulators a pixel. Reads whole quads
// of every run and whole panels; writes exactly the tile's valid channels.

struct panel_sum {
  __m256i half[2];
};

// t of the definition for half a panel of row r, clamped.
static inline __attribute__((always_inline)) __m256 finished(
    const conv_gemm_u8_place *place, const float *numbers, __m256i sum, __m128i residual) {
  __m256 t = _mm256_fmadd_ps(
      _mm256_cvtepi32_ps(sum), _mm256_loadu_ps(numbers), _mm256_loadu_ps(numbers + ESPALIER_PANEL));
  if (place->residual) {
    const __m256i value = _mm256_cvtepu8_epi32(residual);
    t = _mm256_fmadd_ps(_mm256_cvtepi32_ps(value), _mm256_set1_ps(place->p->residual_scale), t);
  }
  t = _mm256_max_ps(t, _mm256_set1_ps(place->p->low));  // a NaN gives the second operand
  return _mm256_min_ps(t, _mm256_set1_ps(place->p->high));
}

static inline __attribute__((always_inline)) void store_bytes(
    const conv_gemm_u8_place *place, uint8_t *output, size_t channels, __m256 low, __m256 high) {
  const __m256i words = _mm256_packus_epi32(_mm256_cvtps_epi32(low), _mm256_cvtps_epi32(high));
  const __m256i ordered = _mm256_permute4x64_epi64(words, 0xD8);
  __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
  if (place->table) bytes = looked_up_128(place->table, bytes);
  if (channels == ESPALIER_PANEL) _mm_storeu_si128((__m128i *)(void *)output, bytes);
  else store_part_128(output, (int64_t)channels, bytes);
}

static inline __attribute__((always_inline)) void store_row(
    const conv_gemm_u8_place *place, uint32_t panel, int r, const panel_sum *sum) {
  const size_t offset = (size_t)panel * ESPALIER_PANEL;
  const size_t left = (size_t)place->channels - offset;
  const size_t channels = left < ESPALIER_PANEL ? left : ESPALIER_PANEL;
  const float *numbers = place->scales_offsets + 2 * offset;
  __m128i residual = _mm_setzero_si128();
  if (place->residual) {
    const uint8_t *from = place->residual[r] + place->channel + offset;
    residual = channels == ESPALIER_PANEL ? _mm_loadu_si128((const __m128i *)(const void *)from)
                                          : load_part_128(from, (int64_t)channels);
  }
  const __m256 low = finished(place, numbers, sum->half[0], residual);
  const __m256 high = finished(place, numbers + 8, sum->half[1], _mm_unpackhi_epi64(residual, residual));
  if (place->p->output_is_float) {
    float y[ESPALIER_PANEL];
    _mm256_storeu_ps(y, low);
    _mm256_storeu_ps(y + 8, high);
    memcpy((float *)(void *)place->output[r] + place->channel + offset, y, channels * sizeof *y);
  } else {
    store_bytes(place, place->output[r] + place->channel + offset, channels, low, high);
  }
}

static inline __attribute__((always_inline)) void tile(
    const conv_gemm_u8_place *place, uint32_t panel, const int rows) {
  const uint8_t *x[ROWS_LIMIT];
  panel_sum sum[ROWS_LIMIT];
  UNROLLED for (int r = 0; r < rows; r++) {
    x[r] = place->input[r] + place->input_offset;
    sum[r].half[0] = sum[r].half[1] = _mm256_setzero_si256();
  }
  add_products(place, place->panel + panel * place->panel_size, x, rows, sum);
  UNROLLED for (int r = 0; r < rows; r++) store_row(place, panel, r, &sum[r]);
}

static void run_tile(const conv_gemm_u8_place *place, uint32_t pixels, uint32_t panels) {
  for (uint32_t panel = 0; panel < panels; panel++) {
    switch (pixels) {
      case 1: tile(place, panel, 1); break;
      case 2: tile(place, panel, 2); break;
      case 3: tile(place, panel, 3); break;
      case 4: tile(place, panel, 4); break;
#if ROWS_LIMIT > 4
      case 5: tile(place, panel, 5); break;
      case 6: tile(place, panel, 6); break;
#endif
      default: break;
    }
  }
}
