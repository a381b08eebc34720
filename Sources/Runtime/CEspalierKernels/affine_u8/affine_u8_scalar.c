// y[i] = quantized(x[i] scaled and shifted, negative results once more).
#include "affine_u8_body.h"

void espalier_affine_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run(call, first, end);
}
