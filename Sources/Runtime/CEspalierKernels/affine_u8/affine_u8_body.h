// y[i] = quantized(x[i] scaled and shifted, negative results once more): the definition, which every instruction
// set compiles with its own vectors.
#include "affine_u8.h"

typedef espalier_affine_u8_parameters affine_u8;

typedef struct affine_numbers {
  const float *scale, *offset, *slope;
} affine_numbers;

__attribute__((always_inline)) static inline void transform(
    const affine_u8 *p, const uint8_t *restrict x, int64_t x_stride, affine_numbers n, int64_t n_stride,
    uint8_t *restrict y, int64_t y_stride, int64_t count) {
  const float zero = p->zero, low = p->low, high = p->high;
  for (int64_t i = 0; i < count; i++) {
    const float t = fmaf((float)x[i * x_stride], n.scale[i * n_stride], n.offset[i * n_stride]);
    const float slope = t < 0 ? n.slope[i * n_stride] : 1.0f;
    y[i * y_stride] = espalier_quantized(fmaf(t, slope, zero), low, high);
  }
}

static inline void transform_row(
    const affine_u8 *p, const uint8_t *x, int64_t x_stride, affine_numbers n, int64_t n_stride, uint8_t *y,
    int64_t y_stride, int64_t count) {
  // Strides known to the compiler let it use vectors.
  if (x_stride == 1 && y_stride == 1 && n_stride == 1) transform(p, x, 1, n, 1, y, 1, count);
  else if (x_stride == 1 && y_stride == 1 && n_stride == 0) transform(p, x, 1, n, 0, y, 1, count);
  else transform(p, x, x_stride, n, n_stride, y, y_stride, count);
}

static inline void run(const espalier_call *call, uint32_t first, uint32_t end) {
  const affine_u8 *p = call->parameters;
  const espalier_loop loop = espalier_affine_u8_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      const float *numbers = (const float *)call->operands[1] + walk.offset[1] + r * walk.row_stride[1];
      transform_row(p, (const uint8_t *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0], walk.stride[0],
                    (affine_numbers){numbers, numbers + p->count, numbers + 2 * (int64_t)p->count}, walk.stride[1],
                    (uint8_t *)call->operands[2] + walk.offset[2] + r * walk.row_stride[2], walk.stride[2],
                    walk.count);
    }
}
