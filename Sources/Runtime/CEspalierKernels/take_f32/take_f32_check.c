// Proves a take_f32 call. Operands: 0 input, 1 indices, 2 output. Whatever the indices are, the kernel keeps to the
// axis.
#include "take_f32.h"

bool espalier_take_f32_check(espalier_call_facts *facts) {
  const espalier_take_f32_parameters *p = facts->parameters;
  uint64_t count = 1, axis = 1;
  if (!espalier_count(&count, 6, p->extent) || !espalier_count(&axis, 1, &p->axis)) return false;
  if (count == 0) return true;
  if (axis == 0 || !espalier_writes_apart(6, p->extent, p->output_stride)) return false;
  espalier_span input = espalier_span_at(p->input_base);
  espalier_span_extend(&input, 6, p->extent, p->input_stride);
  espalier_span_extend(&input, 1, &p->axis, &p->axis_stride);
  if (!espalier_span_settle(facts, 0, input) ||
      !espalier_view_settle(facts, 1, 6, p->extent, p->index_stride, p->index_base) ||
      !espalier_view_settle(facts, 2, 6, p->extent, p->output_stride, p->output_base))
    return false;
  facts->items = espalier_take_f32_loop(p).items;
  return true;
}
