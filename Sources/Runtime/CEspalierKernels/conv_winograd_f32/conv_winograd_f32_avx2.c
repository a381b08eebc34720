// y = f(conv3x3(x, w) + bias + residual) by Winograd's algorithm, AVX2 and FMA.
//
// Transforms: 8 channels of one tile at a time. Products: 6 tiles x 16 channels (12 accumulators), 8 tiles x
// 8 channels where the last panel holds at most 8.
// Reads what lies inside the input's extents and whole panels; writes exactly the outputs, and its scratch.
// The caller guarantees what the checker has proved.
#if defined(__x86_64__)
#include "conv_winograd_f32.h"

#include <math.h>

#include "../common/function_f32_avx2.h"
#include "../common/register_tile_avx2.h"
#include "../include/espalier_kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

typedef __m256 vec;
enum { LANES = 8 };
static inline vec splat(float x) { return _mm256_set1_ps(x); }
static inline vec add(vec a, vec b) { return _mm256_add_ps(a, b); }
static inline vec subtract(vec a, vec b) { return _mm256_sub_ps(a, b); }
static inline vec multiply(vec a, vec b) { return _mm256_mul_ps(a, b); }
static inline vec multiply_add(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
static inline vec negative_multiply_add(vec a, vec b, vec c) { return _mm256_fnmadd_ps(a, b, c); }
static inline vec smallest(vec limit, vec x) { return _mm256_min_ps(limit, x); }
static inline vec largest(vec limit, vec x) { return _mm256_max_ps(limit, x); }
static inline vec load(const float *p) { return _mm256_loadu_ps(p); }
static inline vec load_part(const float *p, int32_t lanes) {
  return _mm256_maskload_ps(p, first_lanes_avx2(lanes));
}
static inline void store(float *p, vec x) { _mm256_storeu_ps(p, x); }
static inline void store_part(float *p, int32_t lanes, vec x) {
  _mm256_maskstore_ps(p, first_lanes_avx2(lanes), x);
}
#define apply_function apply_function_avx2

// One tile of the product of a plane: rows of V, `row` floats apart, and of Y, `width` apart.
static inline __attribute__((always_inline)) void tile_product(
    const float *v, size_t row, int32_t channels, const float *w, float *y, size_t width, const float *ahead,
    const int rows, const int vectors) {
  const float *x[8];
  __m256 sum[8][8];
  UNROLLED for (int r = 0; r < rows; r++) {
    x[r] = v + (size_t)r * row;
    UNROLLED for (int i = 0; i < vectors; i++) sum[i][r] = _mm256_setzero_ps();
  }
  add_products_avx2(x, 0, channels, w, 0, rows, vectors, vectors, ahead, sum);
  UNROLLED for (int r = 0; r < rows; r++)
    UNROLLED for (int i = 0; i < vectors; i++) _mm256_storeu_ps(y + (size_t)r * width + i * 8, sum[i][r]);
}

typedef void (*product)(
    const float *v, size_t row, int32_t channels, const float *w, float *y, size_t width, const float *ahead);

#define PRODUCT(rows, vectors)                                                                         \
  static void product_##rows##x##vectors(                                                              \
      const float *v, size_t row, int32_t channels, const float *w, float *y, size_t width,            \
      const float *ahead) {                                                                            \
    tile_product(v, row, channels, w, y, width, ahead, rows, vectors);                                 \
  }
PRODUCT(1, 1) PRODUCT(2, 1) PRODUCT(3, 1) PRODUCT(4, 1) PRODUCT(5, 1) PRODUCT(6, 1)
PRODUCT(7, 1) PRODUCT(8, 1)
PRODUCT(1, 2) PRODUCT(2, 2) PRODUCT(3, 2) PRODUCT(4, 2) PRODUCT(5, 2) PRODUCT(6, 2)

enum { ROWS = 6, HALF_PANEL_ROWS = 8 };
static const product half_panel[HALF_PANEL_ROWS + 1] = {
    NULL,        product_1x1, product_2x1, product_3x1, product_4x1,
    product_5x1, product_6x1, product_7x1, product_8x1};
static const product whole_panel[ROWS + 1] = {
    NULL, product_1x2, product_2x2, product_3x2, product_4x2, product_5x2, product_6x2};

static void multiply_planes(
    const espalier_call *call, const winograd_blocks *blocks, const winograd_item *item, const float *v,
    float *y) {
  const conv_winograd *p = call->parameters;
  const size_t panel_size = (size_t)p->input_channels * WINOGRAD_PANEL;
  const size_t width = (size_t)item->panels * WINOGRAD_PANEL;
  for (uint32_t point = 0; point < blocks->points; point++) {
    const float *w =
        (const float *)call->operands[1] + ((size_t)point * blocks->panels + item->first_panel) * panel_size;
    for (uint32_t panel = 0; panel < item->panels; panel++, w += panel_size) {
      const int32_t first = (int32_t)(item->first_panel + panel) * WINOGRAD_PANEL;
      const bool half = p->output_channels - first <= 8;
      // The panel that comes next: in this item, or the first of the next point.
      const float *next = w + (panel + 1 < item->panels ? 1 : blocks->panels - panel) * panel_size;
      const uint32_t parts = winograd_blocks_of(item->tiles, half ? HALF_PANEL_ROWS : ROWS);
      for (uint32_t i = 0; i < parts; i++) {
        const uint32_t start = winograd_part(item->tiles, parts, i);
        const uint32_t rows = winograd_part(item->tiles, parts, i + 1) - start;
        (half ? half_panel : whole_panel)[rows](
            v + start * blocks->row, blocks->row, p->input_channels, w,
            y + start * width + panel * WINOGRAD_PANEL, width, i == 0 ? next : NULL);
      }
    }
    v += blocks->input_plane;
    y += blocks->output_plane;
  }
}

#include "conv_winograd_f32_body.h"

void espalier_conv_winograd_f32_avx2(
    const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const conv_winograd *p = call->parameters;
  if (p->tile == 4)
    run_items(4, call, first, end, scratch);
  else
    run_items(2, call, first, end, scratch);
}

#pragma clang attribute pop
#endif
