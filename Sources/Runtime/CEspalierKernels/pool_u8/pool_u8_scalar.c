// The definition of pool_u8.
#include "pool_u8_body.h"

void espalier_pool_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}
