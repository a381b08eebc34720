// y = value for every element of a view of bytes.
#include "fill_u8_body.h"

void espalier_fill_u8_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}
