// y[i] = table[x[i]] for bytes.
#include "table_u8.h"

static inline void look_up(const uint8_t *table, const uint8_t *x, int64_t x_stride, uint8_t *y,
                           int64_t y_stride, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i * y_stride] = table[x[i * x_stride]];
}

static inline void run(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_table_u8_parameters *p = call->parameters;
  const espalier_loop loop = espalier_table_u8_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++)
      look_up(call->operands[1], (const uint8_t *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0],
              walk.stride[0], (uint8_t *)call->operands[2] + walk.offset[1] + r * walk.row_stride[1],
              walk.stride[1], walk.count);
}
