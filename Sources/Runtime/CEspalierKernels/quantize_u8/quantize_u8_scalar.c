// y[i] = quantized(rint(x[i] / scale) + zero).
#include "quantize_u8_body.h"

void espalier_quantize_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}
