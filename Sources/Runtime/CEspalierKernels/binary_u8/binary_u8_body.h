// y[i] = quantized(a[i] combined with b[i]), then looked up where there is a table.
#include "binary_u8.h"

typedef espalier_binary_u8_parameters binary_u8;

__attribute__((always_inline)) static inline void add(const binary_u8 *p, const uint8_t *a, int64_t a_stride, const uint8_t *b,
                       int64_t b_stride, uint8_t *y, int64_t y_stride, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float t = fmaf((float)a[i * a_stride], p->a_scale, p->offset);
    y[i * y_stride] = espalier_quantized(fmaf((float)b[i * b_stride], p->b_scale, t), p->low, p->high);
  }
}

__attribute__((always_inline)) static inline void multiply_row(const binary_u8 *p, const uint8_t *a, int64_t a_stride, const uint8_t *b,
                                int64_t b_stride, uint8_t *y, int64_t y_stride, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const int32_t product = (a[i * a_stride] - p->a_zero) * (b[i * b_stride] - p->b_zero);
    y[i * y_stride] = espalier_quantized(fmaf((float)product, p->a_scale, p->offset), p->low, p->high);
  }
}

static inline void combine(const binary_u8 *p, const uint8_t *table, const uint8_t *a, int64_t a_stride,
                           const uint8_t *b, int64_t b_stride, uint8_t *y, int64_t y_stride, int64_t count) {
  const bool adds = p->operation == espalier_binary_u8_add;
  // Strides known to the compiler let it use vectors.
  if (a_stride == 1 && b_stride == 1 && y_stride == 1) {
    if (adds) add(p, a, 1, b, 1, y, 1, count);
    else multiply_row(p, a, 1, b, 1, y, 1, count);
  } else {
    if (adds) add(p, a, a_stride, b, b_stride, y, y_stride, count);
    else multiply_row(p, a, a_stride, b, b_stride, y, y_stride, count);
  }
  if (table)
    for (int64_t i = 0; i < count; i++) y[i * y_stride] = table[y[i * y_stride]];
}

static inline void run(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_binary_u8_parameters *p = call->parameters;
  const espalier_loop loop = espalier_binary_u8_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++)
      combine(p, call->operands[2],
              (const uint8_t *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0], walk.stride[0],
              (const uint8_t *)call->operands[1] + walk.offset[1] + r * walk.row_stride[1], walk.stride[1],
              (uint8_t *)call->operands[3] + walk.offset[2] + r * walk.row_stride[2], walk.stride[2],
              walk.count);
}
