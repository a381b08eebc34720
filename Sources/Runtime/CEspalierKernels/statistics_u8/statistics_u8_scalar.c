// Statistics of bytes: the definition.
#include "statistics_u8_body.h"

void espalier_statistics_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run(call, first, end);
}
