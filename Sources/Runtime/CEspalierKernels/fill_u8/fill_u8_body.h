// y = value for every element of a view of bytes.
#include <string.h>

#include "fill_u8.h"

static inline void fill_row(uint8_t *y, int64_t stride, int64_t count, uint8_t value) {
  if (stride == 1) {
    memset(y, value, (size_t)count);
  } else {
    for (int64_t i = 0; i < count; i++) y[i * stride] = value;
  }
}

static inline void run(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_fill_u8_parameters *p = call->parameters;
  const espalier_loop loop = espalier_fill_u8_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++)
      fill_row((uint8_t *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0], walk.stride[0],
               walk.count, (uint8_t)p->value);
}
