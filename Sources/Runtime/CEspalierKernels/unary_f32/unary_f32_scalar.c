// y[i] = function(x[i]) for every index i of two views of the same extents; y may be x.
#include "../common/function_scalar.h"
#include "unary_f32.h"

void espalier_unary_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_unary_f32_parameters *p = call->parameters;
  const float *input = call->operands[0];
  float *output = call->operands[1];
  const espalier_loop loop = espalier_unary_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      const float *x = input + walk.offset[0] + r * walk.row_stride[0];
      float *y = output + walk.offset[1] + r * walk.row_stride[1];
      for (int64_t i = 0; i < walk.count; i++)
        y[i * walk.stride[1]] =
            espalier_function_scalar(p->function, x[i * walk.stride[0]], p->alpha, p->beta);
    }
}
