// y[i] = table[x[i]] for bytes, VB a step. The including file gives the vectors and b_look_up.
#include "table_u8_body.h"

static inline void look_up_vectors(const uint8_t *table, const uint8_t *x, uint8_t *y, int64_t count) {
  int64_t i = 0;
  for (; i + VB <= count; i += VB) b_store(y + i, b_look_up(table, b_load(x + i)));
  if (i < count) b_store_part(y + i, count - i, b_look_up(table, b_load_part(x + i, count - i)));
}

static inline void run_vectors(const espalier_call *call, uint32_t first, uint32_t end) {
  const espalier_table_u8_parameters *p = call->parameters;
  const espalier_loop loop = espalier_table_u8_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      const uint8_t *x = (const uint8_t *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0];
      uint8_t *y = (uint8_t *)call->operands[2] + walk.offset[1] + r * walk.row_stride[1];
      if (walk.stride[0] == 1 && walk.stride[1] == 1) look_up_vectors(call->operands[1], x, y, walk.count);
      else look_up(call->operands[1], x, walk.stride[0], y, walk.stride[1], walk.count);
    }
}
