// Proves a fill_u8 call. Operands: 0 output.
#include "fill_u8.h"

bool espalier_fill_u8_check(espalier_call_facts *facts) {
  const espalier_fill_u8_parameters *p = facts->parameters;
  uint64_t count = 1;
  if (!espalier_between(p->value, 0, 255)) return false;
  if (!espalier_count(&count, 6, p->extent)) return false;
  if (count == 0) return true;
  if (!espalier_writes_apart(6, p->extent, p->stride)) return false;
  if (!espalier_byte_view_settle(facts, 0, 6, p->extent, p->stride, p->base)) return false;
  facts->items = espalier_fill_u8_loop(p).items;
  return true;
}
