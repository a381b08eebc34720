// Proves a binary_f32 call. Operands: 0 a, 1 b, 2 output.
#include "binary_f32.h"

bool espalier_binary_f32_check(espalier_call_facts *facts) {
  const espalier_binary_f32_parameters *p = facts->parameters;
  uint64_t count = 1;
  if (!espalier_between(p->operation, 0, espalier_binary_count - 1)) return false;
  if (!espalier_between(p->function, 0, espalier_function_tanh)) return false;
  if (!espalier_count(&count, 6, p->extent)) return false;
  if (count == 0) return true;
  if (!espalier_writes_apart(6, p->extent, p->output_stride)) return false;
  if (!espalier_view_settle(facts, 0, 6, p->extent, p->a_stride, p->a_base)) return false;
  if (!espalier_view_settle(facts, 1, 6, p->extent, p->b_stride, p->b_base)) return false;
  if (!espalier_view_settle(facts, 2, 6, p->extent, p->output_stride, p->output_base)) return false;
  facts->items = espalier_binary_f32_loop(p).items;
  return true;
}
