// binary_f32 on vectors: VL elements a step, the last ones under a mask; strides of 1 and 0 directly,
// others lane by lane. Included behind vector_<isa>.h, inside its target attribute.

#define B V vec
B b_add(vec a, vec b) { return v_add(a, b); }
B b_subtract(vec a, vec b) { return v_sub(a, b); }
B b_multiply(vec a, vec b) { return v_mul(a, b); }
B b_divide(vec a, vec b) { return v_div(a, b); }
// v_max gives b where either is NaN; a NaN in a must win as well.
B b_maximum(vec a, vec b) { return v_select(v_ne(a, a), a, v_max(a, b)); }
B b_minimum(vec a, vec b) { return v_select(v_ne(a, a), a, v_min(a, b)); }
B b_equal(vec a, vec b) { return v_truth(v_eq(a, b)); }
B b_less(vec a, vec b) { return v_truth(v_lt(a, b)); }
B b_less_or_equal(vec a, vec b) { return v_truth(v_le(a, b)); }
B b_greater(vec a, vec b) { return v_truth(v_lt(b, a)); }
B b_greater_or_equal(vec a, vec b) { return v_truth(v_le(b, a)); }
B b_and(vec a, vec b) { return v_truth(v_both(v_ne(a, v_zero()), v_ne(b, v_zero()))); }
B b_or(vec a, vec b) { return v_truth(v_either(v_ne(a, v_zero()), v_ne(b, v_zero()))); }
B b_xor(vec a, vec b) { return v_truth(v_differ(v_ne(a, v_zero()), v_ne(b, v_zero()))); }
B b_prelu(vec a, vec b) { return v_select(v_lt(a, v_zero()), v_mul(a, b), a); }
B b_square(vec a, vec b) { return (void)b, v_mul(a, a); }
#undef B

typedef vec (*binary_operation)(vec a, vec b);

// One row of a plane.
typedef struct binary_row {
  const float *a, *b;
  float *y;
  int64_t count;
} binary_row;

V void binary_steps(binary_operation op, int32_t function, binary_row row, const int64_t *stride, vec alpha,
                    vec beta) {
  int64_t i = 0;
  if (stride[0] == 1 && stride[1] == 1 && stride[2] == 1) {
    for (; i + VL <= row.count; i += VL)
      v_store(row.y + i, v_epilogue(function, op(v_load(row.a + i), v_load(row.b + i)), alpha, beta));
  } else if (stride[0] == 1 && stride[1] == 0 && stride[2] == 1) {
    const vec b = v_set(*row.b);
    for (; i + VL <= row.count; i += VL)
      v_store(row.y + i, v_epilogue(function, op(v_load(row.a + i), b), alpha, beta));
  } else if (stride[0] == 0 && stride[1] == 1 && stride[2] == 1) {
    const vec a = v_set(*row.a);
    for (; i + VL <= row.count; i += VL)
      v_store(row.y + i, v_epilogue(function, op(a, v_load(row.b + i)), alpha, beta));
  }
  for (; i < row.count; i += VL) {
    const int64_t n = row.count - i < VL ? row.count - i : VL;
    const vec a = v_load_any(row.a + i * stride[0], stride[0], n);
    const vec b = v_load_any(row.b + i * stride[1], stride[1], n);
    v_store_any(row.y + i * stride[2], stride[2], n, v_epilogue(function, op(a, b), alpha, beta));
  }
}

V void binary_items(binary_operation op, int32_t function, const espalier_call *call, uint32_t first,
                    uint32_t end) {
  const espalier_binary_f32_parameters *p = call->parameters;
  const float *a = call->operands[0], *b = call->operands[1];
  float *y = call->operands[2];
  const vec alpha = v_set(p->alpha), beta = v_set(p->beta);
  const espalier_loop loop = espalier_binary_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++) {
      const binary_row row = {a + walk.offset[0] + r * walk.row_stride[0],
                              b + walk.offset[1] + r * walk.row_stride[1],
                              y + walk.offset[2] + r * walk.row_stride[2], walk.count};
      binary_steps(op, function, row, walk.stride, alpha, beta);
    }
}

// The loop with the two commonest functions built in, and the others chosen step by step.
V void binary_with(binary_operation op, const espalier_call *call, uint32_t first, uint32_t end) {
  const espalier_binary_f32_parameters *p = call->parameters;
  if (p->function == espalier_function_identity)
    binary_items(op, espalier_function_identity, call, first, end);
  else if (p->function == espalier_function_relu)
    binary_items(op, espalier_function_relu, call, first, end);
  else binary_items(op, p->function, call, first, end);
}

// Whether every b of the call is 2: the one power that is common.
static bool squares(const espalier_call *call) {
  const espalier_binary_f32_parameters *p = call->parameters;
  for (int i = 0; i < 6; i++)
    if (p->extent[i] > 1 && p->b_stride[i] != 0) return false;
  return ((const float *)call->operands[1])[p->b_base] == 2;
}

static void binary(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const espalier_binary_f32_parameters *p = call->parameters;
  if (first == end) return;
  switch (p->operation) {
#define HOT(name) \
  case espalier_binary_##name: binary_with(b_##name, call, first, end); return;
#define COOL(name) \
  case espalier_binary_##name: binary_items(b_##name, p->function, call, first, end); return;
    HOT(add) HOT(subtract) HOT(multiply) HOT(divide) COOL(maximum) COOL(minimum) COOL(equal) COOL(less)
    COOL(less_or_equal) COOL(greater) COOL(greater_or_equal) COOL(and) COOL(or) COOL(xor) COOL(prelu)
#undef HOT
#undef COOL
    case espalier_binary_power:
      if (squares(call)) {
        binary_items(b_square, p->function, call, first, end);
        return;
      }
      espalier_binary_f32_scalar(call, first, end, scratch);
      return;
    default: espalier_binary_f32_scalar(call, first, end, scratch);
  }
}
