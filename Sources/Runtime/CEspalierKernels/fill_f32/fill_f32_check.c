// Proves a fill_f32 call. Operand: 0 output.
#include "fill_f32.h"

bool espalier_fill_f32_check(espalier_call_facts *facts) {
  const espalier_fill_f32_parameters *p = facts->parameters;
  uint64_t count = 1;
  if (!espalier_count(&count, 6, p->extent)) return false;
  if (count == 0) return true;
  if (!espalier_writes_apart(6, p->extent, p->stride)) return false;
  if (!espalier_view_settle(facts, 0, 6, p->extent, p->stride, p->base)) return false;
  facts->items = espalier_fill_f32_loop(p).items;
  return true;
}
