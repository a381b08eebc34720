// y[i] = quantized(a[i] combined with b[i]), then looked up where there is a table: VB bytes a step.
//
// The including file gives the vectors. Rows with other strides than 0 and 1 take the definition.
#include "binary_u8_body.h"

// VB bytes, or the first `n` of them where n is not 0; one byte everywhere where the stride is 0.
B bvec operand(const uint8_t *x, int64_t stride, int64_t n) {
  if (stride == 0) return b_set(*x);
  return n ? b_load_part(x, n) : b_load(x);
}

B bvec combined(const binary_u8 *p, const uint8_t *table, bvec a, bvec b) {
  wide_floats t;
  if (p->operation == espalier_binary_u8_add) {
    t = b_fma(b_floats(b), p->b_scale, b_fma(b_floats(a), p->a_scale, b_set_floats(p->offset)));
  } else {  // differences and their product are whole numbers that float32 holds exactly
    const wide_floats product =
        b_times(b_minus(b_floats(a), (float)p->a_zero), b_minus(b_floats(b), (float)p->b_zero));
    t = b_fma(product, p->a_scale, b_set_floats(p->offset));
  }
  const bvec y = b_quantized(t, p->low, p->high);
  return table ? b_look_up(table, y) : y;
}

static inline void combine_vectors(const binary_u8 *p, const uint8_t *table, const uint8_t *a, int64_t a_stride,
                                   const uint8_t *b, int64_t b_stride, uint8_t *y, int64_t count) {
  int64_t i = 0;
  for (; i + VB <= count; i += VB)
    b_store(y + i, combined(p, table, operand(a + i * a_stride, a_stride, 0),
                            operand(b + i * b_stride, b_stride, 0)));
  const int64_t left = count - i;
  if (left)
    b_store_part(y + i, left, combined(p, table, operand(a + i * a_stride, a_stride, left),
                                       operand(b + i * b_stride, b_stride, left)));
}

static inline void run_vectors(const espalier_call *call, uint32_t first, uint32_t end) {
  const binary_u8 *p = call->parameters;
  const espalier_loop loop = espalier_binary_u8_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop)) {
    const int64_t *stride = walk.stride;
    const bool fits = stride[0] >> 1 == 0 && stride[1] >> 1 == 0 && stride[2] == 1;
    for (int64_t r = 0; r < walk.rows; r++) {
      const uint8_t *a = (const uint8_t *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0];
      const uint8_t *b = (const uint8_t *)call->operands[1] + walk.offset[1] + r * walk.row_stride[1];
      uint8_t *y = (uint8_t *)call->operands[3] + walk.offset[2] + r * walk.row_stride[2];
      if (fits) combine_vectors(p, call->operands[2], a, stride[0], b, stride[1], y, walk.count);
      else combine(p, call->operands[2], a, stride[0], b, stride[1], y, stride[2], walk.count);
    }
  }
}
