// Proves a matmul_f32 call. Operands: 0 a, 1 b, 2 output. With k = 0 nothing is read.
#include "matmul_f32.h"

static bool settle(espalier_call_facts *facts, int operand, const int32_t batch[4],
                   const int32_t batch_stride[4], int64_t base, const int32_t extent[2],
                   const int32_t stride[2]) {
  espalier_span span = espalier_span_at(base);
  espalier_span_extend(&span, 4, batch, batch_stride);
  espalier_span_extend(&span, 2, extent, stride);
  return espalier_span_settle(facts, operand, span);
}

bool espalier_matmul_f32_check(espalier_call_facts *facts) {
  const espalier_matmul_f32_parameters *p = facts->parameters;
  const int32_t a_extent[] = {p->m, p->k}, a_stride[] = {p->a_stride_m, p->a_stride_k};
  const int32_t b_extent[] = {p->k, p->n}, b_stride[] = {p->b_stride_k, p->b_stride_n};
  const int32_t y_extent[] = {p->m, p->n}, y_stride[] = {p->output_stride_m, p->output_stride_n};
  uint64_t count = 1, depth = 1;
  if (!espalier_count(&count, 4, p->batch) || !espalier_count(&count, 2, y_extent)) return false;
  if (!espalier_count(&depth, 1, &p->k) || !espalier_work_ok(count, depth)) return false;
  if (count == 0) return true;
  if (!espalier_writes_apart(4, p->batch, p->output_batch_stride)) return false;
  if (!espalier_writes_apart(2, y_extent, y_stride)) return false;
  if (!settle(facts, 2, p->batch, p->output_batch_stride, p->output_base, y_extent, y_stride)) return false;
  if (p->k != 0) {
    if (!settle(facts, 0, p->batch, p->a_batch_stride, p->a_base, a_extent, a_stride)) return false;
    if (!settle(facts, 1, p->batch, p->b_batch_stride, p->b_base, b_extent, b_stride)) return false;
  }
  const espalier_matmul_plan plan = espalier_matmul_f32_plan(p);
  if (plan.scratch_bytes > ESPALIER_SCRATCH_LIMIT) return false;
  facts->items = plan.items;
  facts->scratch_bytes = plan.scratch_bytes;
  facts->multiply_adds = count * depth;
  const uint64_t columns = (uint64_t)(plan.columns_per_item < p->n ? plan.columns_per_item : p->n);
  facts->item_multiply_adds = (uint64_t)plan.rows_per_item * columns * depth;
  return true;
}
