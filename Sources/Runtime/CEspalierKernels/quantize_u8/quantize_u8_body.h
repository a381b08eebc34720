// y[i] = quantized(rint(x[i] / scale) + zero).
#include "quantize_u8.h"

static inline void quantize(const espalier_quantize_u8_parameters *p, const float *x, int64_t x_stride,
                            uint8_t *y, int64_t y_stride, int64_t count) {
  const float scale = p->scale, zero = p->zero, low = p->low, high = p->high;
  if (x_stride == 1 && y_stride == 1) {
    for (int64_t i = 0; i < count; i++) y[i] = espalier_quantized(rintf(x[i] / scale) + zero, low, high);
  } else {
    for (int64_t i = 0; i < count; i++)
      y[i * y_stride] = espalier_quantized(rintf(x[i * x_stride] / scale) + zero, low, high);
  }
}

static inline void run(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_quantize_u8_parameters *p = call->parameters;
  const espalier_loop loop = espalier_quantize_u8_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++)
      quantize(p, (const float *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0], walk.stride[0],
               (uint8_t *)call->operands[1] + walk.offset[1] + r * walk.row_stride[1], walk.stride[1],
               walk.count);
}
