// fill_f32 on vectors: VL elements a step, the last ones under a mask; other strides than 1 lane by lane.
// Included behind vector_<isa>.h, inside its target attribute.

static void fill(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_fill_f32_parameters *p = call->parameters;
  float *output = call->operands[0];
  const vec value = v_set(p->value);
  const espalier_loop loop = espalier_fill_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop)) {
    const int64_t stride = walk.stride[0];
    for (int64_t r = 0; r < walk.rows; r++) {
      float *y = output + walk.offset[0] + r * walk.row_stride[0];
      for (int64_t i = 0; i < walk.count; i += VL)
        v_store_any(y + i * stride, stride, walk.count - i < VL ? walk.count - i : VL, value);
    }
  }
}
