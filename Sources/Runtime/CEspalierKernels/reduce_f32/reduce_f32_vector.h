// reduce_f32 on vectors: along the reduced axes where these are adjacent elements, or for VL adjacent kept
// elements at once. Sums are made of partial sums of few terms each. What fits neither, and the logarithm of
// a sum of exponentials, is left to the scalar kernel. Reads and writes exactly the views' elements.
// Included behind vector_<isa>.h, inside its target attribute.

#define UNROLL _Pragma("clang loop unroll(full)")

enum { reduce_chunk = 64 };  // vectors that one partial sum is made of

typedef enum reduce_kind {
  reduce_sum,
  reduce_magnitudes,
  reduce_squares,
  reduce_product,
  reduce_max,
  reduce_min
} reduce_kind;

V vec reduce_start(reduce_kind kind) {
  switch (kind) {
    case reduce_product: return v_set(1);
    case reduce_max: return v_set(-__builtin_inff());
    case reduce_min: return v_set(__builtin_inff());
    default: return v_zero();
  }
}

// Two results of parts as one; NaN stays NaN.
V vec reduce_join(reduce_kind kind, vec a, vec b) {
  switch (kind) {
    case reduce_product: return v_mul(a, b);
    case reduce_max: return v_select(v_ne(a, a), a, v_max(a, b));
    case reduce_min: return v_select(v_ne(a, a), a, v_min(a, b));
    default: return v_add(a, b);
  }
}

V vec reduce_take(reduce_kind kind, vec sum, vec x) {
  switch (kind) {
    case reduce_magnitudes: return v_add(sum, v_abs(x));
    case reduce_squares: return v_fma(x, x, sum);
    default: return reduce_join(kind, sum, x);
  }
}

V float reduce_lanes(reduce_kind kind, vec x) {
  if (kind < reduce_product) return v_sum(x);
  if (kind != reduce_product) {
    if (v_any(v_ne(x, x))) return __builtin_nanf("");
    return kind == reduce_max ? v_greatest(x) : -v_greatest(v_neg(x));
  }
  float lanes[VL] __attribute__((aligned(64))), result = 1;
  v_store(lanes, x);
  for (int i = 0; i < VL; i++) result *= lanes[i];
  return result;
}

// --- Along adjacent elements ----------------------------------------------------------------------------

// One row of adjacent elements, joined to `total`.
V vec reduce_run(reduce_kind kind, const float *x, int64_t count, vec total) {
  while (count >= 4 * VL) {
    vec sum[4];
    UNROLL for (int v = 0; v < 4; v++) sum[v] = reduce_start(kind);
    for (int step = 0; step < reduce_chunk && count >= 4 * VL; step++, count -= 4 * VL, x += 4 * VL)
      UNROLL for (int v = 0; v < 4; v++) sum[v] = reduce_take(kind, sum[v], v_load(x + v * VL));
    const vec low = reduce_join(kind, sum[0], sum[1]), high = reduce_join(kind, sum[2], sum[3]);
    total = reduce_join(kind, total, reduce_join(kind, low, high));
  }
  for (; count >= VL; count -= VL, x += VL) total = reduce_take(kind, total, v_load(x));
  if (count == 0) return total;
  const vpart part = v_part(count);
  return v_select_part(part, reduce_take(kind, total, v_load_part(x, part)), total);
}

V float reduce_adjacent(reduce_kind kind, const float *x, const espalier_planes *planes) {
  vec total = reduce_start(kind);
  espalier_walk walk = planes->first;
  do {
    vec sum = reduce_start(kind);
    const float *row = x + walk.offset[0];
    for (int64_t r = 0; r < walk.rows; r++, row += walk.row_stride[0]) {
      sum = reduce_run(kind, row, walk.count, sum);
      if (r % reduce_chunk != reduce_chunk - 1) continue;
      total = reduce_join(kind, total, sum);
      sum = reduce_start(kind);
    }
    total = reduce_join(kind, total, sum);
  } while (espalier_planes_next(planes, &walk));
  return reduce_lanes(kind, total);
}

// --- For adjacent kept elements -------------------------------------------------------------------------

