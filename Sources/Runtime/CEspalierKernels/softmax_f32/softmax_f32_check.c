// Proves a softmax_f32 call. Operands: 0 input, 1 output.
#include "softmax_f32.h"

bool espalier_softmax_f32_check(espalier_call_facts *facts) {
  const espalier_softmax_f32_parameters *p = facts->parameters;
  uint64_t count = 1;
  if (!espalier_between(p->mode, espalier_softmax_plain, espalier_softmax_hard)) return false;
  if (!espalier_count(&count, 6, p->extent) || !espalier_count(&count, 1, &p->length)) return false;
  if (count == 0) return true;
  if (!espalier_writes_apart(6, p->extent, p->output_stride)) return false;
  if (!espalier_writes_apart(1, &p->length, &p->output_length_stride)) return false;
  espalier_span input = espalier_span_at(p->input_base), output = espalier_span_at(p->output_base);
  espalier_span_extend(&input, 6, p->extent, p->input_stride);
  espalier_span_extend(&input, 1, &p->length, &p->input_length_stride);
  espalier_span_extend(&output, 6, p->extent, p->output_stride);
  espalier_span_extend(&output, 1, &p->length, &p->output_length_stride);
  if (!espalier_span_settle(facts, 0, input) || !espalier_span_settle(facts, 1, output)) return false;
  facts->items = espalier_softmax_f32_loop(p).items;
  return true;
}
