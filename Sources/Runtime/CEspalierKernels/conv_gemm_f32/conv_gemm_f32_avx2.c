// y = f(sum_k x[pixel][runs[k / run_length] + k % run_length] w[k][channel] + bias + residual), AVX2 and FMA.
//
// Tile: 6 pixels x 16 channels (12 accumulators, 2 of weights, 1 broadcast of the 16 registers); 8 pixels x
// 8 channels where the last panel holds at most 8; one pixel x up to 4 panels where there is only one pixel.
// Every tile has its own address per pixel, so that a tile may cross the rows of an image.
// Reads `run_length` floats per run and pixel and whole panels; writes exactly `output_channels` floats per
// pixel and group. The caller guarantees what the checker has proved.
#if defined(__x86_64__)
#include "conv_gemm_f32.h"

#include <math.h>

#include "../common/function_f32_avx2.h"
#include "../common/register_tile_avx2.h"
#include "../include/espalier_kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

enum { ROWS = 6, HALF_PANEL_ROWS = 8 };

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
  int32_t channels;              // valid ones of the last panel
  const float *ahead;            // a panel to fetch meanwhile, or NULL
} tile_place;

static inline __attribute__((always_inline)) __m256 clamp(const item_facts *facts, __m256 y) {
  y = _mm256_max_ps(_mm256_set1_ps(facts->low), y);  // NaN stays NaN: it is the second operand
  return _mm256_min_ps(_mm256_set1_ps(facts->high), y);
}

// Adds `channels` lanes of the residual to one vector of every row.
static inline __attribute__((always_inline)) void add_residual(
    const tile_place *place, const int rows, __m256 *y, ptrdiff_t channel, int32_t channels) {
  if (channels >= 8) {
    UNROLLED for (int r = 0; r < rows; r++)
      y[r] = _mm256_add_ps(y[r], _mm256_loadu_ps(place->residual[r] + channel));
  } else if (channels > 0) {
    const __m256i mask = first_lanes_avx2(channels);
    UNROLLED for (int r = 0; r < rows; r++)
      y[r] = _mm256_add_ps(y[r], _mm256_maskload_ps(place->residual[r] + channel, mask));
  }
}

// Stores `channels` lanes of one vector of every row, clamped.
static inline __attribute__((always_inline)) void store_column(
    const item_facts *facts, const tile_place *place, const int rows, const __m256 *y, ptrdiff_t channel,
    int32_t channels) {
  if (channels >= 8) {
    UNROLLED for (int r = 0; r < rows; r++)
      _mm256_storeu_ps(place->output[r] + channel, clamp(facts, y[r]));
  } else if (channels > 0) {
    const __m256i mask = first_lanes_avx2(channels);
    UNROLLED for (int r = 0; r < rows; r++)
      _mm256_maskstore_ps(place->output[r] + channel, mask, clamp(facts, y[r]));
  }
}

// The channels of vector `v`, of `per_panel` to a panel: where they lie in a row, and how many exist.
static inline __attribute__((always_inline)) ptrdiff_t vector_channel(
    const tile_place *place, int v, int per_panel) {
  return place->channel + v / per_panel * ESPALIER_PANEL + v % per_panel * 8;
}
static inline __attribute__((always_inline)) int32_t vector_width(
    const tile_place *place, int v, int vectors, int per_panel) {
  return v >= vectors - per_panel ? place->channels - v % per_panel * 8 : 8;
}

// Stores all rows and vectors behind a function.
static inline __attribute__((always_inline)) void store_function(
    const int32_t function, const item_facts *facts, const tile_place *place, const __m256 *sum, int rows,
    int vectors, int per_panel) {
  const __m256 a = _mm256_set1_ps(facts->alpha), b = _mm256_set1_ps(facts->beta);
  for (int v = 0; v < vectors; v++) {
    const ptrdiff_t channel = vector_channel(place, v, per_panel);
    const int32_t channels = vector_width(place, v, vectors, per_panel);
    if (channels >= 8) {
      for (int r = 0; r < rows; r++)
        _mm256_storeu_ps(place->output[r] + channel, function_f32_avx2(function, a, b, *sum++));
    } else if (channels > 0) {
      const __m256i mask = first_lanes_avx2(channels);
      for (int r = 0; r < rows; r++)
        _mm256_maskstore_ps(place->output[r] + channel, mask, function_f32_avx2(function, a, b, *sum++));
    }
  }
}

// The same for the function that the call asks for; `sum` lies in memory, [vector][row].
static __attribute__((noinline)) void store_any_function(
    const item_facts *facts, const tile_place *place, const __m256 *sum, int rows, int vectors,
    int per_panel) {
#define USE(constant) store_function(constant, facts, place, sum, rows, vectors, per_panel)
  ESPALIER_FOR_CONSTANT_FUNCTION(facts->function, USE)
#undef USE
}

