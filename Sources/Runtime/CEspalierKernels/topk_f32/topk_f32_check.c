// Proves a topk_f32 call. Operands: 0 input, 1 output. What is read again is found by indices in the scratch.
#include "topk_f32.h"

bool espalier_topk_f32_check(espalier_call_facts *facts) {
  const espalier_topk_f32_parameters *p = facts->parameters;
  const int32_t output[] = {p->count, 2}, stride[] = {p->output_count_stride, p->output_index_stride};
  uint64_t read = 1, written = 1;
  if (!espalier_between(p->largest, 0, 1) || p->count > p->length) return false;
  if (!espalier_count(&read, 6, p->extent) || !espalier_count(&read, 1, &p->length)) return false;
  if (!espalier_count(&written, 6, p->extent) || !espalier_count(&written, 2, output)) return false;
  if (written == 0) return true;
  if (!espalier_writes_apart(6, p->extent, p->output_stride) || !espalier_writes_apart(2, output, stride))
    return false;
  espalier_span from = espalier_span_at(p->input_base), to = espalier_span_at(p->output_base);
  espalier_span_extend(&from, 6, p->extent, p->input_stride);
  espalier_span_extend(&from, 1, &p->length, &p->input_length_stride);
  espalier_span_extend(&to, 6, p->extent, p->output_stride);
  espalier_span_extend(&to, 2, output, stride);
  if (!espalier_span_settle(facts, 0, from) || !espalier_span_settle(facts, 1, to)) return false;
  facts->items = espalier_topk_f32_loop(p).items;
  facts->scratch_bytes = (uint64_t)p->count * sizeof(uint64_t);
  return true;
}
