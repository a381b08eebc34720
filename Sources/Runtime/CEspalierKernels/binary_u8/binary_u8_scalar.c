// y[i] = quantized(a[i] combined with b[i]), then looked up where there is a table.
#include "binary_u8_body.h"

void espalier_binary_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}
