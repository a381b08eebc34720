// y[outer, i, inner] = x[outer, table[i], inner].
#include "gather_f32.h"

static void copy(const espalier_loop *inner, const float *x, float *y) {
  espalier_walk walk = espalier_walk_start(0, inner->items);
  while (espalier_walk_next(&walk, inner))
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++)
        y[walk.offset[1] + r * walk.row_stride[1] + i * walk.stride[1]] =
            x[walk.offset[0] + r * walk.row_stride[0] + i * walk.stride[0]];
}

void espalier_gather_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_gather_f32_parameters *p = call->parameters;
  const float *input = call->operands[0];
  const int32_t *table = call->operands[1];
  float *output = call->operands[2];
  const espalier_loop outer = espalier_gather_f32_outer(p), inner = espalier_gather_f32_inner(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &outer))
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++) {
        const int64_t entry = table[walk.offset[2] + r * walk.row_stride[2] + i * walk.stride[2]];
        copy(&inner,
             input + walk.offset[0] + r * walk.row_stride[0] + i * walk.stride[0] +
                 entry * p->axis_input_stride,
             output + walk.offset[1] + r * walk.row_stride[1] + i * walk.stride[1]);
      }
}
