// y[i] = x[i] for every index i of two views of the same extents, in any order of strides.
#include "copy_f32.h"

static void transpose(const espalier_copy_plan *plan, espalier_copy_block block, const float *input,
                      float *output) {
  const float *x = input + block.input;
  float *y = output + block.output;
  for (int64_t j = 0; j < block.tall; j++)
    for (int64_t i = 0; i < block.wide; i++) y[j * plan->output_stride + i] = x[i * plan->input_stride + j];
}

static void copy_rows(const espalier_copy_plan *plan, const espalier_call *call, uint32_t first,
                      uint32_t end) {
  const float *input = call->operands[0];
  float *output = call->operands[1];
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &plan->loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      const float *x = input + walk.offset[0] + r * walk.row_stride[0];
      float *y = output + walk.offset[1] + r * walk.row_stride[1];
      for (int64_t i = 0; i < walk.count; i++) y[i * walk.stride[1]] = x[i * walk.stride[0]];
    }
}

void espalier_copy_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_copy_plan plan = espalier_copy_f32_plan(call->parameters);
  if (plan.transposes) espalier_copy_f32_blocks(&plan, call, first, end, transpose);
  else copy_rows(&plan, call, first, end);
}
