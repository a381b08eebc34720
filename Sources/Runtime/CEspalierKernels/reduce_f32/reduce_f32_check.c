// Proves a reduce_f32 call. Operands: 0 input, 1 output. Without reduced elements nothing is read.
#include "reduce_f32.h"

bool espalier_reduce_f32_check(espalier_call_facts *facts) {
  const espalier_reduce_f32_parameters *p = facts->parameters;
  uint64_t kept = 1, reduced = 1;
  if (!espalier_between(p->reduction, 0, espalier_reduction_count - 1)) return false;
  if (!espalier_count(&kept, 6, p->kept) || !espalier_count(&reduced, 6, p->reduced)) return false;
  if (!espalier_work_ok(kept, reduced)) return false;
  if (kept == 0) return true;
  if (!espalier_writes_apart(6, p->kept, p->kept_output_stride)) return false;
  if (!espalier_view_settle(facts, 1, 6, p->kept, p->kept_output_stride, p->output_base)) return false;
  if (reduced != 0) {
    espalier_span span = espalier_span_at(p->input_base);
    espalier_span_extend(&span, 6, p->kept, p->kept_input_stride);
    espalier_span_extend(&span, 6, p->reduced, p->reduced_stride);
    if (!espalier_span_settle(facts, 0, span)) return false;
  }
  facts->items = espalier_reduce_f32_outer(p).items;
  return true;
}
