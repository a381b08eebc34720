// Proves a gather_f32 call. Operands: 0 input, 1 table (int32, in the weights), 2 output.
#include "gather_f32.h"

bool espalier_gather_f32_check(espalier_call_facts *facts) {
  const espalier_gather_f32_parameters *p = facts->parameters;
  uint64_t count = 1, axis = 1;
  if (!espalier_count(&count, 3, p->outer) || !espalier_count(&count, 1, &p->count)) return false;
  if (!espalier_count(&count, 3, p->inner) || !espalier_count(&axis, 1, &p->axis)) return false;
  if (count == 0) return true;
  if (!espalier_writes_apart(3, p->outer, p->outer_output_stride)) return false;
  if (!espalier_writes_apart(3, p->inner, p->inner_output_stride)) return false;
  if (!espalier_writes_apart(1, &p->count, &p->count_output_stride)) return false;
  if (!espalier_table_settle(facts, 1, (uint64_t)p->count, p->axis)) return false;
  espalier_span input = espalier_span_at(p->input_base), output = espalier_span_at(p->output_base);
  espalier_span_extend(&input, 3, p->outer, p->outer_input_stride);
  espalier_span_extend(&input, 1, &p->axis, &p->axis_input_stride);
  espalier_span_extend(&input, 3, p->inner, p->inner_input_stride);
  espalier_span_extend(&output, 3, p->outer, p->outer_output_stride);
  espalier_span_extend(&output, 1, &p->count, &p->count_output_stride);
  espalier_span_extend(&output, 3, p->inner, p->inner_output_stride);
  if (!espalier_span_settle(facts, 0, input) || !espalier_span_settle(facts, 2, output)) return false;
  facts->items = espalier_gather_f32_outer(p).items;
  return true;
}