// `vectors` vectors of kept elements from x on, the last in part unless `whole`.
V void reduce_across(reduce_kind kind, const float *x, const espalier_planes *planes, vec *total, int vectors,
                     bool whole, vpart part) {
  UNROLL for (int v = 0; v < vectors; v++) total[v] = reduce_start(kind);
  espalier_walk walk = planes->first;
  do {
    for (int64_t r = 0; r < walk.rows; r++) {
      const float *p = x + walk.offset[0] + r * walk.row_stride[0];
      for (int64_t left = walk.count; left > 0; left -= reduce_chunk) {
        vec sum[4];
        UNROLL for (int v = 0; v < vectors; v++) sum[v] = reduce_start(kind);
        for (int64_t i = 0; i < reduce_chunk && i < left; i++, p += walk.stride[0])
          UNROLL for (int v = 0; v < vectors; v++)
            sum[v] = reduce_take(kind, sum[v], whole ? v_load(p + v * VL) : v_load_part(p + v * VL, part));
        UNROLL for (int v = 0; v < vectors; v++) total[v] = reduce_join(kind, total[v], sum[v]);
      }
    }
  } while (espalier_planes_next(planes, &walk));
}

// --- Dispatch -------------------------------------------------------------------------------------------

static float reduce_finish(int32_t reduction, float x, int64_t count) {
  switch (reduction) {
    case espalier_reduction_mean: return x / (float)count;
    case espalier_reduction_l2: return sqrtf(x);
    case espalier_reduction_log_sum: return logf(x);
    default: return x;
  }
}

V_SLOW void reduce_store(int32_t reduction, int64_t count, float *y, vec x, int64_t n) {
  float lanes[VL] __attribute__((aligned(64)));
  v_store(lanes, x);
  for (int64_t i = 0; i < n; i++) y[i] = reduce_finish(reduction, lanes[i], count);
}

// The position of the first (or the last) of the largest of `count` adjacent elements, or of the smallest.
static float reduce_position(const float *x, int64_t count, bool smallest, bool last) {
  const vec sign = v_set(smallest ? -1.0f : 1.0f), lowest = v_set(-__builtin_inff());
  const int64_t whole = count / VL * VL;
  const vpart part = v_part(count - whole);
  vec best = lowest;  // v_max yields it where the element is NaN
  for (int64_t i = 0; i < whole; i += VL) best = v_max(v_mul(sign, v_load(x + i)), best);
  const vec rest = v_select_part(part, v_mul(sign, v_load_part(x + whole, part)), lowest);
  const float extreme = reduce_lanes(reduce_max, v_max(rest, best));
  if (extreme == -__builtin_inff() && !last) return 0;
  const float wanted = smallest ? -extreme : extreme;
  if (last) {
    for (int64_t i = count - 1; i >= 0; i--)
      if (x[i] == wanted) return (float)i;
    return 0;
  }
  int64_t i = 0;
  while (i < whole && !v_any(v_eq(v_load(x + i), v_set(wanted)))) i += VL;
  while (i < count && x[i] != wanted) i++;
  return i < count ? (float)i : 0;
}

typedef struct reduce_call {
  int32_t reduction;
  int64_t count;
  const espalier_planes *planes;
} reduce_call;

// A plane of kept elements, each of adjacent elements.
V void reduce_rows_adjacent(reduce_kind kind, const reduce_call *call, const espalier_walk *walk,
                            const float *x, float *y) {
  for (int64_t r = 0; r < walk->rows; r++)
    for (int64_t i = 0; i < walk->count; i++) {
      const float *from = x + walk->offset[0] + r * walk->row_stride[0] + i * walk->stride[0];
      y[walk->offset[1] + r * walk->row_stride[1] + i * walk->stride[1]] =
          reduce_finish(call->reduction, reduce_adjacent(kind, from, call->planes), call->count);
    }
}

