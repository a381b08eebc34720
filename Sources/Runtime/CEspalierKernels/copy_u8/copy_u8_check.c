// Proves a copy_u8 call. Operands: 0 input, 1 output.
#include "copy_u8.h"

bool espalier_copy_u8_check(espalier_call_facts *facts) {
  const espalier_copy_u8_parameters *p = facts->parameters;
  uint64_t count = 1;
  if (!espalier_count(&count, 6, p->extent)) return false;
  if (count == 0) return true;
  if (!espalier_writes_apart(6, p->extent, p->output_stride)) return false;
  if (!espalier_byte_view_settle(facts, 0, 6, p->extent, p->input_stride, p->input_base)) return false;
  if (!espalier_byte_view_settle(facts, 1, 6, p->extent, p->output_stride, p->output_base)) return false;
  facts->items = espalier_copy_u8_loop(p).items;
  return true;
}
