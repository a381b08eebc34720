// y[i] = function(operation(a[i], b[i])) for every index i of three views; y may be a or b.
#include "../common/function_scalar.h"
#include "binary_f32.h"

void espalier_binary_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_binary_f32_parameters *p = call->parameters;
  const float *left = call->operands[0], *right = call->operands[1];
  float *output = call->operands[2];
  const espalier_loop loop = espalier_binary_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      const float *a = left + walk.offset[0] + r * walk.row_stride[0];
      const float *b = right + walk.offset[1] + r * walk.row_stride[1];
      float *y = output + walk.offset[2] + r * walk.row_stride[2];
      for (int64_t i = 0; i < walk.count; i++) {
        const float x = espalier_binary_scalar(p->operation, a[i * walk.stride[0]], b[i * walk.stride[1]]);
        y[i * walk.stride[2]] = espalier_epilogue_scalar(p->function, x, p->alpha, p->beta);
      }
    }
}
