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

// Rows of adjacent elements of y; a and b are adjacent or one element for the whole row.
typedef struct binary_plane {
  const float *a, *b;
  float *y;
  int64_t rows, count, a_row, b_row, y_row;
  int32_t function;
  float alpha, beta;
} binary_plane;

typedef void (*binary_rows)(binary_plane p);
typedef vec (*binary_operation)(vec a, vec b);

V vec binary_finish(binary_plane p, vec x) {
  if (p.function == espalier_function_identity) return x;
  if (p.function == espalier_function_relu) return v_max(v_zero(), x);
  return v_epilogue_call(p.function, x, v_set(p.alpha), v_set(p.beta));
}

// `a_step` and `b_step`: 1 for adjacent elements, 0 for one.
V void binary_plane_rows(binary_operation op, binary_plane p, int a_step, int b_step) {
  const int64_t whole = p.count / VL * VL;
  const vpart rest = v_part(p.count - whole);
  for (; p.rows > 0; p.rows--, p.a += p.a_row, p.b += p.b_row, p.y += p.y_row) {
    for (int64_t i = 0; i < whole; i += VL) {
      const vec x = op(v_load_step(p.a + i * a_step, a_step), v_load_step(p.b + i * b_step, b_step));
      v_store(p.y + i, binary_finish(p, x));
    }
    if (whole == p.count) continue;
    const vec x = op(v_load_step_part(p.a + whole * a_step, a_step, rest),
                     v_load_step_part(p.b + whole * b_step, b_step, rest));
    v_store_part(p.y + whole, rest, binary_finish(p, x));
  }
}

// The loop with the two commonest functions built in, and the others called.
V void binary_plane_with(binary_operation op, binary_plane p, int a_step, int b_step) {
  if (p.function == espalier_function_identity) {
    p.function = espalier_function_identity;  // a constant from here on
    binary_plane_rows(op, p, a_step, b_step);
  } else if (p.function == espalier_function_relu) {
    p.function = espalier_function_relu;
    binary_plane_rows(op, p, a_step, b_step);
  } else {
    binary_plane_rows(op, p, a_step, b_step);
  }
}

// For each operation: both sides adjacent, b one element, a one element.
#define COMMON(EACH) EACH(add) EACH(subtract) EACH(multiply) EACH(divide)
#define RARE(EACH)                                                                              \
  EACH(maximum) EACH(minimum) EACH(equal) EACH(less) EACH(less_or_equal) EACH(greater)          \
  EACH(greater_or_equal) EACH(and) EACH(or) EACH(xor) EACH(prelu) EACH(square)
#define COMMON_ROWS(name)                                                                      \
  static void rows_##name##_11(binary_plane p) { binary_plane_with(b_##name, p, 1, 1); }       \
  static void rows_##name##_10(binary_plane p) { binary_plane_with(b_##name, p, 1, 0); }       \
  static void rows_##name##_01(binary_plane p) { binary_plane_with(b_##name, p, 0, 1); }
#define RARE_ROWS(name)                                                                        \
  static void rows_##name##_11(binary_plane p) { binary_plane_rows(b_##name, p, 1, 1); }       \
  static void rows_##name##_10(binary_plane p) { binary_plane_rows(b_##name, p, 1, 0); }       \
  static void rows_##name##_01(binary_plane p) { binary_plane_rows(b_##name, p, 0, 1); }
COMMON(COMMON_ROWS)
RARE(RARE_ROWS)
#undef COMMON_ROWS
#undef RARE_ROWS

enum { espalier_binary_square = espalier_binary_count };  // a power of 2, behind the operations of a call

typedef struct binary_rows_set {
  binary_rows both, b_once, a_once;
} binary_rows_set;

static const binary_rows_set rows_of[espalier_binary_count + 1] = {
#define ENTRY(name) [espalier_binary_##name] = {rows_##name##_11, rows_##name##_10, rows_##name##_01},
    COMMON(ENTRY) RARE(ENTRY)
#undef ENTRY
};
#undef COMMON
#undef RARE

// Rows of elements any stride apart.
static void strided_rows(binary_rows rows, binary_plane p, const int64_t *stride) {
  float a[v_chunk], b[v_chunk];
  for (; p.rows > 0; p.rows--, p.a += p.a_row, p.b += p.b_row, p.y += p.y_row)
    for (int64_t i = 0; i < p.count; i += v_chunk) {
      const int64_t n = p.count - i < v_chunk ? p.count - i : v_chunk;
      v_bring(p.a + i * stride[0], stride[0], n, a);
      v_bring(p.b + i * stride[1], stride[1], n, b);
      rows((binary_plane){a, b, a, 1, n, 0, 0, 0, p.function, p.alpha, p.beta});
      v_spread(p.y + i * stride[2], stride[2], n, a);
    }
}

// Rows shorter than a vector, as the channels of a picture in planes, are taken across.
static void walk_apart(binary_rows rows, binary_plane p, const int64_t *stride) {
  if (p.count >= VL || p.rows <= p.count) {
    strided_rows(rows, p, stride);
    return;
  }
  const int64_t across[3] = {p.a_row, p.b_row, p.y_row};
  strided_rows(rows,
               (binary_plane){p.a, p.b, p.y, p.count, p.rows, stride[0], stride[1], stride[2], p.function,
                              p.alpha, p.beta},
               across);
}

static void walk_plane(const binary_rows_set *set, binary_plane plane, const int64_t *stride) {
  if (stride[2] == 1 && stride[0] == 1 && stride[1] == 1) set->both(plane);
  else if (stride[2] == 1 && stride[0] == 1 && stride[1] == 0) set->b_once(plane);
  else if (stride[2] == 1 && stride[0] == 0 && stride[1] == 1) set->a_once(plane);
  else walk_apart(set->both, plane, stride);
}

// Whether the call raises to a power, and every exponent is 2: the one power that is common.
static bool squares(const espalier_call *call) {
  const espalier_binary_f32_parameters *p = call->parameters;
  if (p->operation != espalier_binary_power) return false;
  for (int i = 0; i < 6; i++)
    if (p->extent[i] > 1 && p->b_stride[i] != 0) return false;
  return ((const float *)call->operands[1])[p->b_base] == 2;
}

static void binary(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const espalier_binary_f32_parameters *p = call->parameters;
  if (first == end) return;
  const binary_rows_set *set = &rows_of[squares(call) ? (int32_t)espalier_binary_square : p->operation];
  if (set->both == NULL) {
    espalier_binary_f32_scalar(call, first, end, scratch);
    return;
  }
  const float *a = call->operands[0], *b = call->operands[1];
  float *y = call->operands[2];
  const espalier_loop loop = espalier_binary_f32_loop(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &loop)) {
    const int64_t *row = walk.row_stride;
    const binary_plane plane = {a + walk.offset[0], b + walk.offset[1], y + walk.offset[2], walk.rows,
                                walk.count,         row[0],             row[1],             row[2],
                                p->function,        p->alpha,           p->beta};
    walk_plane(set, plane, walk.stride);
  }
}
