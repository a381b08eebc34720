// y = f(conv3x3(x, w) + bias + residual) by Winograd's algorithm, NEON.
//
// Transforms: 4 channels of one tile at a time. Products: 5 tiles x 16 channels.
// Reads what lies inside the input's extents and whole panels; writes exactly the outputs, and its scratch.
// The caller guarantees what the checker has proved.
#if defined(__aarch64__)
#include "conv_winograd_f32.h"

#include <math.h>

#include "../common/register_tile_neon.h"
#include "../common/vector_neon.h"
#include "../include/espalier_kernels.h"

#include "../common/function_vector.h"

enum { LANES = VL };
static inline vec splat(float x) { return v_set(x); }
static inline vec add(vec a, vec b) { return v_add(a, b); }
static inline vec subtract(vec a, vec b) { return v_sub(a, b); }
static inline vec multiply(vec a, vec b) { return v_mul(a, b); }
static inline vec multiply_add(vec a, vec b, vec c) { return v_fma(a, b, c); }
static inline vec negative_multiply_add(vec a, vec b, vec c) { return v_fnma(a, b, c); }
static inline vec smallest(vec limit, vec x) { return v_min(limit, x); }
static inline vec largest(vec limit, vec x) { return v_max(limit, x); }
static inline vec load(const float *p) { return v_load(p); }
static inline vec load_part(const float *p, int32_t lanes) { return v_load_part(p, v_part(lanes)); }
static inline void store(float *p, vec x) { v_store(p, x); }
static inline void store_part(float *p, int32_t lanes, vec x) { v_store_part(p, v_part(lanes), x); }

// y[0, count) = f(y[0, count)); `count` is a multiple of LANES.
static void apply_function(int32_t function, float alpha, float beta, float *y, size_t count) {
  for (size_t i = 0; i < count; i += LANES)
    store(y + i, v_epilogue(function, load(y + i), splat(alpha), splat(beta)));
}

// One tile of the product of a plane: rows of V, `row` floats apart, and of Y, `width` apart.
V void tile_product(
    const float *v, size_t row, int32_t channels, const float *w, float *y, size_t width, const int rows) {
  const float *x[REGISTER_ROWS];
  vec sum[REGISTER_ROWS][4];
  UNROLLED for (int r = 0; r < rows; r++) {
    x[r] = v + (size_t)r * row;
    UNROLLED for (int i = 0; i < 4; i++) sum[r][i] = v_zero();
  }
  add_products_neon(x, 0, channels, w, rows, sum);
  UNROLLED for (int r = 0; r < rows; r++)
    UNROLLED for (int i = 0; i < 4; i++) store(y + (size_t)r * width + i * LANES, sum[r][i]);
}

static void product(
    const float *v, size_t row, int32_t channels, const float *w, float *y, size_t width, uint32_t rows) {
  switch (rows) {
    case 1: tile_product(v, row, channels, w, y, width, 1); break;
    case 2: tile_product(v, row, channels, w, y, width, 2); break;
    case 3: tile_product(v, row, channels, w, y, width, 3); break;
    case 4: tile_product(v, row, channels, w, y, width, 4); break;
    case 5: tile_product(v, row, channels, w, y, width, 5); break;
    default: break;
  }
}

static void multiply_planes(
    const espalier_call *call, const winograd_blocks *blocks, const winograd_item *item, const float *v,
    float *y) {
  const conv_winograd *p = call->parameters;
  const size_t panel_size = (size_t)p->input_channels * WINOGRAD_PANEL;
  const size_t width = (size_t)item->panels * WINOGRAD_PANEL;
  const uint32_t parts = winograd_blocks_of(item->tiles, REGISTER_ROWS);
  for (uint32_t point = 0; point < blocks->points; point++) {
    const float *w =
        (const float *)call->operands[1] + ((size_t)point * blocks->panels + item->first_panel) * panel_size;
    for (uint32_t panel = 0; panel < item->panels; panel++, w += panel_size)
      for (uint32_t i = 0; i < parts; i++) {
        const uint32_t start = winograd_part(item->tiles, parts, i);
        product(v + start * blocks->row, blocks->row, p->input_channels, w,
                y + start * width + panel * WINOGRAD_PANEL, width,
                winograd_part(item->tiles, parts, i + 1) - start);
      }
    v += blocks->input_plane;
    y += blocks->output_plane;
  }
}

#include "conv_winograd_f32_body.h"

void espalier_conv_winograd_f32_neon(
    const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const conv_winograd *p = call->parameters;
  if (p->tile == 4)
    run_items(4, call, first, end, scratch);
  else
    run_items(2, call, first, end, scratch);
}

#endif
