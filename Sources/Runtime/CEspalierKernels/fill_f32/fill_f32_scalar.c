// y[i] = value for every index of a view. Writes the view and nothing else.
#include "fill_f32.h"

void espalier_fill_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_fill_f32_parameters *p = call->parameters;
  float *output = call->operands[0];
  const espalier_loop loop = espalier_fill_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      float *y = output + walk.offset[0] + r * walk.row_stride[0];
      for (int64_t i = 0; i < walk.count; i++) y[i * walk.stride[0]] = p->value;
    }
}
