// y[i] = x[i] for bytes, in any order of strides.
#include "copy_u8_body.h"

void espalier_copy_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}
