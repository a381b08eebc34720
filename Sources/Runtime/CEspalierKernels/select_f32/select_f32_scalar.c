// y[i] = c[i] != 0 ? a[i] : b[i] for every index i of four views; y may be any of the others.
#include "select_f32.h"

void espalier_select_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_select_f32_parameters *p = call->parameters;
  const float *condition = call->operands[0], *left = call->operands[1], *right = call->operands[2];
  float *output = call->operands[3];
  const espalier_loop loop = espalier_select_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      const float *c = condition + walk.offset[0] + r * walk.row_stride[0];
      const float *a = left + walk.offset[1] + r * walk.row_stride[1];
      const float *b = right + walk.offset[2] + r * walk.row_stride[2];
      float *y = output + walk.offset[3] + r * walk.row_stride[3];
      for (int64_t i = 0; i < walk.count; i++)
        y[i * walk.stride[3]] = c[i * walk.stride[0]] != 0 ? a[i * walk.stride[1]] : b[i * walk.stride[2]];
    }
}
