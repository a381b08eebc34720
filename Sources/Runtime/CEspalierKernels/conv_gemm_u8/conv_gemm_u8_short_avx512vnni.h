// Tiles of conv_gemm_u8 for sums of at most SHORT_LIMIT quads: expansions from few channels, first layers.
//
// There the instructions that finish a tile are as many as its products, and wait for each other. So a block of
// SHORT_SUMS sums is finished while the products of the next one are added, a few instructions of one between those
// of the other: out-of-order windows are too short to bring them together. Every quad has its own instructions.
// Included by conv_gemm_u8_avx512vnni.c, inside its target attribute.
#ifndef ESPALIER_CONV_GEMM_U8_SHORT_AVX512VNNI_H
#define ESPALIER_CONV_GEMM_U8_SHORT_AVX512VNNI_H

enum { SHORT_LIMIT = 16, SHORT_SUMS = 8, SHORT_PANELS = 2 };

// Keeps the compiler from moving what makes x behind what reads it later in the text.
#define IN_PLACE(x) __asm__ volatile("" : "+v"(x))

// How sums become bytes.
typedef struct short_epilogue {
  __m512 scale[SHORT_PANELS], offset[SHORT_PANELS], high;
  __m512i low;
  const uint8_t *table;
  uint32_t mask;
} short_epilogue;

static inline __attribute__((always_inline)) short_epilogue short_epilogue_of(
    const conv_gemm_u8_place *place, const int panels) {
  short_epilogue e;
  UNROLLED for (int q = 0; q < panels; q++) {
    e.scale[q] = _mm512_loadu_ps(place->end.scales_offsets + q * 2 * ESPALIER_PANEL);
    e.offset[q] = _mm512_loadu_ps(place->end.scales_offsets + q * 2 * ESPALIER_PANEL + ESPALIER_PANEL);
  }
  e.high = _mm512_set1_ps(place->end.high);
  e.low = _mm512_set1_epi8((char)_mm_cvtss_si32(_mm_set_ss(place->end.low)));
  e.table = place->end.table;
  e.mask = (uint32_t)mask_of_bytes(place->channels);
  return e;
}

// Sums of SHORT_SUMS / panels pixels, panel by panel, and where their bytes go.
typedef struct short_block {
  __m512i sum[SHORT_SUMS];
  uint8_t *output[SHORT_SUMS];
} short_block;

// Finishes sum `i` of a block, and with every fourth stores 64 bytes.
static inline __attribute__((always_inline)) void short_finish(
    const short_epilogue *e, short_block *block, const int i, const int panels) {
  __m512i *sum = block->sum;
  const __m512 t = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[i]), e->scale[i % panels], e->offset[i % panels]);
  sum[i] = _mm512_cvtps_epi32(_mm512_min_ps(e->high, t));  // a NaN: the lowest number, and so the byte 0
  IN_PLACE(sum[i]);
  if (i % 4 != 3) return;
  __m512i bytes = _mm512_max_epu8(packed_avx512(sum + i - 3), e->low);
  if (e->table) bytes = looked_up_avx512(e->table, bytes);
  uint8_t *const *output = block->output + (i - 3) / panels;
  UNROLLED for (int r = 0; r < 4 / panels; r++)
    if (panels == 1) _mm_mask_storeu_epi8(output[r], (__mmask16)e->mask, lane_of(bytes, r));
    else _mm256_mask_storeu_epi8(output[r], e->mask, half_of(bytes, r));
}

