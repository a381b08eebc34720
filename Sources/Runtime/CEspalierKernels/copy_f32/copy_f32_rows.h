// Rows of a copy on vectors: adjacent elements at once, other strides lane by lane.
// Included behind vector_<isa>.h, inside its target attribute.

V void copy_row(const float *x, int64_t x_stride, float *y, int64_t y_stride, int64_t count) {
  if (x_stride == 1 && y_stride == 1 && count >= 64) {
    __builtin_memcpy(y, x, (size_t)count * 4);
  } else if (y_stride == 1 && (x_stride == 1 || x_stride == 0)) {
    for (int64_t i = 0; i < count; i += VL) {
      const int64_t n = count - i < VL ? count - i : VL;
      v_store_any(y + i, 1, n, v_load_any(x + i * x_stride, x_stride, n));
    }
  } else {
    for (int64_t i = 0; i < count; i++) y[i * y_stride] = x[i * x_stride];
  }
}

static void copy_rows(const espalier_copy_plan *plan, const espalier_call *call, uint32_t first,
                      uint32_t end) {
  const float *input = call->operands[0];
  float *output = call->operands[1];
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &plan->loop))
    for (int64_t r = 0; r < walk.rows; r++)
      copy_row(input + walk.offset[0] + r * walk.row_stride[0], walk.stride[0],
               output + walk.offset[1] + r * walk.row_stride[1], walk.stride[1], walk.count);
}
