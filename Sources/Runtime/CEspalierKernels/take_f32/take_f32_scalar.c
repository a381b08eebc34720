// y[i] = x[i, index[i]], negative indices counted from the end of the axis; 0 where there is none of that number.
#include "take_f32.h"

// The place of an index along the axis; -1 where it is outside or no number.
static int64_t place(const espalier_take_f32_parameters *p, float index) {
  const float extent = (float)p->axis;
  if (!(index >= -extent && index < extent)) return -1;
  const int64_t whole = (int64_t)index;
  return whole < 0 ? whole + p->axis : whole;
}

// A row that one index is for.
static void take_row(const float *x, int64_t from, float *y, int64_t to, int64_t count) {
  if (x == NULL)
    for (int64_t i = 0; i < count; i++) y[i * to] = 0;
  else if (from == 1 && to == 1)
    for (int64_t i = 0; i < count; i++) y[i] = x[i];
  else
    for (int64_t i = 0; i < count; i++) y[i * to] = x[i * from];
}

void espalier_take_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  if (first == end) return;
  const espalier_take_f32_parameters *p = call->parameters;
  const espalier_loop loop = espalier_take_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      const float *x = (const float *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0];
      const float *index = (const float *)call->operands[1] + walk.offset[1] + r * walk.row_stride[1];
      float *y = (float *)call->operands[2] + walk.offset[2] + r * walk.row_stride[2];
      const int64_t from = walk.stride[0], step = walk.stride[1], to = walk.stride[2];
      // Rows of one index are taken whole, others element by element.
      const int64_t run = step == 0 ? walk.count : 1;
      for (int64_t i = 0; i < walk.count; i += run) {
        const int64_t at = place(p, index[i * step]);
        take_row(at < 0 ? NULL : x + i * from + at * p->axis_stride, from, y + i * to, to, run);
      }
    }
}
