// Statistics of float32: the definition.
#include "statistics_f32_body.h"

void espalier_statistics_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run(call, first, end);
}
