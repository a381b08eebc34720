// Proves a statistics_f32 call. Operands: 0 input, 1 output. Of an empty view nothing is read.
#include "statistics_f32.h"

bool espalier_statistics_f32_check(espalier_call_facts *facts) {
  const espalier_statistics_f32_parameters *p = facts->parameters;
  uint64_t count = 1;
  if (!espalier_count(&count, 6, p->extent)) return false;
  if (count != 0 && !espalier_view_settle(facts, 0, 6, p->extent, p->input_stride, p->input_base))
    return false;
  if (!espalier_array_settle(facts, 1, sizeof(espalier_statistics) / 4)) return false;
  facts->items = 1;
  return true;
}
