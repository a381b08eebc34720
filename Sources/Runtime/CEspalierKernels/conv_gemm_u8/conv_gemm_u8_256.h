// conv_gemm_u8 on 256 bits: the tiles and the epilogue that AVX2 and AVX-VNNI share.
//
// The including file gives ROWS_LIMIT, add_products(place, panel, x, rows, halves, way, sum), which adds the products of
// one panel, or of its first half, in one of its ways. Tile: up to ROWS_LIMIT pixels x 1 panel of 16 channels, two
// accumulators a pixel. Reads whole quads of every run and whole panels; writes exactly the tile's valid channels.

#define INLINED static inline __attribute__((always_inline))

struct panel_sum {
  __m256i half[2];
};

// t of the definition for half a panel of row r, clamped.
INLINED __m256 finished(
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

// One row of a panel with a residual, a table, floats or fewer than 16 channels.
static void store_row(const conv_gemm_u8_place *place, uint32_t panel, uint32_t r, const panel_sum *sum) {
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
    return;
  }
  const __m256i words = _mm256_packs_epi32(_mm256_cvtps_epi32(low), _mm256_cvtps_epi32(high));
  const __m256i ordered = _mm256_permute4x64_epi64(words, 0xD8);
  __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
  if (place->table) bytes = looked_up_128(place->table, bytes);
  uint8_t *output = place->output[r] + place->channel + offset;
  if (channels == ESPALIER_PANEL) _mm_storeu_si128((__m128i *)(void *)output, bytes);
  else store_part_128(output, (int64_t)channels, bytes);
}

static __attribute__((noinline)) void store_rows(
    const conv_gemm_u8_place *place, uint32_t panel, uint32_t rows, const panel_sum *sum) {
  for (uint32_t r = 0; r < rows; r++) store_row(place, panel, r, &sum[r]);
}

// 8 channels of a row rounded and not above the upper bound. A NaN becomes the lowest number, and so the lower bound.
INLINED __m256i rounded(const conv_gemm_u8_place *place, const float *numbers, __m256i sum) {
  const __m256 t = _mm256_fmadd_ps(
      _mm256_cvtepi32_ps(sum), _mm256_loadu_ps(numbers), _mm256_loadu_ps(numbers + ESPALIER_PANEL));
  return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_set1_ps(place->p->high), t));
}

// Whole rows of a panel as bytes, two at once: the lower bound, rounded, is a byte too.
INLINED void store_bytes(
    const conv_gemm_u8_place *place, uint32_t panel, const int rows, const panel_sum *sum) {
  const size_t offset = (size_t)panel * ESPALIER_PANEL;
  const float *numbers = place->scales_offsets + 2 * offset;
  const __m256i low = _mm256_set1_epi8((char)_mm_cvtss_si32(_mm_set_ss(place->p->low)));
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  UNROLLED for (int r = 0; r < rows; r += 2) {
    __m256i words[2];
    UNROLLED for (int i = 0; i < 2; i++) {
      const panel_sum *own = &sum[r + i < rows ? r + i : r];
      words[i] = _mm256_packs_epi32(
          rounded(place, numbers, own->half[0]), rounded(place, numbers + 8, own->half[1]));
    }
    const __m256i bytes = _mm256_permutevar8x32_epi32(
        _mm256_max_epu8(_mm256_packus_epi16(words[0], words[1]), low), order);
    uint8_t *const *output = place->output + r;
    _mm_storeu_si128((__m128i *)(void *)(output[0] + place->channel + offset), _mm256_castsi256_si128(bytes));
    if (r + 1 < rows)
      _mm_storeu_si128(
          (__m128i *)(void *)(output[1] + place->channel + offset), _mm256_extracti128_si256(bytes, 1));
  }
}

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
  if (halves == 2 && whole && !place->residual && !place->table && !place->p->output_is_float) {
    store_bytes(place, panel, rows, sum);
    return;
  }
  panel_sum stored[ROWS_LIMIT];  // sums themselves have no address, and so stay in registers
  UNROLLED for (int r = 0; r < rows; r++) stored[r] = sum[r];
  store_rows(place, panel, (uint32_t)rows, stored);
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
