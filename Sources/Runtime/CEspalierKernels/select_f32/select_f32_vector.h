// select_f32 on vectors: VL elements a step, the last ones under a mask; other strides than 1 and 0 lane by
// lane. Included behind vector_<isa>.h, inside its target attribute.

V vec select_step(const float *c, const float *a, const float *b, const int64_t *stride, int64_t n) {
  const vmask chosen = v_ne(v_load_any(c, stride[0], n), v_zero());
  return v_select(chosen, v_load_any(a, stride[1], n), v_load_any(b, stride[2], n));
}

static void select_items(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_select_f32_parameters *p = call->parameters;
  const float *condition = call->operands[0], *left = call->operands[1], *right = call->operands[2];
  float *output = call->operands[3];
  const espalier_loop loop = espalier_select_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      const float *c = condition + walk.offset[0] + r * walk.row_stride[0];
      const float *a = left + walk.offset[1] + r * walk.row_stride[1];
      const float *b = right + walk.offset[2] + r * walk.row_stride[2];
      float *y = output + walk.offset[3] + r * walk.row_stride[3];
      const int64_t *stride = walk.stride;
      for (int64_t i = 0; i < walk.count; i += VL) {
        const int64_t n = walk.count - i < VL ? walk.count - i : VL;
        const vec x = select_step(c + i * stride[0], a + i * stride[1], b + i * stride[2], stride, n);
        v_store_any(y + i * stride[3], stride[3], n, x);
      }
    }
}
