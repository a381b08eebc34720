// y[b, i, j] = alpha sum over k of a[b, i, k] b[b, k, j], summed in float in the order of k.
#include "matmul_f32.h"

static void multiply(const espalier_matmul_f32_parameters *p, int64_t row, int64_t row_end, const float *a,
                     const float *b, float *y) {
  for (int64_t i = row; i < row_end; i++)
    for (int64_t j = 0; j < p->n; j++) {
      float sum = 0;
      for (int64_t k = 0; k < p->k; k++)
        sum += a[i * p->a_stride_m + k * p->a_stride_k] * b[k * p->b_stride_k + j * p->b_stride_n];
      y[i * p->output_stride_m + j * p->output_stride_n] = p->alpha * sum;
    }
}

void espalier_matmul_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_matmul_f32_parameters *p = call->parameters;
  const float *a = call->operands[0], *b = call->operands[1];
  float *y = call->operands[2];
  const espalier_matmul_plan plan = espalier_matmul_f32_plan(p);
  for (uint32_t item = first; item < end; item++) {
    const espalier_matmul_offsets at = espalier_matmul_f32_offsets(p, item / plan.blocks);
    const int64_t row = item % plan.blocks * plan.rows_per_item;
    const int64_t row_end = row + plan.rows_per_item < p->m ? row + plan.rows_per_item : p->m;
    multiply(p, row, row_end, a + at.a, b + at.b, y + at.output);
  }
}