// Adds the products of SHORT_SUMS / panels pixels to `sum`, and finishes `done` meanwhile.
static inline __attribute__((always_inline)) void short_step(
    const conv_gemm_u8_place *place, const ptrdiff_t *offsets, const short_epilogue *e, const uint8_t *const *input,
    const int quads, const int panels, __m512i *sum, short_block *done) {
  const int rows = SHORT_SUMS / panels;
  const uint8_t *x[SHORT_SUMS];
  UNROLLED for (int r = 0; r < rows; r++) x[r] = input[r] + place->input_offset;
  UNROLLED for (int i = 0; i < SHORT_SUMS; i++) sum[i] = _mm512_setzero_si512();
  UNROLLED for (int k = 0; k < quads; k++) {
    const ptrdiff_t offset = offsets[k];
    __m512i weight[SHORT_PANELS];
    UNROLLED for (int q = 0; q < panels; q++)
      weight[q] = _mm512_loadu_si512(place->panel + (size_t)q * place->panel_size + k * 64);
    UNROLLED for (int r = 0; r < rows; r++) {
      int32_t quad;
      __builtin_memcpy(&quad, x[r] + offset, 4);
      const __m512i value = _mm512_set1_epi32(quad);
      UNROLLED for (int q = 0; q < panels; q++) {
        sum[r * panels + q] = _mm512_dpbusd_epi32(sum[r * panels + q], value, weight[q]);
        IN_PLACE(sum[r * panels + q]);
      }
      const int steps = quads * rows, before = (k * rows + r) * SHORT_SUMS / steps;
      const int after = (k * rows + r + 1) * SHORT_SUMS / steps;
      UNROLLED for (int i = 0; i < SHORT_SUMS; i++)
        if (i >= before && i < after) short_finish(e, done, i, panels);
    }
  }
}

// At least SHORT_SUMS / panels pixels; the last ones overlap those before them.
static inline __attribute__((always_inline)) void short_tile(
    const conv_gemm_u8_place *place, const ptrdiff_t *offsets, uint32_t pixels, const int quads, const int panels) {
  const uint32_t rows = (uint32_t)(SHORT_SUMS / panels);
  const conv_gemm_u8_place here = *place;  // which no store changes
  const short_epilogue e = short_epilogue_of(place, panels);
  uint8_t nowhere[2 * ESPALIER_PANEL];  // there is no block before the first
  short_block done;
  UNROLLED for (int i = 0; i < SHORT_SUMS; i++) {
    done.sum[i] = _mm512_setzero_si512();
    done.output[i] = nowhere;
  }
  for (uint32_t i = 0; i < pixels; i += rows) {
    const uint32_t first = i + rows <= pixels ? i : pixels - rows;
    __m512i sum[SHORT_SUMS];
    short_step(&here, offsets, &e, here.input + first, quads, panels, sum, &done);
    UNROLLED for (int s = 0; s < SHORT_SUMS; s++) done.sum[s] = sum[s];
    UNROLLED for (uint32_t r = 0; r < rows; r++) done.output[r] = here.output[first + r] + here.channel;
  }
  UNROLLED for (int i = 0; i < SHORT_SUMS; i++) short_finish(&e, &done, i, panels);
}

#define SHORT_TILE(quads)                                                                                          \
  static void short_tile_##quads(                                                                                  \
      const conv_gemm_u8_place *place, const ptrdiff_t *offsets, uint32_t pixels, uint32_t panels) {               \
    if (panels == 2) short_tile(place, offsets, pixels, quads, 2);                                                 \
    else short_tile(place, offsets, pixels, quads, 1);                                                             \
  }
SHORT_TILE(1) SHORT_TILE(2) SHORT_TILE(3) SHORT_TILE(4) SHORT_TILE(5) SHORT_TILE(6) SHORT_TILE(7) SHORT_TILE(8)
SHORT_TILE(9) SHORT_TILE(10) SHORT_TILE(11) SHORT_TILE(12) SHORT_TILE(13) SHORT_TILE(14) SHORT_TILE(15)
SHORT_TILE(16)

typedef void (*short_tile_function)(
    const conv_gemm_u8_place *place, const ptrdiff_t *offsets, uint32_t pixels, uint32_t panels);
static const short_tile_function short_tiles[SHORT_LIMIT + 1] = {
    NULL, short_tile_1, short_tile_2, short_tile_3, short_tile_4, short_tile_5, short_tile_6, short_tile_7,
    short_tile_8, short_tile_9, short_tile_10, short_tile_11, short_tile_12, short_tile_13, short_tile_14,
    short_tile_15, short_tile_16};

#endif