// A plane of rows of adjacent kept elements.
V void reduce_rows_across(reduce_kind kind, const reduce_call *call, const espalier_walk *walk,
                          const float *x, float *y) {
  vec total[4];
  for (int64_t r = 0; r < walk->rows; r++) {
    const float *from = x + walk->offset[0] + r * walk->row_stride[0];
    float *to = y + walk->offset[1] + r * walk->row_stride[1];
    int64_t left = walk->count;
    for (; left >= 4 * VL; left -= 4 * VL, from += 4 * VL, to += 4 * VL) {
      reduce_across(kind, from, call->planes, total, 4, true, v_part(0));
      UNROLL for (int v = 0; v < 4; v++)
        reduce_store(call->reduction, call->count, to + v * VL, total[v], VL);
    }
    for (; left > 0; left -= VL, from += VL, to += VL) {
      if (left >= VL) reduce_across(kind, from, call->planes, total, 1, true, v_part(0));
      else reduce_across(kind, from, call->planes, total, 1, false, v_part(left));
      reduce_store(call->reduction, call->count, to, total[0], left < VL ? left : VL);
    }
  }
}

typedef void (*reduce_plane)(const reduce_call *call, const espalier_walk *walk, const float *x, float *y);

#define REDUCE(kind)                                                                   \
  static void kind##_adjacent(const reduce_call *call, const espalier_walk *walk,      \
                              const float *x, float *y) {                              \
    reduce_rows_adjacent(kind, call, walk, x, y);                                      \
  }                                                                                    \
  static void kind##_across(const reduce_call *call, const espalier_walk *walk,        \
                            const float *x, float *y) {                                \
    reduce_rows_across(kind, call, walk, x, y);                                        \
  }
REDUCE(reduce_sum)
REDUCE(reduce_magnitudes)
REDUCE(reduce_squares)
REDUCE(reduce_product)
REDUCE(reduce_max)
REDUCE(reduce_min)
#undef REDUCE

static void reduce_position_adjacent(const reduce_call *call, const espalier_walk *walk, const float *x,
                                     float *y) {
  const bool smallest = call->reduction == espalier_reduction_arg_min ||
                        call->reduction == espalier_reduction_arg_min_last;
  const bool last = call->reduction >= espalier_reduction_arg_max_last;
  for (int64_t r = 0; r < walk->rows; r++)
    for (int64_t i = 0; i < walk->count; i++)
      y[walk->offset[1] + r * walk->row_stride[1] + i * walk->stride[1]] =
          reduce_position(x + walk->offset[0] + r * walk->row_stride[0] + i * walk->stride[0] +
                              call->planes->first.offset[0],
                          call->count, smallest, last);
}

// Null where the scalar kernel is to do it.
static reduce_plane reduce_plane_for(int32_t reduction, const espalier_loop *kept,
                                     const espalier_loop *reduced) {
  const bool adjacent = reduced->stride[reduced->rank - 1][0] == 1;
  const bool across = kept->stride[kept->rank - 1][0] == 1 && kept->stride[kept->rank - 1][1] == 1;
  if (reduction >= espalier_reduction_arg_max)
    return adjacent && reduced->rows == 1 ? reduce_position_adjacent : NULL;
  if (!adjacent && !across) return NULL;
  switch (reduction) {
    case espalier_reduction_sum:
    case espalier_reduction_mean:
    case espalier_reduction_log_sum: return adjacent ? reduce_sum_adjacent : reduce_sum_across;
    case espalier_reduction_max: return adjacent ? reduce_max_adjacent : reduce_max_across;
    case espalier_reduction_min: return adjacent ? reduce_min_adjacent : reduce_min_across;
    case espalier_reduction_product: return adjacent ? reduce_product_adjacent : reduce_product_across;
    case espalier_reduction_l1: return adjacent ? reduce_magnitudes_adjacent : reduce_magnitudes_across;
    case espalier_reduction_l2:
    case espalier_reduction_sum_square: return adjacent ? reduce_squares_adjacent : reduce_squares_across;
    default: return NULL;
  }
}

static void reduce_items(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  const espalier_reduce_f32_parameters *p = call->parameters;
  const espalier_loop kept = espalier_reduce_f32_outer(p), reduced = espalier_reduce_f32_inner(p);
  const reduce_plane plane = reduced.items ? reduce_plane_for(p->reduction, &kept, &reduced) : NULL;
  if (!plane) return espalier_reduce_f32_scalar(call, first, end, scratch);
  const espalier_planes planes = espalier_planes_of(&reduced);
  const reduce_call shared = {p->reduction, espalier_planes_elements(&planes), &planes};
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &kept)) plane(&shared, &walk, call->operands[0], call->operands[1]);
}
