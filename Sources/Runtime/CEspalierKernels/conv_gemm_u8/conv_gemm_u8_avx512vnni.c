// conv_gemm_u8 by VPDPBUSD on 512 bits: 16 output channels x 4 bytes of K in one instruction, exact in int32.
//
// Tile: 6 pixels x 4 panels, 8 x 3, 12 x 2 or 12 x 1 of 16 channels: at most 24 accumulators, 4 registers of
// weights and 1 broadcast of the 32. Reads whole quads of every run and whole panels; writes exactly the tile's
// valid channels. The caller guarantees what the checker has proved.
#if defined(__x86_64__)
#include <immintrin.h>

#include "../common/byte_epilogue_avx512.h"
#include "conv_gemm_u8_tiling.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi,avx2,fma"))), \
    apply_to = function)

enum { ROWS_LIMIT = BYTE_ROWS_AVX512 };

// sum[p][r] += the products of all runs. Meanwhile fetches two panels from `ahead` on into the second-level cache,
// which can wait for more lines at once than the first.
static inline __attribute__((always_inline)) void add_products(
    const conv_gemm_u8_place *place, const int rows, const int panels, __m512i (*sum)[ROWS_LIMIT]) {
  const uint8_t *x[ROWS_LIMIT];
  const conv_gemm_u8 *p = place->p;
  const int8_t *w = place->panel, *ahead = place->ahead;
  UNROLLED for (int r = 0; r < rows; r++) x[r] = place->input[r] + place->input_offset;
  for (int32_t run = 0; run < p->run_count; run++) {
    const ptrdiff_t start = place->runs[run], end = start + p->run_length;
    for (ptrdiff_t k = start; k < end; k += 4, w += 64) {
      __m512i weight[ESPALIER_ITEM_PANELS];
      if (ahead) {
        _mm_prefetch((const char *)ahead, _MM_HINT_T1);
        _mm_prefetch((const char *)(ahead + place->panel_size), _MM_HINT_T1);
        ahead += 64;
      }
      UNROLLED for (int q = 0; q < panels; q++)
        weight[q] = _mm512_loadu_si512(w + (size_t)q * place->panel_size);
      UNROLLED for (int r = 0; r < rows; r++) {
        int32_t quad;
        __builtin_memcpy(&quad, x[r] + k, 4);
        const __m512i value = _mm512_set1_epi32(quad);
        UNROLLED for (int q = 0; q < panels; q++) sum[q][r] = _mm512_dpbusd_epi32(sum[q][r], value, weight[q]);
      }
    }
  }
}

// Fetches the lines that the tile will write to or add while its products are computed.
static inline __attribute__((always_inline)) void fetch_rows(const conv_gemm_u8_place *place, const int rows) {
  if (place->residual)
    UNROLLED for (int r = 0; r < rows; r++)
      _mm_prefetch((const char *)(place->residual[r] + place->channel), _MM_HINT_T0);
  const ptrdiff_t channel = place->channel * byte_epilogue_size(&place->end);
  UNROLLED for (int r = 0; r < rows; r++) __builtin_prefetch(place->output[r] + channel, 1);
}

static inline __attribute__((always_inline)) void tile(
    const conv_gemm_u8_place *place, const int rows, const int panels) {
  __m512i sum[ESPALIER_ITEM_PANELS][ROWS_LIMIT];
  UNROLLED for (int q = 0; q < panels; q++)
    UNROLLED for (int r = 0; r < rows; r++) sum[q][r] = _mm512_setzero_si512();
  fetch_rows(place, rows);
  add_products(place, rows, panels, sum);
  store_tile_avx512(
      &place->end, rows, panels, sum, place->output, place->residual, place->channel, place->channels);
}

#define TILE(rows, panels) \
  static void tile_##rows##x##panels(const conv_gemm_u8_place *place) { tile(place, rows, panels); }
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
TILE(7, 1) TILE(8, 1) TILE(9, 1) TILE(10, 1) TILE(11, 1) TILE(12, 1)
TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2)
TILE(7, 2) TILE(8, 2) TILE(9, 2) TILE(10, 2) TILE(11, 2) TILE(12, 2)
TILE(1, 3) TILE(2, 3) TILE(3, 3) TILE(4, 3) TILE(5, 3) TILE(6, 3)
TILE(7, 3) TILE(8, 3)
TILE(1, 4) TILE(2, 4) TILE(3, 4) TILE(4, 4) TILE(5, 4) TILE(6, 4)

#include "conv_gemm_u8_short_avx512vnni.h"

typedef void (*tile_function)(const conv_gemm_u8_place *place);
static const tile_function tiles[ESPALIER_ITEM_PANELS + 1][ROWS_LIMIT + 1] = {
    {NULL},
    {NULL, tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1,
     tile_7x1, tile_8x1, tile_9x1, tile_10x1, tile_11x1, tile_12x1},
    {NULL, tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2,
     tile_7x2, tile_8x2, tile_9x2, tile_10x2, tile_11x2, tile_12x2},
    {NULL, tile_1x3, tile_2x3, tile_3x3, tile_4x3, tile_5x3, tile_6x3,
     tile_7x3, tile_8x3},
    {NULL, tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4},
};

static void run_tile(
    const conv_gemm_u8_tiling *tiling, const conv_gemm_u8_place *place, uint32_t pixels, uint32_t panels) {
  (void)tiling;
  tiles[panels][pixels](place);
}

static void run_short_tile(
    const conv_gemm_u8_tiling *tiling, const conv_gemm_u8_place *place, uint32_t pixels, uint32_t panels) {
  if (pixels >= SHORT_SUMS / panels) {
    short_tiles[tiling->quads](place, tiling->offsets, pixels, panels);
    return;
  }
  tiles[panels][pixels](place);
}

// Bytes from few quads, with nothing to add.
static bool is_short(const espalier_call *call) {
  const conv_gemm_u8 *p = call->parameters;
  return !call->operands[5] && !p->output_is_float && p->run_count <= SHORT_LIMIT &&
         p->run_length <= 4 * SHORT_LIMIT && p->run_count * p->run_length <= 4 * SHORT_LIMIT;
}

void espalier_conv_gemm_u8_avx512vnni(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const conv_gemm_u8 *p = call->parameters;
  if (!is_short(call)) {
    const conv_gemm_u8_tiling tiling = {
        ESPALIER_ITEM_PIXELS, ESPALIER_ITEM_PANELS, {0, 12, 12, 8, 6}, NULL, 0, run_tile};
    conv_gemm_u8_run_tiling(call, first, end, &tiling);
    return;
  }
  ptrdiff_t offsets[SHORT_LIMIT];
  uint32_t quads = 0;
  for (int32_t run = 0; run < p->run_count; run++)
    for (int32_t k = 0; k < p->run_length; k += 4)
      offsets[quads++] = (ptrdiff_t)((const int32_t *)call->operands[1])[run] + k;
  const conv_gemm_u8_tiling tiling = {
      CONV_GEMM_U8_PIXELS, SHORT_PANELS, {0, CONV_GEMM_U8_PIXELS, CONV_GEMM_U8_PIXELS}, offsets, quads,
      run_short_tile};
  conv_gemm_u8_run_tiling(call, first, end, &tiling);
}

#pragma clang attribute pop
#endif
