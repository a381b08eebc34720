// y = f(conv3x3(x, w) + bias + residual) by Winograd's algorithm, AVX-512.
//
// Transforms: 16 channels of one tile at a time. Products: 6 tiles x 4 panels, 8 x 3, 8 x 2 or 12 x 1 of 16
// channels, 24, 16 or 12 accumulators.
// Reads what lies inside the input's extents and whole panels; writes exactly the outputs, and its scratch.
// The caller guarantees what the checker has proved.
#if defined(__x86_64__)
#include "conv_winograd_f32.h"

#include <math.h>

#include "../common/function_f32_avx512.h"
#include "../common/register_tile_avx512.h"
#include "../include/espalier_kernels.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)

typedef __m512 vec;
enum { LANES = 16 };
static inline vec splat(float x) { return _mm512_set1_ps(x); }
static inline vec add(vec a, vec b) { return _mm512_add_ps(a, b); }
static inline vec subtract(vec a, vec b) { return _mm512_sub_ps(a, b); }
static inline vec multiply(vec a, vec b) { return _mm512_mul_ps(a, b); }
static inline vec multiply_add(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
static inline vec negative_multiply_add(vec a, vec b, vec c) { return _mm512_fnmadd_ps(a, b, c); }
static inline vec smallest(vec limit, vec x) { return _mm512_min_ps(limit, x); }
static inline vec largest(vec limit, vec x) { return _mm512_max_ps(limit, x); }
static inline __mmask16 first_lanes(int32_t count) { return (__mmask16)((1u << count) - 1); }
static inline vec load(const float *p) { return _mm512_loadu_ps(p); }
static inline vec load_part(const float *p, int32_t lanes) {
  return _mm512_maskz_loadu_ps(first_lanes(lanes), p);
}
static inline void store(float *p, vec x) { _mm512_storeu_ps(p, x); }
static inline void store_part(float *p, int32_t lanes, vec x) {
  _mm512_mask_storeu_ps(p, first_lanes(lanes), x);
}
#define apply_function apply_function_avx512

// One tile of the product of a plane: rows of V, `row` floats apart, and of Y, `width` apart.
static inline __attribute__((always_inline)) void tile_product(
    const float *v, size_t row, int32_t channels, const float *w, float *y, size_t width,
    const float *ahead, bool fetches_four, const int rows, const int panels) {
  const float *x[12];
  __m512 sum[4][12];
  UNROLLED for (int r = 0; r < rows; r++) {
    x[r] = v + (size_t)r * row;
    UNROLLED for (int i = 0; i < panels; i++) sum[i][r] = _mm512_setzero_ps();
  }
  add_products_avx512(
      x, 0, channels, w, (size_t)channels * WINOGRAD_PANEL, rows, panels, ahead, fetches_four, sum);
  UNROLLED for (int r = 0; r < rows; r++)
    UNROLLED for (int i = 0; i < panels; i++)
      _mm512_storeu_ps(y + (size_t)r * width + i * WINOGRAD_PANEL, sum[i][r]);
}

typedef void (*product)(
    const float *v, size_t row, int32_t channels, const float *w, float *y, size_t width,
    const float *ahead, bool fetches_four);

#define PRODUCT(rows, panels)                                                                 \
  static void product_##rows##x##panels(                                                      \
      const float *v, size_t row, int32_t channels, const float *w, float *y, size_t width,   \
      const float *ahead, bool fetches_four) {                                                \
    tile_product(v, row, channels, w, y, width, ahead, fetches_four, rows, panels);           \
  }
PRODUCT(1, 1) PRODUCT(2, 1) PRODUCT(3, 1) PRODUCT(4, 1) PRODUCT(5, 1) PRODUCT(6, 1)
PRODUCT(7, 1) PRODUCT(8, 1) PRODUCT(9, 1) PRODUCT(10, 1) PRODUCT(11, 1) PRODUCT(12, 1)
PRODUCT(1, 2) PRODUCT(2, 2) PRODUCT(3, 2) PRODUCT(4, 2) PRODUCT(5, 2) PRODUCT(6, 2)
PRODUCT(7, 2) PRODUCT(8, 2)
PRODUCT(1, 3) PRODUCT(2, 3) PRODUCT(3, 3) PRODUCT(4, 3) PRODUCT(5, 3) PRODUCT(6, 3)
PRODUCT(7, 3) PRODUCT(8, 3)
PRODUCT(1, 4) PRODUCT(2, 4) PRODUCT(3, 4) PRODUCT(4, 4) PRODUCT(5, 4) PRODUCT(6, 4)

enum { PANELS = 4, ROWS_LIMIT = 12 };
static const uint32_t rows_for_panels[PANELS + 1] = {0, 12, 8, 8, 6};
static const product products[PANELS + 1][ROWS_LIMIT + 1] = {
    {NULL},
    {NULL, product_1x1, product_2x1, product_3x1, product_4x1, product_5x1, product_6x1,
     product_7x1, product_8x1, product_9x1, product_10x1, product_11x1, product_12x1},
    {NULL, product_1x2, product_2x2, product_3x2, product_4x2, product_5x2, product_6x2, product_7x2,
     product_8x2},
    {NULL, product_1x3, product_2x3, product_3x3, product_4x3, product_5x3, product_6x3, product_7x3,
     product_8x3},
    {NULL, product_1x4, product_2x4, product_3x4, product_4x4, product_5x4, product_6x4},
};

static void multiply_planes(
    const espalier_call *call, const winograd_blocks *blocks, const winograd_item *item, const float *v,
    float *y) {
  const conv_winograd *p = call->parameters;
  const size_t panel_size = (size_t)p->input_channels * WINOGRAD_PANEL;
  const size_t width = (size_t)item->panels * WINOGRAD_PANEL;
  const uint32_t strips = winograd_blocks_of(item->panels, PANELS);
  for (uint32_t point = 0; point < blocks->points; point++) {
    const float *w =
        (const float *)call->operands[1] + ((size_t)point * blocks->panels + item->first_panel) * panel_size;
    for (uint32_t strip = 0; strip < strips; strip++) {
      const uint32_t first = winograd_part(item->panels, strips, strip);
      const uint32_t panels = winograd_part(item->panels, strips, strip + 1) - first;
      const uint32_t parts = winograd_blocks_of(item->tiles, rows_for_panels[panels]);
      // The panels that come next: in this item, or the first of the next point.
      const float *next = w + (strip + 1 < strips ? first + panels : blocks->panels) * panel_size;
      for (uint32_t i = 0; i < parts; i++) {
        const uint32_t start = winograd_part(item->tiles, parts, i);
        products[panels][winograd_part(item->tiles, parts, i + 1) - start](
            v + start * blocks->row, blocks->row, p->input_channels, w + first * panel_size,
            y + start * width + first * WINOGRAD_PANEL, width, next + 2 * i * panel_size,
            parts == 1);
      }
    }
    v += blocks->input_plane;
    y += blocks->output_plane;
  }
}

#include "conv_winograd_f32_body.h"

void espalier_conv_winograd_f32_avx512(
    const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const conv_winograd *p = call->parameters;
  if (p->tile == 4)
    run_items(4, call, first, end, scratch);
  else
    run_items(2, call, first, end, scratch);
}

#pragma clang attribute pop
#endif
