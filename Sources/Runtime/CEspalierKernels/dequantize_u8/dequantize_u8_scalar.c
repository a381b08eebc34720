// y[i] = table[x[i]], from bytes to float32.
#include "dequantize_u8_body.h"

void espalier_dequantize_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}
