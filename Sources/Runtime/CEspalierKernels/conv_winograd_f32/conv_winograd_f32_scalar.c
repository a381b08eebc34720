// y = f(conv3x3(x, w) + bias + residual) by Winograd's algorithm, one channel at a time: the definition.
//
// Reads what lies inside the input's extents and whole panels; writes exactly the outputs. The caller
// guarantees what the checker has proved.
#include "conv_winograd_f32.h"

#include <math.h>

#include "../common/function_f32_scalar.h"
#include "../include/espalier_kernels.h"

#define UNROLLED
typedef float vec;
enum { LANES = 1 };
static inline vec splat(float x) { return x; }
static inline vec add(vec a, vec b) { return a + b; }
static inline vec subtract(vec a, vec b) { return a - b; }
static inline vec multiply(vec a, vec b) { return a * b; }
static inline vec multiply_add(vec a, vec b, vec c) { return a * b + c; }
static inline vec negative_multiply_add(vec a, vec b, vec c) { return c - a * b; }
static inline vec smallest(vec limit, vec x) { return limit < x ? limit : x; }
static inline vec largest(vec limit, vec x) { return limit > x ? limit : x; }
static inline vec load(const float *p) { return *p; }
static inline vec load_part(const float *p, int32_t lanes) {
  (void)lanes;
  return *p;
}
static inline void store(float *p, vec x) { *p = x; }
static inline void store_part(float *p, int32_t lanes, vec x) {
  (void)lanes;
  *p = x;
}

static void apply_function(int32_t function, float alpha, float beta, float *y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] = function_f32_scalar(function, alpha, beta, y[i]);
}

static void multiply_planes(
    const espalier_call *call, const winograd_blocks *blocks, const winograd_item *item, const float *v,
    float *y) {
  const conv_winograd *p = call->parameters;
  const size_t panel_size = (size_t)p->input_channels * WINOGRAD_PANEL;
  for (uint32_t point = 0; point < blocks->points; point++)
    for (uint32_t tile = 0; tile < item->tiles; tile++) {
      const float *x = v + point * blocks->input_plane + tile * blocks->row;
      const float *w = (const float *)call->operands[1] +
                       ((size_t)point * blocks->panels + item->first_panel) * panel_size;
      float *sum = y + point * blocks->output_plane + (size_t)tile * item->panels * WINOGRAD_PANEL;
      for (uint32_t panel = 0; panel < item->panels; panel++, sum += WINOGRAD_PANEL) {
        for (int c = 0; c < WINOGRAD_PANEL; c++) sum[c] = 0;
        for (int32_t k = 0; k < p->input_channels; k++, w += WINOGRAD_PANEL)
          for (int c = 0; c < WINOGRAD_PANEL; c++) sum[c] += x[k] * w[c];
      }
    }
}

#include "conv_winograd_f32_body.h"

void espalier_conv_winograd_f32_scalar(
    const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const conv_winograd *p = call->parameters;
  if (p->tile == 4)
    run_items(4, call, first, end, scratch);
  else
    run_items(2, call, first, end, scratch);
}
