// y = f(sum_k x[pixel][runs[k / run_length] + k % run_length] w[k][channel] + bias + residual), AVX-512.
//
// Tile: 6 pixels x 4 panels, 8 x 3, 8 x 2 or 12 x 1 of 16 channels: 24, 16 or 12 accumulators, up to 4
// registers of weights and 1 broadcast of the 32. Pixels are cut into tiles of nearly equal
// height, each with its own address per pixel, so that a tile may cross the rows of an image.
// Reads `run_length` floats per run and pixel and whole panels; writes exactly `output_channels` floats per
// pixel and group. The caller guarantees what the checker has proved.
#if defined(__x86_64__)
#include "conv_gemm_f32.h"

#include <math.h>

#include "../common/function_f32_avx512.h"
#include "../common/register_tile_avx512.h"
#include "../include/espalier_kernels.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)

// What all tiles of an item share.
typedef struct item_facts {
  const int32_t *runs;
  int32_t run_count, run_length;
  ptrdiff_t input_offset;     // of the item's group
  size_t panel_size;          // floats
  float low, high;            // clamp of the epilogue; infinities where the function does not clamp
  bool has_residual;
  int32_t function;           // 0 where it is no more than that clamp
  float alpha, beta;
} item_facts;

// A tile's share of the operands.
typedef struct tile_place {
  const float *const *input;     // per pixel
  float *const *output;
  const float *const *residual;
  ptrdiff_t channel;             // of output and residual
  const float *panel, *bias;     // bias: never NULL
  __mmask16 last;                // valid channels of the last panel
  const float *ahead;            // two panels to fetch meanwhile, or NULL
} tile_place;

static inline __attribute__((always_inline)) __m512 clamp(const item_facts *facts, __m512 y) {
  y = _mm512_max_ps(_mm512_set1_ps(facts->low), y);  // NaN stays NaN: it is the second operand
  return _mm512_min_ps(_mm512_set1_ps(facts->high), y);
}

// Adds the residual to one panel of every row.
static inline __attribute__((always_inline)) void add_residual(
    const tile_place *place, const int rows, __m512 *y, ptrdiff_t channel, __mmask16 mask) {
  UNROLLED for (int r = 0; r < rows; r++)
    y[r] = _mm512_add_ps(y[r], _mm512_maskz_loadu_ps(mask, place->residual[r] + channel));
}

// Stores one panel of every row, clamped.
static inline __attribute__((always_inline)) void store_panel(
    const item_facts *facts, const tile_place *place, const int rows, const __m512 *y, ptrdiff_t channel,
    __mmask16 mask) {
  if (mask == 0xFFFF) {
    UNROLLED for (int r = 0; r < rows; r++)
      _mm512_storeu_ps(place->output[r] + channel, clamp(facts, y[r]));
  } else {
    UNROLLED for (int r = 0; r < rows; r++)
      _mm512_mask_storeu_ps(place->output[r] + channel, mask, clamp(facts, y[r]));
  }
}

// Stores all rows and panels behind a function.
static inline __attribute__((always_inline)) void store_function(
    const int32_t function, const item_facts *facts, const tile_place *place, const __m512 *sum, int rows,
    int panels) {
  const __m512 a = _mm512_set1_ps(facts->alpha), b = _mm512_set1_ps(facts->beta);
  for (int p = 0; p < panels; p++) {
    const __mmask16 mask = p < panels - 1 ? 0xFFFF : place->last;
    const ptrdiff_t channel = place->channel + p * ESPALIER_PANEL;
    for (int r = 0; r < rows; r++)
      _mm512_mask_storeu_ps(
          place->output[r] + channel, mask, function_f32_avx512(function, a, b, *sum++));
  }
}

// The same for the function that the call asks for; `sum` lies in memory, [panel][row].
static __attribute__((noinline)) void store_any_function(
    const item_facts *facts, const tile_place *place, const __m512 *sum, int rows, int panels) {
#define USE(constant) store_function(constant, facts, place, sum, rows, panels)
  ESPALIER_FOR_CONSTANT_FUNCTION(facts->function, USE)
#undef USE
}

static inline __attribute__((always_inline)) void tile(
    const item_facts *facts, const tile_place *place, const int rows, const int panels) {
  const float *x[12];
  __m512 sum[4][12];  // [panel][row]
  UNROLLED for (int r = 0; r < rows; r++) x[r] = place->input[r] + facts->input_offset;
  UNROLLED for (int p = 0; p < panels; p++) {
    const __m512 bias = _mm512_loadu_ps(place->bias + p * ESPALIER_PANEL);
    UNROLLED for (int r = 0; r < rows; r++) sum[p][r] = bias;
  }
  const float *w = place->panel, *ahead = place->ahead;
  for (int32_t run = 0; run < facts->run_count; run++) {
    const ptrdiff_t start = facts->runs[run], end = start + facts->run_length;
    w = add_products_avx512(x, start, end, w, facts->panel_size, rows, panels, ahead, false, sum);
    if (ahead) ahead += (size_t)facts->run_length * ESPALIER_PANEL;
  }
  UNROLLED for (int p = 0; p < panels; p++) {
    const __mmask16 mask = p < panels - 1 ? 0xFFFF : place->last;
    if (facts->has_residual) add_residual(place, rows, sum[p], place->channel + p * ESPALIER_PANEL, mask);
  }
  if (facts->function) {
    __m512 block[4 * 12];
    UNROLLED for (int i = 0; i < rows * panels; i++) block[i] = sum[i / rows][i % rows];
    store_any_function(facts, place, block, rows, panels);
    return;
  }
  UNROLLED for (int p = 0; p < panels; p++)
    store_panel(
        facts, place, rows, sum[p], place->channel + p * ESPALIER_PANEL,
        p < panels - 1 ? 0xFFFF : place->last);
}