// `rows` pixels x `vectors` vectors of 8 channels, `per_panel` of them (2, or 1 of a half panel) per panel.
static inline __attribute__((always_inline)) void tile(
    const item_facts *facts, const tile_place *place, const int rows, const int vectors,
    const int per_panel) {
  const float *x[8];
  __m256 sum[8][8];  // [vector][row]
  UNROLLED for (int r = 0; r < rows; r++) x[r] = place->input[r] + facts->input_offset;
  UNROLLED for (int v = 0; v < vectors; v++) {
    const __m256 bias = _mm256_loadu_ps(place->bias + v / per_panel * ESPALIER_PANEL + v % per_panel * 8);
    UNROLLED for (int r = 0; r < rows; r++) sum[v][r] = bias;
  }
  const float *w = place->panel, *ahead = place->ahead;
  for (int32_t run = 0; run < facts->run_count; run++) {
    const ptrdiff_t start = facts->runs[run], end = start + facts->run_length;
    w = add_products_avx2(x, start, end, w, facts->panel_size, rows, vectors, per_panel, ahead, sum);
    if (ahead) ahead += (size_t)facts->run_length * ESPALIER_PANEL;
  }
  if (facts->has_residual) {
    UNROLLED for (int v = 0; v < vectors; v++)
      add_residual(
          place, rows, sum[v], vector_channel(place, v, per_panel),
          vector_width(place, v, vectors, per_panel));
  }
  if (facts->function) {
    __m256 block[8 * 8];
    UNROLLED for (int i = 0; i < rows * vectors; i++) block[i] = sum[i / rows][i % rows];
    store_any_function(facts, place, block, rows, vectors, per_panel);
    return;
  }
  UNROLLED for (int v = 0; v < vectors; v++)
    store_column(
        facts, place, rows, sum[v], vector_channel(place, v, per_panel),
        vector_width(place, v, vectors, per_panel));
}

typedef void (*tile_function)(const item_facts *facts, const tile_place *place);

#define TILE(name, rows, vectors, per_panel)                                     \
  static void name(const item_facts *facts, const tile_place *place) {           \
    tile(facts, place, rows, vectors, per_panel);                                \
  }
TILE(tile_1x16, 1, 2, 2)
TILE(tile_2x16, 2, 2, 2)
TILE(tile_3x16, 3, 2, 2)
TILE(tile_4x16, 4, 2, 2)
TILE(tile_5x16, 5, 2, 2)
TILE(tile_6x16, 6, 2, 2)
TILE(tile_1x8, 1, 1, 1)
TILE(tile_2x8, 2, 1, 1)
TILE(tile_3x8, 3, 1, 1)
TILE(tile_4x8, 4, 1, 1)
TILE(tile_5x8, 5, 1, 1)
TILE(tile_6x8, 6, 1, 1)
TILE(tile_7x8, 7, 1, 1)
TILE(tile_8x8, 8, 1, 1)
TILE(tile_1x32, 1, 4, 2)
TILE(tile_1x48, 1, 6, 2)
TILE(tile_1x64, 1, 8, 2)

static const tile_function whole_panel[ROWS + 1] = {
    NULL, tile_1x16, tile_2x16, tile_3x16, tile_4x16, tile_5x16, tile_6x16};
static const tile_function half_panel[HALF_PANEL_ROWS + 1] = {
    NULL, tile_1x8, tile_2x8, tile_3x8, tile_4x8, tile_5x8, tile_6x8, tile_7x8, tile_8x8};
static const tile_function one_pixel[ESPALIER_ITEM_PANELS + 1] = {
    NULL, tile_1x16, tile_1x32, tile_1x48, tile_1x64};

// One panel for all pixels of an item, in tiles of nearly equal height.
static void run_panel(
    const item_facts *facts, const conv_gemm_pixels *pixels, uint32_t count, tile_place place) {
  const bool half = place.channels <= 8;
  const uint32_t tiles = parts_of(count, half ? HALF_PANEL_ROWS : ROWS);
  for (uint32_t i = 0; i < tiles; i++) {
    const uint32_t start = start_of_part(count, tiles, i), rows = start_of_part(count, tiles, i + 1) - start;
    place.input = pixels->input + start;
    place.output = pixels->output + start;
    place.residual = pixels->residual + start;
    (half ? half_panel : whole_panel)[rows](facts, &place);
    place.ahead = NULL;
  }
}

static void run_item(
    const conv_gemm *p, const espalier_call *call, const item_facts *facts, const pixel_panel_blocks *blocks,
    const pixel_panel_item *item, const conv_gemm_pixels *pixels, bool fetches) {
  static const float no_bias[ESPALIER_ITEM_PANELS * ESPALIER_PANEL];
  const float *bias = call->operands[3];
  const size_t stored = (size_t)item->group * blocks->panels + item->first_panel;
  const int32_t first_channel = (int32_t)item->first_panel * ESPALIER_PANEL;
  const int32_t end_channel = first_channel + (int32_t)item->panels * ESPALIER_PANEL;
  const int32_t channels =
      (end_channel < p->output_channels ? end_channel : p->output_channels) - first_channel;
  tile_place place = {
      pixels->input, pixels->output, pixels->residual,
      (ptrdiff_t)item->group * p->output_channels + first_channel,
      (const float *)call->operands[2] + stored * facts->panel_size,
      bias ? bias + stored * ESPALIER_PANEL : no_bias, ESPALIER_PANEL, NULL};
  if (item->pixels == 1) {
    place.channels = channels - ((int32_t)item->panels - 1) * ESPALIER_PANEL;
    one_pixel[item->panels](facts, &place);
  } else {
    for (uint32_t i = 0; i < item->panels; i++) {
      const int32_t left = channels - (int32_t)i * ESPALIER_PANEL;
      place.channels = left < ESPALIER_PANEL ? left : ESPALIER_PANEL;
      place.ahead = fetches ? place.panel + facts->panel_size : NULL;
      run_panel(facts, pixels, item->pixels, place);
      place.channel += ESPALIER_PANEL;
      place.bias += ESPALIER_PANEL;
      place.panel += facts->panel_size;
    }
  }
}

void espalier_conv_gemm_f32_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
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
    // Once all panels have been read for one block of pixels, they are in the caches if they fit.
    const bool fetches = !p->panels_inner || index - first < blocks.panel_blocks;
    run_item(p, call, &facts, &blocks, &item, &pixels, fetches);
  }
}

#pragma clang attribute pop
#endif
