// y[b, i, j] = alpha sum over k of a[b, i, k] b[b, k, j], summed in float in the order of k.
#include "matmul_f32.h"

static void multiply(const espalier_matmul_f32_parameters *p, espalier_matmul_piece piece, const float *a,
                     const float *b, float *y) {
  for (int64_t i = piece.row; i < piece.row + piece.rows; i++)
    for (int64_t j = piece.column; j < piece.column + piece.columns; j++) {
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
    const espalier_matmul_piece piece = espalier_matmul_f32_piece(p, &plan, item);
    const espalier_matmul_offsets at = espalier_matmul_f32_offsets(p, piece.matrix);
    multiply(p, piece, a + at.a, b + at.b, y + at.output);
  }
}