typedef void (*tile_function)(const item_facts *facts, const tile_place *place);

#define TILE(rows, panels)                                                              \
  static void tile_##rows##x##panels(const item_facts *facts, const tile_place *place) { \
    tile(facts, place, rows, panels);                                                   \
  }
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
TILE(7, 1) TILE(8, 1) TILE(9, 1) TILE(10, 1) TILE(11, 1) TILE(12, 1)
TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2)
TILE(7, 2) TILE(8, 2)
TILE(1, 3) TILE(2, 3) TILE(3, 3) TILE(4, 3) TILE(5, 3) TILE(6, 3)
TILE(7, 3) TILE(8, 3)
TILE(1, 4) TILE(2, 4) TILE(3, 4) TILE(4, 4) TILE(5, 4) TILE(6, 4)

enum { ROWS_LIMIT = 12 };
static const uint32_t rows_for_panels[ESPALIER_ITEM_PANELS + 1] = {0, 12, 8, 8, 6};
static const tile_function tiles[ESPALIER_ITEM_PANELS + 1][ROWS_LIMIT + 1] = {
    {NULL},
    {NULL, tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1,
     tile_7x1, tile_8x1, tile_9x1, tile_10x1, tile_11x1, tile_12x1},
    {NULL, tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2,
     tile_7x2, tile_8x2},
    {NULL, tile_1x3, tile_2x3, tile_3x3, tile_4x3, tile_5x3, tile_6x3,
     tile_7x3, tile_8x3},
    {NULL, tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4},
};

static void run_item(
    const conv_gemm *p, const espalier_call *call, const item_facts *facts, const pixel_panel_blocks *blocks,
    const pixel_panel_item *item, const conv_gemm_pixels *pixels, const float *next) {
  static const float no_bias[ESPALIER_ITEM_PANELS * ESPALIER_PANEL];
  const float *bias = call->operands[3];
  const size_t stored = (size_t)item->group * blocks->panels + item->first_panel;
  const int32_t first_channel = (int32_t)item->first_panel * ESPALIER_PANEL;
  const int32_t whole = (int32_t)item->panels * ESPALIER_PANEL, left = p->output_channels - first_channel;
  const int32_t channels = whole < left ? whole : left, missing = whole - channels;
  tile_place place = {
      pixels->input, pixels->output, pixels->residual,
      (ptrdiff_t)item->group * p->output_channels + first_channel,
      (const float *)call->operands[2] + stored * facts->panel_size,
      bias ? bias + stored * ESPALIER_PANEL : no_bias, (__mmask16)(0xFFFF >> missing), NULL};
  const uint32_t parts = parts_of(item->pixels, rows_for_panels[item->panels]);
  for (uint32_t i = 0; i < parts; i++) {
    const uint32_t start = start_of_part(item->pixels, parts, i);
    place.input = pixels->input + start;
    place.output = pixels->output + start;
    place.residual = pixels->residual + start;
    if (next) place.ahead = next + 2 * i * facts->panel_size;
    tiles[item->panels][start_of_part(item->pixels, parts, i + 1) - start](facts, &place);
  }
}

// The panels of the next item, where they are likely to lie outside of the caches: panels of a new block, or
// of any block while this call sees them for the first time. Of a single pixel's panels nothing: they are all
// read in turn, which processors foresee.
static const float *next_panels(
    const espalier_call *call, const item_facts *facts, const pixel_panel_blocks *blocks,
    const pixel_panel_item *item, uint32_t first, uint32_t index, uint32_t end) {
  const conv_gemm *p = call->parameters;
  if (index + 1 >= end || blocks->pixels == 1) return NULL;
  if (p->panels_inner && index - first >= blocks->panel_blocks) return NULL;
  const pixel_panel_item next = pixel_panel_item_at(blocks, index + 1);
  if (next.first_panel == item->first_panel && next.group == item->group) return NULL;
  const size_t stored = (size_t)next.group * blocks->panels + next.first_panel;
  return (const float *)call->operands[2] + stored * facts->panel_size;
}

void espalier_conv_gemm_f32_avx512(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const conv_gemm *p = call->parameters;
  const pixel_panel_blocks blocks = conv_gemm_cut(p);
  item_facts facts = {
      call->operands[1], p->run_count, p->run_length, 0,
      (size_t)p->run_count * (size_t)p->run_length * ESPALIER_PANEL, -INFINITY, INFINITY,
      call->operands[4] != NULL, 0, 0, 0};
  if (p->function == espalier_function_relu) facts.low = 0;
  if (p->function == espalier_function_clip) facts.low = p->alpha, facts.high = p->beta;
  if (p->function > espalier_function_clip)
    facts.function = p->function, facts.alpha = p->alpha, facts.beta = p->beta;
  conv_gemm_pixels pixels;
  uint32_t located = UINT32_MAX;
  for (uint32_t index = first; index < end; index++) {
    const pixel_panel_item item = pixel_panel_item_at(&blocks, index);
    if (item.first_pixel != located) conv_gemm_locate(call, item.first_pixel, item.pixels, &pixels);
    located = item.first_pixel;
    facts.input_offset = (ptrdiff_t)item.group * p->input_group;
    const float *next = next_panels(call, &facts, &blocks, &item, first, index, end);
    run_item(p, call, &facts, &blocks, &item, &pixels, next);
  }
}

#pragma clang attribute pop
#endif
