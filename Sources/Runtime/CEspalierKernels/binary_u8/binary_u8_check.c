// Proves a binary_u8 call. Operands: 0 a, 1 b, 2 table (optional), 3 output.
#include "binary_u8.h"

bool espalier_binary_u8_check(espalier_call_facts *facts) {
  const espalier_binary_u8_parameters *p = facts->parameters;
  uint64_t count = 1;
  if (!espalier_between(p->operation, espalier_binary_u8_add, espalier_binary_u8_multiply)) return false;
  if (!espalier_between(p->a_zero, 0, 255) || !espalier_between(p->b_zero, 0, 255)) return false;
  if (!espalier_byte_range_ok(p->low, p->high)) return false;
  if (!espalier_count(&count, 6, p->extent)) return false;
  if (count == 0) return true;
  if (!espalier_writes_apart(6, p->extent, p->output_stride)) return false;
  if (!espalier_byte_view_settle(facts, 0, 6, p->extent, p->a_stride, p->a_base)) return false;
  if (!espalier_byte_view_settle(facts, 1, 6, p->extent, p->b_stride, p->b_base)) return false;
  if (!espalier_byte_view_settle(facts, 3, 6, p->extent, p->output_stride, p->output_base)) return false;
  if (facts->operand_bytes[2] && !espalier_byte_array_settle(facts, 2, 256)) return false;
  facts->items = espalier_binary_u8_loop(p).items;
  return true;
}
