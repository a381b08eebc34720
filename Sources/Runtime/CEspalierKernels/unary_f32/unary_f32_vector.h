// unary_f32 on vectors: VL elements a step, the last ones under a mask; elements any other stride apart are
// brought together first. Included behind vector_<isa>.h, inside its target attribute.

// Rows of adjacent elements.
typedef struct unary_plane {
  const float *x;
  float *y;
  int64_t rows, count, x_row, y_row;
  float alpha, beta;
} unary_plane;

typedef void (*unary_rows)(unary_plane p);

#define FUNCTIONS(EACH)                                                                                     \
  EACH(identity) EACH(relu) EACH(clip) EACH(leaky_relu) EACH(hard_sigmoid) EACH(hard_swish) EACH(sigmoid)   \
  EACH(silu) EACH(tanh) EACH(exp) EACH(log) EACH(sqrt) EACH(reciprocal) EACH(abs) EACH(neg) EACH(floor)     \
  EACH(ceil) EACH(round) EACH(truncate) EACH(elu) EACH(selu) EACH(celu) EACH(softplus) EACH(softsign)       \
  EACH(thresholded_relu) EACH(erf) EACH(gelu_erf) EACH(gelu_tanh) EACH(mish) EACH(not) EACH(bool)           \
  EACH(affine)

#define ROWS(name)                                                                         \
  static void rows_##name(unary_plane p) {                                                 \
    const vec alpha = v_set(p.alpha), beta = v_set(p.beta);                                \
    const int64_t whole = p.count / VL * VL;                                               \
    const vpart rest = v_part(p.count - whole);                                            \
    for (; p.rows > 0; p.rows--, p.x += p.x_row, p.y += p.y_row) {                         \
      for (int64_t i = 0; i < whole; i += VL)                                              \
        v_store(p.y + i, f_##name(v_load(p.x + i), alpha, beta));                          \
      if (whole == p.count) continue;                                                      \
      v_store_part(p.y + whole, rest, f_##name(v_load_part(p.x + whole, rest), alpha, beta)); \
    }                                                                                      \
  }
FUNCTIONS(ROWS)
#undef ROWS

static const unary_rows rows_of[espalier_function_count] = {
#define ENTRY(name) [espalier_function_##name] = rows_##name,
    FUNCTIONS(ENTRY)
#undef ENTRY
};
#undef FUNCTIONS

// Rows of elements any stride apart.
static void strided_rows(unary_rows rows, unary_plane p, const int64_t *stride) {
  float chunk[v_chunk];
  for (; p.rows > 0; p.rows--, p.x += p.x_row, p.y += p.y_row)
    for (int64_t i = 0; i < p.count; i += v_chunk) {
      const int64_t n = p.count - i < v_chunk ? p.count - i : v_chunk;
      v_bring(p.x + i * stride[0], stride[0], n, chunk);
      rows((unary_plane){chunk, chunk, 1, n, 0, 0, p.alpha, p.beta});
      v_spread(p.y + i * stride[1], stride[1], n, chunk);
    }
}

static void unary(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const espalier_unary_f32_parameters *p = call->parameters;
  const unary_rows rows = rows_of[p->function];
  if (rows == NULL) {
    espalier_unary_f32_scalar(call, first, end, scratch);
    return;
  }
  const float *input = call->operands[0];
  float *output = call->operands[1];
  const espalier_loop loop = espalier_unary_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop)) {
    const unary_plane plane = {
        input + walk.offset[0], output + walk.offset[1], walk.rows, walk.count,
        walk.row_stride[0],     walk.row_stride[1],      p->alpha,  p->beta};
    if (walk.stride[0] == 1 && walk.stride[1] == 1) rows(plane);
    else strided_rows(rows, plane, walk.stride);
  }
}
