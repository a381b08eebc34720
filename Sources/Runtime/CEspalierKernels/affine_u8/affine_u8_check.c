// Proves an affine_u8 call. Operands: 0 input, 1 numbers, 2 output.
#include "affine_u8.h"

bool espalier_affine_u8_check(espalier_call_facts *facts) {
  const espalier_affine_u8_parameters *p = facts->parameters;
  uint64_t count = 1;
  if (!espalier_byte_range_ok(p->low, p->high)) return false;
  if (!espalier_count(&count, 6, p->extent)) return false;
  if (count == 0) return true;
  if (!espalier_between(p->count, 1, espalier_axis_limit)) return false;
  if (!espalier_writes_apart(6, p->extent, p->output_stride)) return false;
  if (!espalier_byte_view_settle(facts, 0, 6, p->extent, p->input_stride, p->input_base)) return false;
  // The third plane of numbers bounds the two before it: its view begins at 2 * count, and none reaches below 0.
  if (!espalier_view_settle(facts, 1, 6, p->extent, p->number_stride, 0)) return false;
  if (!espalier_view_settle(facts, 1, 6, p->extent, p->number_stride, 2 * (int64_t)p->count)) return false;
  if (!espalier_byte_view_settle(facts, 2, 6, p->extent, p->output_stride, p->output_base)) return false;
  facts->items = espalier_affine_u8_loop(p).items;
  return true;
}
