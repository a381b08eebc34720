// y[i] = table[x[i]] for bytes.
#include "table_u8_body.h"

void espalier_table_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}
