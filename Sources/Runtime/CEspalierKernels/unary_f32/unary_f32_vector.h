// unary_f32 on vectors: VL elements a step, the last ones under a mask; other strides than 1 lane by lane.
// Included behind vector_<isa>.h, inside its target attribute.

typedef vec (*unary_function)(vec x, vec alpha, vec beta);

V void unary_row(unary_function f, int64_t count, const float *x, int64_t x_stride, float *y,
                 int64_t y_stride, vec alpha, vec beta) {
  int64_t i = 0;
  if (x_stride == 1 && y_stride == 1)
    for (; i + VL <= count; i += VL) v_store(y + i, f(v_load(x + i), alpha, beta));
  for (; i < count; i += VL) {
    const int64_t n = count - i < VL ? count - i : VL;
    const vec value = f(v_load_any(x + i * x_stride, x_stride, n), alpha, beta);
    v_store_any(y + i * y_stride, y_stride, n, value);
  }
}

V void unary_items(unary_function f, const espalier_call *call, uint32_t first, uint32_t end) {
  const espalier_unary_f32_parameters *p = call->parameters;
  const float *input = call->operands[0];
  float *output = call->operands[1];
  const vec alpha = v_set(p->alpha), beta = v_set(p->beta);
  const espalier_loop loop = espalier_unary_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++)
      unary_row(f, walk.count, input + walk.offset[0] + r * walk.row_stride[0], walk.stride[0],
                output + walk.offset[1] + r * walk.row_stride[1], walk.stride[1], alpha, beta);
}

static void unary(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const espalier_unary_f32_parameters *p = call->parameters;
  switch (p->function) {
#define CASE(name) \
  case espalier_function_##name: unary_items(f_##name, call, first, end); return;
    CASE(identity) CASE(relu) CASE(clip) CASE(leaky_relu) CASE(hard_sigmoid) CASE(hard_swish) CASE(sigmoid)
    CASE(silu) CASE(tanh) CASE(exp) CASE(log) CASE(sqrt) CASE(reciprocal) CASE(abs) CASE(neg) CASE(floor)
    CASE(ceil) CASE(round) CASE(truncate) CASE(elu) CASE(selu) CASE(celu) CASE(softplus) CASE(softsign)
    CASE(thresholded_relu) CASE(erf) CASE(gelu_erf) CASE(gelu_tanh) CASE(mish) CASE(not) CASE(bool)
    CASE(affine)
#undef CASE
    default: espalier_unary_f32_scalar(call, first, end, scratch);
  }
}
